//! Running one statement: arguments out, rows back.

use crate::bulk::{Bulk, Kind};
use crate::{Arg, Error, Row};
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::types::Oid;
use sqlx::postgres::{PgArgumentBuffer, PgArguments, PgRow, PgTypeInfo};
use sqlx::{Arguments, Column, Decode, Encode, PgConnection, Postgres, Row as _, Type, TypeInfo, ValueRef};
use std::pin::Pin;
use std::sync::Arc;

/// What comes of asking the server. Here the driver's futures end: they are deep, and each use case would nest all of
/// them in its own.
pub(crate) type DbFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'a>>;

/// Whose fault it was.
pub(super) enum Fault {
    /// The driver's or the server's.
    Driver(sqlx::Error),
    /// A row that does not hold what the schema promises.
    Ours(Error),
}

impl From<sqlx::Error> for Fault {
    fn from(error: sqlx::Error) -> Self {
        Self::Driver(error)
    }
}

/// All rows of an answer.
pub(super) async fn all(connection: &mut PgConnection, sql: &'static str, args: Vec<Arg>) -> Result<Vec<Row>, Fault> {
    let rows = sqlx::query_with(sql, bound(args)?).fetch_all(connection).await?;
    let Some(first) = rows.first() else { return Ok(Vec::new()) };
    let columns: Arc<[String]> = first.columns().iter().map(|column| column.name().to_owned()).collect();
    rows.iter().map(|row| read(row, &columns)).collect()
}

/// Runs a statement; how many rows it changed.
pub(super) async fn run(connection: &mut PgConnection, sql: &'static str, args: Vec<Arg>) -> Result<u64, Fault> {
    Ok(sqlx::query_with(sql, bound(args)?).execute(connection).await?.rows_affected())
}

/// Runs a statement over all these rows, each column of them an array; how many rows it changed.
pub(super) async fn run_each(
    connection: &mut PgConnection,
    bulk: &'static Bulk,
    rows: Vec<Vec<Arg>>,
) -> Result<u64, Fault> {
    let columns = columns(bulk.kinds(), rows)?;
    Ok(sqlx::query_with(bulk.over_arrays(), columns).execute(connection).await?.rows_affected())
}

fn bound(args: Vec<Arg>) -> Result<PgArguments, sqlx::Error> {
    let mut bound = PgArguments::default();
    for arg in args {
        bound.add(Bound(arg)).map_err(sqlx::Error::Encode)?;
    }
    Ok(bound)
}

fn columns(kinds: &[Kind], rows: Vec<Vec<Arg>>) -> Result<PgArguments, Fault> {
    let mut columns: Vec<Vec<Arg>> = kinds.iter().map(|_| Vec::with_capacity(rows.len())).collect();
    for row in rows {
        if row.len() != kinds.len() {
            return Err(Fault::Ours(Error::Defect { message: format!("{} values in a row", row.len()) }));
        }
        columns.iter_mut().zip(row).for_each(|(column, value)| column.push(value));
    }
    let mut bound = PgArguments::default();
    for (kind, values) in kinds.iter().zip(columns) {
        let added = match kind {
            Kind::Text => bound.add(all_of(values, Arg::into_text)?),
            Kind::Integer => bound.add(all_of(values, Arg::into_integer)?),
            Kind::Bytes => bound.add(all_of(values, Arg::into_bytes)?),
        };
        added.map_err(sqlx::Error::Encode)?;
    }
    Ok(bound)
}

/// The values of one column, of which each is of its kind or null.
fn all_of<T>(values: Vec<Arg>, into: fn(Arg) -> Option<T>) -> Result<Vec<Option<T>>, Fault> {
    let misfit = || Fault::Ours(Error::Defect { message: "a value of another kind than its column's".into() });
    let value = |arg| if arg == Arg::Null { Ok(None) } else { into(arg).map(Some).ok_or_else(misfit) };
    values.into_iter().map(value).collect()
}

/// An argument whose type is left to the server to infer from the statement. A statement is prepared once, with the
/// types of its first arguments, and a first argument may be null, which has none.
struct Bound(Arg);

impl Type<Postgres> for Bound {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(Oid(0))
    }
}

impl Encode<'_, Postgres> for Bound {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        match &self.0 {
            Arg::Null => return Ok(IsNull::Yes),
            Arg::Text(text) => buffer.extend_from_slice(text.as_bytes()),
            Arg::Integer(number) => buffer.extend_from_slice(&number.to_be_bytes()),
            Arg::Bytes(bytes) => buffer.extend_from_slice(bytes),
        }
        Ok(IsNull::No)
    }
}

fn read(row: &PgRow, columns: &Arc<[String]>) -> Result<Row, Fault> {
    let values = columns.iter().enumerate().map(|(index, column)| {
        let value = row.try_get_raw(index)?;
        if value.is_null() {
            return Ok(Arg::Null);
        }
        let kind = value.type_info().name().to_owned();
        let decoded = match kind.as_str() {
            "TEXT" => <&str>::decode(value).map(Arg::from),
            "INT8" => i64::decode(value).map(Arg::from),
            "INT4" => i32::decode(value).map(|number| Arg::from(i64::from(number))),
            "BYTEA" => <&[u8]>::decode(value).map(Arg::from),
            _ => return Err(misfit(column)),
        };
        decoded.map_err(|_| misfit(column))
    });
    Ok(Row::new(Arc::clone(columns), values.collect::<Result<_, Fault>>()?))
}

fn misfit(column: &str) -> Fault {
    Fault::Ours(crate::row::misfit(column, "is neither text, an integer of 64 bits nor bytes"))
}
