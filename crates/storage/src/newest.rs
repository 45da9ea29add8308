//! Pages of lists that begin with the newest: by id, which begins with its time.
//!
//! A page token is the tail of the id that the page comes after, as in `list.rs`; [`START`] names the beginning.

use crate::list::{tail, token};
use crate::{Error, Row};
use valetkey_domain::Timestamp;
use valetkey_domain::id::ulid_time;

/// What the token of the first page is made of; sorts behind every ULID.
const START: &str = "z";

/// The ids of a span of time, both ends left out, of rows whose ids have this prefix.
pub(crate) struct Span {
    prefix: &'static str,
    /// All ids are greater.
    pub(crate) first: String,
    /// All ids are less.
    pub(crate) end: String,
}

impl Span {
    /// Of what was made from `from` on and before `to`.
    pub(crate) fn of(prefix: &'static str, from: Option<Timestamp>, to: Option<Timestamp>) -> Self {
        let at = |time: Option<Timestamp>, open: &str| {
            format!("{prefix}{}", time.map_or_else(|| open.to_owned(), ulid_time))
        };
        Self { prefix, first: at(from, ""), end: at(to, START) }
    }

    /// What all ids of the page with this token are less than.
    pub(crate) fn before(&self, given: Option<&str>) -> Result<String, Error> {
        let Some(given) = given else { return Ok(self.end.clone()) };
        let tail = tail(self.prefix, given).ok_or(Error::PageToken)?;
        Ok(self.end.clone().min(format!("{}{tail}", self.prefix)))
    }

    /// The token of the page after this row.
    pub(crate) fn after(&self, row: &Row) -> Result<String, Error> {
        let id = row.text("id")?;
        Ok(token(self.prefix, id.strip_prefix(self.prefix).unwrap_or(id)))
    }

    /// The token of the page before one, by the rows newer than it, oldest first: one more than a page has.
    pub(crate) fn previous(&self, newer: &[Row], size: usize) -> Result<Option<String>, Error> {
        match newer.get(size) {
            Some(row) => self.after(row).map(Some),
            None => Ok((!newer.is_empty()).then(|| token(self.prefix, START))),
        }
    }
}
