//! What names a request, or the progress of one.

use serde_json::{Number, Value};
use std::hash::{Hash, Hasher};

/// The most bytes of a text that names something: it comes back with every answer, and every line of progress.
pub const MAX_ID: usize = 1024;

/// A text or a number, as it was sent. Two that are the same number are the same, however they were written: `1` and
/// `1.0`.
#[derive(Clone, Debug)]
pub enum Id {
    /// A number; of a request, a whole one.
    Number(Number),
    /// A text.
    Text(String),
}

/// What is compared.
#[derive(PartialEq, Eq, Hash)]
enum Key<'a> {
    Whole(i128),
    Broken(u64),
    Text(&'a str),
}

impl Id {
    /// Reads one; none if the value is neither a number nor a text of a fitting length.
    #[must_use]
    pub fn read(value: &Value) -> Option<Self> {
        match value {
            Value::String(text) if text.len() <= MAX_ID => Some(Self::Text(text.clone())),
            Value::Number(number) => Some(Self::Number(number.clone())),
            _ => None,
        }
    }

    /// Whether it may name a request: numbers with a fraction may not (two readers could round them differently).
    #[must_use]
    pub fn is_whole(&self) -> bool {
        !matches!(self.key(), Key::Broken(_))
    }

    fn key(&self) -> Key<'_> {
        match self {
            Self::Text(text) => Key::Text(text),
            Self::Number(number) => {
                let integer = number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from));
                let double = number.as_f64().unwrap_or_default();
                integer.or_else(|| whole(double)).map_or(Key::Broken(double.to_bits()), Key::Whole)
            }
        }
    }
}

/// A double as an integer, if it is one.
fn whole(double: f64) -> Option<i128> {
    #[expect(clippy::cast_possible_truncation, reason = "whole, and beyond the range it saturates")]
    (double.fract() == 0.0).then_some(double as i128)
}

impl PartialEq for Id {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Id {}

impl Hash for Id {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

impl From<&Id> for Value {
    fn from(id: &Id) -> Self {
        match id {
            Id::Number(number) => number.clone().into(),
            Id::Text(text) => text.as_str().into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(json: &str) -> Option<Id> {
        Id::read(&serde_json::from_str(json).unwrap())
    }

    #[test]
    fn numbers_are_the_same_however_they_are_written_and_come_back_as_they_were() {
        for (one, other) in
            [("1", "1.0"), ("0", "-0.0"), ("1000", "1e3"), ("9223372036854775808", "9223372036854775808.0")]
        {
            assert_eq!(id(one), id(other), "{one} {other}");
        }
        for (one, other) in [("1", "\"1\""), ("1", "1.5"), ("9007199254740992", "9007199254740993"), ("1", "-1")] {
            assert_ne!(id(one), id(other), "{one} {other}");
        }
        for written in ["1", "1.0", "-7", "18446744073709551615", "\"a\"", "1.5"] {
            assert_eq!(Value::from(&id(written).unwrap()).to_string(), written);
        }
        assert!(id("1.0").unwrap().is_whole() && !id("1.5").unwrap().is_whole() && id("\"1.5\"").unwrap().is_whole());
    }

    #[test]
    fn what_is_no_id_is_none() {
        for other in ["null", "true", "[1]", "{}"] {
            assert_eq!(id(other), None, "{other}");
        }
        assert!(id(&format!("\"{}\"", "x".repeat(MAX_ID))).is_some());
        assert_eq!(id(&format!("\"{}\"", "x".repeat(MAX_ID + 1))), None);
    }
}
