//! How many rows there are, as far as anybody counts: what is shown of it costs no more where there are millions.

use crate::{Error, Row};
use serde::{Serialize, Serializer};
use std::fmt;

/// The most that are told one by one.
const MOST: u64 = 10_000;

/// How many rows a statement counts at most (its `LIMIT`): one more than are told.
pub(crate) const LOOKED_AT: i64 = 10_001;

/// A number of rows; beyond 10,000 it says only that there are more. Shown and written as `10000` or `more than 10000`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BoundedCount(u64);

impl BoundedCount {
    /// Of an answer whose `n` says how many there are, [`LOOKED_AT`] at most.
    pub(crate) fn read(row: Option<&Row>) -> Result<Self, Error> {
        let number = row.map_or(Ok(0), |row| row.integer("n"))?;
        Ok(Self(number.try_into().unwrap_or(0)))
    }

    /// So many.
    #[must_use]
    pub const fn of(number: u64) -> Self {
        Self(number)
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_none(self) -> bool {
        self.0 == 0
    }
}

/// A number, where all were counted; else the words.
impl Serialize for BoundedCount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            number @ 0..=MOST => serializer.serialize_u64(number),
            _ => serializer.collect_str(self),
        }
    }
}

impl fmt::Display for BoundedCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            number @ 0..=MOST => write!(f, "{number}"),
            _ => write!(f, "more than {MOST}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn beyond_its_bound_it_says_that_there_are_more() {
        assert_eq!(i64::try_from(MOST + 1).unwrap(), LOOKED_AT);
        let shown = [0, 9_999, 10_000, 10_001, 5_000_000].map(|number| BoundedCount::of(number).to_string());
        assert_eq!(shown, ["0", "9999", "10000", "more than 10000", "more than 10000"]);
        let written = [9, 10_000, 10_001].map(|number| serde_json::to_value(BoundedCount::of(number)).unwrap());
        assert_eq!(written, [json!(9), json!(10_000), json!("more than 10000")]);
        assert!(BoundedCount::default().is_none() && !BoundedCount::of(1).is_none());
    }
}
