//! Rows as they come back, read by column name.

use crate::{Arg, Error};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use valetkey_domain::{Sealed, Timestamp, time};

/// One row of an answer. A column that is missing, null or of another type than asked is an [`Error::Row`].
#[derive(Debug)]
pub struct Row {
    columns: Arc<[String]>,
    values: Vec<Arg>,
    /// The column behind the one that was read last: who reads a row goes through it from its beginning, as a rule.
    next: AtomicUsize,
}

impl Clone for Row {
    fn clone(&self) -> Self {
        Self::new(Arc::clone(&self.columns), self.values.clone())
    }
}

impl Row {
    pub(crate) fn new(columns: Arc<[String]>, values: Vec<Arg>) -> Self {
        Self { columns, values, next: AtomicUsize::new(0) }
    }

    /// All values.
    pub(crate) fn values(&self) -> &[Arg] {
        &self.values
    }

    /// Text of a column that is never null.
    ///
    /// # Errors
    /// No such column, null, or not text.
    pub fn text(&self, column: &str) -> Result<&str, Error> {
        self.optional_text(column)?.ok_or_else(|| misfit(column, "is null"))
    }

    /// Text, or none where the column is null.
    ///
    /// # Errors
    /// No such column, or not text.
    pub fn optional_text(&self, column: &str) -> Result<Option<&str>, Error> {
        match self.value(column)? {
            Arg::Null => Ok(None),
            Arg::Text(text) => Ok(Some(text)),
            _ => Err(misfit(column, "is not text")),
        }
    }

    /// The integer of a column that is never null.
    ///
    /// # Errors
    /// No such column, null, or not an integer.
    pub fn integer(&self, column: &str) -> Result<i64, Error> {
        self.optional_integer(column)?.ok_or_else(|| misfit(column, "is null"))
    }

    /// An integer, or none where the column is null.
    ///
    /// # Errors
    /// No such column, or not an integer.
    pub fn optional_integer(&self, column: &str) -> Result<Option<i64>, Error> {
        match self.value(column)? {
            Arg::Null => Ok(None),
            Arg::Integer(number) => Ok(Some(*number)),
            _ => Err(misfit(column, "is not an integer")),
        }
    }

    /// Truth stored as 0 or 1.
    ///
    /// # Errors
    /// No such column, null, or another number.
    pub fn flag(&self, column: &str) -> Result<bool, Error> {
        match self.integer(column)? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(misfit(column, "is neither 0 nor 1")),
        }
    }

    /// The bytes of a column that is never null.
    ///
    /// # Errors
    /// No such column, null, or not bytes.
    pub fn bytes(&self, column: &str) -> Result<&[u8], Error> {
        self.optional_bytes(column)?.ok_or_else(|| misfit(column, "is null"))
    }

    /// Bytes, or none where the column is null.
    ///
    /// # Errors
    /// No such column, or not bytes.
    pub fn optional_bytes(&self, column: &str) -> Result<Option<&[u8]>, Error> {
        match self.value(column)? {
            Arg::Null => Ok(None),
            Arg::Bytes(bytes) => Ok(Some(bytes)),
            _ => Err(misfit(column, "is not bytes")),
        }
    }

    /// A SHA-256 of a column that is never null.
    ///
    /// # Errors
    /// As [`Row::bytes`], or not 32 bytes long.
    pub fn hash(&self, column: &str) -> Result<[u8; 32], Error> {
        self.bytes(column)?.try_into().map_err(|_| misfit(column, "is not 32 bytes long"))
    }

    /// A SHA-256, or none where the column is null.
    ///
    /// # Errors
    /// As [`Row::optional_bytes`], or not 32 bytes long.
    pub fn optional_hash(&self, column: &str) -> Result<Option<[u8; 32]>, Error> {
        self.optional_bytes(column)?.map(|_| self.hash(column)).transpose()
    }

    /// A sealed value of a column that is never null.
    ///
    /// # Errors
    /// As [`Row::bytes`].
    pub fn sealed(&self, column: &str) -> Result<Sealed, Error> {
        self.bytes(column).map(|bytes| Sealed(bytes.to_vec()))
    }

    /// A sealed value, or none where the column is null.
    ///
    /// # Errors
    /// As [`Row::optional_bytes`].
    pub fn optional_sealed(&self, column: &str) -> Result<Option<Sealed>, Error> {
        Ok(self.optional_bytes(column)?.map(|bytes| Sealed(bytes.to_vec())))
    }

    /// The instant of a column that is never null (milliseconds since 1970).
    ///
    /// # Errors
    /// As [`Row::integer`].
    pub fn timestamp(&self, column: &str) -> Result<Timestamp, Error> {
        self.integer(column).map(time::from_millis)
    }

    /// An instant, or none where the column is null.
    ///
    /// # Errors
    /// As [`Row::optional_integer`].
    pub fn optional_timestamp(&self, column: &str) -> Result<Option<Timestamp>, Error> {
        Ok(self.optional_integer(column)?.map(time::from_millis))
    }

    /// JSON text read into a type.
    ///
    /// # Errors
    /// As [`Row::text`], or the text is not such JSON.
    pub fn json<T: DeserializeOwned>(&self, column: &str) -> Result<T, Error> {
        serde_json::from_str(self.text(column)?).map_err(|error| misfit(column, &json_fault(&error)))
    }

    /// Text read into an id, a name or another checked type.
    ///
    /// # Errors
    /// As [`Row::text`], or the type refuses the text.
    pub fn parsed<T: TryFrom<String>>(&self, column: &str) -> Result<T, Error> {
        T::try_from(self.text(column)?.to_owned()).map_err(|_| misfit(column, "breaks the rule of its type"))
    }

    /// All values, in the order of the columns that were asked for.
    pub(crate) fn into_values(self) -> Vec<Arg> {
        self.values
    }

    /// Reads a noun of a table out of this row; a misfit then names the table and the row's `id`.
    pub(crate) fn fit<T>(&self, table: &'static str, read: impl FnOnce(&Self) -> Result<T, Error>) -> Result<T, Error> {
        read(self).map_err(|error| error.of_row(table, self.text("id").unwrap_or_default()))
    }

    fn value(&self, column: &str) -> Result<&Arg, Error> {
        let next = self.next.load(Ordering::Relaxed);
        let (before, behind) = self.columns.split_at_checked(next).unwrap_or((&[], &self.columns));
        let within = |names: &[String]| names.iter().position(|name| name == column);
        let place = within(behind).map(|place| next + place).or_else(|| within(before));
        let value =
            place.and_then(|place| self.values.get(place).inspect(|_| self.next.store(place + 1, Ordering::Relaxed)));
        value.ok_or_else(|| misfit(column, "was not selected"))
    }
}

/// A value as the JSON text of a column.
pub(crate) fn json_text(value: &impl Serialize) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|error| Error::Defect { message: error.to_string() })
}

/// A column that does not hold what the schema promises.
pub(crate) fn misfit(column: &str, why: &str) -> Error {
    Error::Row { table: "", row: String::new(), column: column.into(), why: why.into() }
}

/// Where JSON went wrong, without its text: it may hold what people wrote.
fn json_fault(error: &serde_json::Error) -> String {
    format!("is not the JSON it should be (line {}, column {})", error.line(), error.column())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args;

    fn row() -> Row {
        let columns = ["id", "n", "none", "json"].map(String::from);
        Row::new(columns.into(), args!["conn_1", 7, None::<&str>, "{\"secret\": }"].into())
    }

    #[test]
    fn reads_by_name_and_type() {
        let row = row();
        assert_eq!(row.text("id").unwrap(), "conn_1");
        assert_eq!(row.integer("n").unwrap(), 7);
        assert_eq!(row.optional_text("none").unwrap(), None);
    }

    #[test]
    fn reads_in_any_order_and_again() {
        let row = row();
        for (column, value) in [("none", None), ("id", Some("conn_1")), ("id", Some("conn_1")), ("none", None)] {
            assert_eq!(row.optional_text(column).unwrap(), value);
            assert_eq!(row.clone().optional_text(column).unwrap(), value);
        }
        assert!(row.text("json").is_ok() && row.text("absent").is_err() && row.text("id").is_ok());
    }

    #[test]
    fn a_misfit_names_table_row_and_column_and_no_value() {
        for read in [
            |row: &Row| row.text("n").map(drop),
            |row: &Row| row.text("none").map(drop),
            |row: &Row| row.text("absent").map(drop),
            |row: &Row| row.flag("n").map(drop),
            |row: &Row| row.json::<serde_json::Value>("json").map(drop),
        ] {
            let message = row().fit("connections", read).unwrap_err().to_string();
            assert!(message.contains("connections") && message.contains("conn_1"), "{message}");
            assert!(!message.contains("secret"), "{message}");
        }
    }
}
