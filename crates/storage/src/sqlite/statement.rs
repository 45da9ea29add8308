//! Running one statement on a connection: binding by number, reading rows.

use super::database_file::DatabaseFile;
use super::session::Session;
use crate::{Arg, Error, Row};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, Statement, ToSql};
use std::sync::Arc;

/// How many prepared statements a connection keeps: more than there are.
pub(crate) const CACHED: usize = 256;

/// All rows of an answer.
pub(crate) fn all(session: &Session, file: &DatabaseFile, sql: &'static str, args: &[Arg]) -> Result<Vec<Row>, Error> {
    let mut statement = session.prepare_cached(sql).map_err(|error| file.failure(&error))?;
    bind(&mut statement, file, sql, args)?;
    let columns = session.columns(sql, &statement);
    let mut rows = statement.raw_query();
    let mut found = Vec::new();
    while let Some(row) = rows.next().map_err(|error| file.failure(&error))? {
        found.push(read(row, &columns, file)?);
    }
    Ok(found)
}

/// Runs a statement for each list of arguments; how many rows all of them changed.
pub(crate) fn run(connection: &Connection, file: &DatabaseFile, sql: &str, each: &[Vec<Arg>]) -> Result<u64, Error> {
    let mut statement = connection.prepare_cached(sql).map_err(|error| file.failure(&error))?;
    let mut changed = 0;
    for args in each {
        bind(&mut statement, file, sql, args)?;
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

/// Binds by the number in `$n`. To SQLite `$2` is a name, numbered by where it stands first, so the place of each has
/// to be looked up.
fn bind(statement: &mut Statement<'_>, file: &DatabaseFile, sql: &str, args: &[Arg]) -> Result<(), Error> {
    let count = statement.parameter_count();
    if count != args.len() {
        return Err(Error::Defect { message: format!("{count} parameters, {} arguments: {sql}", args.len()) });
    }
    for index in 1..=count {
        let number =
            statement.parameter_name(index).and_then(|name| name.get(1..)).and_then(|n| n.parse::<usize>().ok());
        let arg = number.and_then(|number| args.get(number.checked_sub(1)?));
        let arg = arg.ok_or_else(|| Error::Defect { message: format!("a parameter without its argument: {sql}") })?;
        statement.raw_bind_parameter(index, arg).map_err(|error| file.failure(&error))?;
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
