//! JSON as it may come from anybody: bounded in depth and in number of values, and no member twice. Two readers of a
//! document with a repeated member may each see another value, and what is checked must be what is used.

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use std::cell::Cell;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};

/// How deep a document may nest.
pub const MAX_DEPTH: usize = 64;
/// How many values a document may hold, so that four megabytes of `[[],[],..` don't become a hundred in memory.
pub const MAX_VALUES: usize = 100_000;

/// UTF-8's byte-order mark. It says nothing, but many tools write it.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// A document without the byte-order mark before it (RFC 8259 §8.1 lets a reader pass it over).
#[must_use]
pub fn unmarked(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(MARK).unwrap_or(bytes)
}

/// Reads one document, with or without a byte-order mark.
///
/// # Errors
/// It is no JSON, nests too deep, holds too many values, or repeats a member; the message says where (line and column).
/// Or it is in UTF-16 or UTF-32, which its mark says.
pub fn parse(bytes: &[u8]) -> Result<Value, serde_json::Error> {
    parse_unless(&AtomicBool::new(false), bytes)
}

/// The same, no further once somebody else has said that it is to be stopped.
///
/// # Errors
/// The same, or it was stopped.
pub fn parse_unless(stopped: &AtomicBool, bytes: &[u8]) -> Result<Value, serde_json::Error> {
    if [&b"\xff\xfe"[..], b"\xfe\xff", b"\0\0\xfe\xff"].iter().any(|mark| bytes.starts_with(mark)) {
        return Err(serde_json::Error::custom("its byte-order mark is that of UTF-16 or UTF-32: send it in UTF-8"));
    }
    let left = Cell::new(MAX_VALUES);
    let mut reader = serde_json::Deserializer::from_slice(unmarked(bytes));
    let value = Strict { depth: 0, left: &left, stopped }.deserialize(&mut reader)?;
    reader.end()?;
    Ok(value)
}

struct Strict<'a> {
    depth: usize,
    left: &'a Cell<usize>,
    stopped: &'a AtomicBool,
}

impl Strict<'_> {
    fn deeper<E: Error>(&self) -> Result<Strict<'_>, E> {
        if self.depth >= MAX_DEPTH {
            return Err(E::custom(format!("nested deeper than {MAX_DEPTH} levels")));
        }
        Ok(Strict { depth: self.depth + 1, ..*self })
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
        let Some(left) = self.left.get().checked_sub(1) else {
            return Err(D::Error::custom(format!("more than {MAX_VALUES} values")));
        };
        self.left.set(left);
        if self.stopped.load(Ordering::Relaxed) {
            return Err(D::Error::custom("nobody waits for it any more"));
        }
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut all = Vec::new();
        while let Some(item) = items.next_element_seed(self.deeper()?)? {
            all.push(item);
        }
        Ok(all.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut all = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let value = members.next_value_seed(self.deeper()?)?;
            if all.contains_key(&name) {
                return Err(A::Error::custom("an object has the same member twice"));
            }
            all.insert(name, value);
        }
        Ok(all.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn nested(levels: usize) -> Vec<u8> {
        [vec![b'['; levels], vec![b']'; levels]].concat()
    }

    #[test]
    fn reads_what_serde_json_reads() {
        let text = r#"{"a":[1,-2,3.5,"x\u00e9",null,true],"b":{"c":18446744073709551615}}"#;
        assert_eq!(parse(text.as_bytes()).unwrap(), serde_json::from_str::<Value>(text).unwrap());
    }

    #[test]
    fn attack_77_what_nobody_waits_for_is_read_no_further() {
        let stopped = AtomicBool::new(false);
        assert!(parse_unless(&stopped, b"[1]").is_ok());
        stopped.store(true, Ordering::Relaxed);
        assert!(parse_unless(&stopped, b"[1]").unwrap_err().to_string().contains("nobody waits"));
    }

    #[test]
    fn refuses_bombs_and_repeated_members() {
        assert!(parse(&nested(MAX_DEPTH)).is_ok());
        assert!(parse(&nested(MAX_DEPTH + 1)).unwrap_err().to_string().contains("nested deeper"));
        assert!(parse(&nested(100_000)).is_err());
        let wide = format!("[{}0]", "0,".repeat(MAX_VALUES));
        assert!(parse(wide.as_bytes()).unwrap_err().to_string().contains("more than"));
        assert!(parse(br#"{"a":1,"a":2}"#).unwrap_err().to_string().contains("twice"));
        assert!(parse(br#"{"a":1,"\u0061":2}"#).unwrap_err().to_string().contains("twice"));
        assert!(parse(b"{\"a\":\"\xff\"}").is_err());
        assert!(parse(b"{} {}").is_err());
        assert!(parse(b"").is_err());
    }

    #[test]
    fn one_byte_order_mark_is_passed_over_and_other_encodings_are_named() {
        assert_eq!(parse(b"\xef\xbb\xbf{\"a\":1}").unwrap(), json!({ "a": 1 }));
        for wrong in [&b"\xef\xbb\xbf\xef\xbb\xbf{}"[..], b" \xef\xbb\xbf{}", b"{\xef\xbb\xbf}", b"\xef\xbb{}"] {
            assert!(parse(wrong).is_err(), "{wrong:?}");
        }
        for utf16 in [&b"\xff\xfe{\0}\0"[..], b"\xfe\xff\0{\0}", b"\xff\xfe\0\0{\0\0\0", b"\0\0\xfe\xff\0\0\0{"] {
            assert!(parse(utf16).unwrap_err().to_string().contains("UTF-8"), "{utf16:?}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            drop(parse(&bytes));
        }

        #[test]
        fn whatever_is_read_was_read_right(number in any::<i64>(), text in ".*", flag in any::<bool>()) {
            let value = json!({ "n": number, "t": [text, { "f": flag }] });
            prop_assert_eq!(parse(value.to_string().as_bytes()).unwrap(), value);
        }
    }
}
