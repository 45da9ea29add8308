//! Running one statement: arguments out, rows back.

use crate::{Arg, Error, Row};
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::types::Oid;
use sqlx::postgres::{PgArgumentBuffer, PgArguments, PgRow, PgTypeInfo};
use sqlx::{Arguments, Column, Decode, Encode, PgConnection, Postgres, Row as _, Type, TypeInfo, ValueRef};
use std::sync::Arc;

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
pub(super) async fn run(connection: &mut PgConnection, sql: &'static str, args: Vec<Arg>) -> Result<u64, sqlx::Error> {
    Ok(sqlx::query_with(sql, bound(args)?).execute(connection).await?.rows_affected())
}

fn bound(args: Vec<Arg>) -> Result<PgArguments, sqlx::Error> {
    let mut bound = PgArguments::default();
    for arg in args {
        bound.add(Bound(arg)).map_err(sqlx::Error::Encode)?;
    }
    Ok(bound)
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
