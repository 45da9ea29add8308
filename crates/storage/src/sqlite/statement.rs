//! Running one statement on a connection: binding by number, reading rows.

use super::database_file::DatabaseFile;
use super::session::{Known, Session};
use crate::{Arg, Error, Row};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, Statement, ToSql};
use std::sync::Arc;

/// How many prepared statements a connection keeps: more than there are.
pub(crate) const CACHED: usize = 256;

/// All rows of an answer.
pub(crate) fn all(session: &Session, file: &DatabaseFile, sql: &'static str, args: &[Arg]) -> Result<Vec<Row>, Error> {
    let mut statement = session.prepare_cached(sql).map_err(|error| file.failure(&error))?;
    let known = session.known(sql, &statement)?;
    bind(&mut statement, &known, file, sql, args)?;
    let mut rows = statement.raw_query();
    let mut found = Vec::new();
    while let Some(row) = rows.next().map_err(|error| file.failure(&error))? {
        found.push(read(row, &known.columns, file)?);
    }
    Ok(found)
}

/// Runs a statement for each list of arguments; how many rows all of them changed.
pub(crate) fn run(session: &Session, file: &DatabaseFile, sql: &'static str, each: &[Vec<Arg>]) -> Result<u64, Error> {
    let mut statement = session.prepare_cached(sql).map_err(|error| file.failure(&error))?;
    let known = session.known(sql, &statement)?;
    let mut changed = 0;
    for args in each {
        bind(&mut statement, &known, file, sql, args)?;
        changed += statement.raw_execute().map_err(|error| file.failure(&error))?;
    }
    Ok(u64::try_from(changed).unwrap_or(u64::MAX))
}

/// Runs statements without arguments or answer.
pub(crate) fn batch(connection: &Connection, file: &DatabaseFile, sql: &str) -> Result<(), Error> {
    connection.execute_batch(sql).map_err(|error| file.failure(&error))
}

/// Ends an open transaction, if the driver has not done so itself.
pub(crate) fn roll_back(connection: &Connection) {
    if !connection.is_autocommit() {
        // It cannot fail with a transaction open, and there is nobody left to tell if it does: the next BEGIN will.
        drop(connection.prepare_cached("ROLLBACK").and_then(|mut statement| statement.execute([])));
    }
}

/// Binds by the number in `$n`.
fn bind(
    statement: &mut Statement<'_>,
    known: &Known,
    file: &DatabaseFile,
    sql: &str,
    args: &[Arg],
) -> Result<(), Error> {
    let count = known.parameters.len();
    if count != args.len() {
        return Err(Error::Defect { message: format!("{count} parameters, {} arguments: {sql}", args.len()) });
    }
    for (place, number) in known.parameters.iter().enumerate() {
        let arg = args.get(*number);
        let arg = arg.ok_or_else(|| Error::Defect { message: format!("a parameter without its argument: {sql}") })?;
        statement.raw_bind_parameter(place + 1, arg).map_err(|error| file.failure(&error))?;
    }
    Ok(())
}

impl ToSql for Arg {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Integer(number) => ValueRef::Integer(*number),
            Self::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

fn read(row: &rusqlite::Row<'_>, columns: &Arc<[String]>, file: &DatabaseFile) -> Result<Row, Error> {
    let values = (0..columns.len()).map(|index| {
        let value = row.get_ref(index).map_err(|error| file.failure(&error))?;
        own(value).ok_or_else(|| Error::Row {
            table: "",
            row: String::new(),
            column: columns.get(index).cloned().unwrap_or_default(),
            why: "is neither text in UTF-8, an integer nor bytes".into(),
        })
    });
    Ok(Row::new(Arc::clone(columns), values.collect::<Result<_, _>>()?))
}

fn own(value: ValueRef<'_>) -> Option<Arg> {
    match value {
        ValueRef::Null => Some(Arg::Null),
        ValueRef::Integer(number) => Some(Arg::Integer(number)),
        ValueRef::Text(text) => std::str::from_utf8(text).ok().map(Arg::from),
        ValueRef::Blob(bytes) => Some(Arg::from(bytes)),
        ValueRef::Real(_) => None,
    }
}
