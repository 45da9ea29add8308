//! An app's answer, read no further than it is needed. What nothing reads never becomes a value, and of a list that
//! would be cut anyway no more is read than one call may hold: a value takes many times the bytes that say it.

use crate::shape::Demand;
use serde::Deserializer;
use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;
use valetkey_domain::json::unmarked;

/// The most values of all answers that one call holds: lists, objects, and what is in them.
pub(super) const MAX_VALUES: usize = 100_000;
/// What is kept back for what comes after a list that is read in part, and for the element that is being read.
const KEPT_BACK: usize = MAX_VALUES / 10;
/// What a value takes in memory beside its text, with its name and the room that maps and lists keep to grow.
const BYTES_PER_VALUE: usize = 240;
/// What is taken whatever the answer is.
const FIXED: usize = 16 * 1024;
/// How often a value may be there: as it was read, and twice as it is shown. A text may once more, as it is shortened.
const TIMES: usize = 3;
/// The most memory that shaping an answer of this many bytes takes, whatever is in it, the answer itself not counted.
/// [`memory_needed_by`] knows it better.
#[must_use]
pub const fn memory_needed(answer_bytes: usize) -> usize {
    // The shortest value takes two bytes, itself and a comma.
    needed_for(answer_bytes, answer_bytes / 2 + 1)
}

/// The most memory that shaping this answer takes, the answer itself not counted.
#[must_use]
pub fn memory_needed_by(answer: &[u8]) -> usize {
    // Each value but the outermost comes after one of these, wherever else they may stand.
    let values = answer.iter().filter(|byte| matches!(byte, b',' | b'[' | b'{')).count() + 1;
    needed_for(answer.len(), values)
}

const fn needed_for(bytes: usize, values: usize) -> usize {
    let values = if values < MAX_VALUES { values } else { MAX_VALUES };
    FIXED + (TIMES + 1) * bytes + TIMES * values * BYTES_PER_VALUE
}

/// What is needed of an answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Needed<'a> {
    /// What is read of it.
    pub(super) demand: &'a Demand,
    /// The path to the list whose end may be left unread.
    pub(super) list: Option<&'a [Box<str>]>,
}

/// What was read.
#[derive(Debug, PartialEq)]
pub(super) struct Read {
    pub(super) value: Value,
    /// How many elements at the end of the list were not.
    pub(super) unread: usize,
}

/// Why an answer could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// It is no JSON.
    Malformed,
    /// It has more values than the call may still hold.
    TooMany,
}

/// Reads an answer; each value that is kept is taken from `left`.
///
/// # Errors
/// It is no JSON, or too much of it.
pub(super) fn read(body: &[u8], needed: Needed<'_>, left: &mut usize) -> Result<Read, Unreadable> {
    let budget = Budget { left: Cell::new(*left), unread: Cell::new(0), over: Cell::new(false) };
    let seed = Seed { demand: needed.demand, list: needed.list, budget: &budget };
    let mut deserializer = serde_json::Deserializer::from_slice(unmarked(body));
    let read = seed.deserialize(&mut deserializer).and_then(|value| deserializer.end().map(|()| value));
    match read {
        Ok(value) => {
            *left = budget.left.get();
            Ok(Read { value, unread: budget.unread.get() })
        }
        Err(_) if budget.over.get() => Err(Unreadable::TooMany),
        Err(_) => Err(Unreadable::Malformed),
    }
}

/// What may still be kept, and what wasn't.
struct Budget {
    left: Cell<usize>,
    unread: Cell<usize>,
    over: Cell<bool>,
}

impl Budget {
    fn pay<E: Error>(&self) -> Result<(), E> {
        match self.left.get().checked_sub(1) {
            Some(left) => {
                self.left.set(left);
                Ok(())
            }
            None => {
                self.over.set(true);
                Err(E::custom("too many values"))
            }
        }
    }
}

/// One value on its way in.
#[derive(Clone, Copy)]
struct Seed<'a> {
    demand: &'a Demand,
    /// The rest of the way to the list whose end may be left unread, if it leads here.
    list: Option<&'a [Box<str>]>,
    budget: &'a Budget,
}

impl<'a> Seed<'a> {
    /// The seed of a member; nothing where nobody reads it.
    fn member(self, name: &str) -> Option<Self> {
        let demand = self.demand.member(name)?;
        let on_the_way = self.list.and_then(<[_]>::split_first).filter(|(next, _)| &***next == name);
        Some(Self { demand, list: on_the_way.map(|(_, rest)| rest), ..self })
    }

    fn element(self) -> Option<Seed<'a>> {
        Some(Self { demand: self.demand.element()?, list: None, ..self })
    }

    /// Whether this is the list whose end may be left unread, and its end has come.
    fn ends_here(self) -> bool {
        self.list.is_some_and(<[_]>::is_empty) && self.budget.left.get() < KEPT_BACK
    }

    fn text<'t>(self, text: impl Into<Cow<'t, str>>) -> Value {
        if self.demand.is_whole() { Value::String(text.into().into_owned()) } else { Value::String(String::new()) }
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        self.budget.pay()?;
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Value, E> {
        Ok(truth.into())
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Number::from_f64(number).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(self.text(text))
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(self.text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut elements = Vec::new();
        if let Some(seed) = self.element() {
            while !self.ends_here() {
                let Some(element) = list.next_element_seed(seed)? else { return Ok(Value::Array(elements)) };
                elements.push(element);
            }
        }
        let mut unread = 0;
        while list.next_element::<IgnoredAny>()?.is_some() {
            unread += 1;
        }
        if self.demand.element().is_some() {
            self.budget.unread.set(unread);
        }
        Ok(Value::Array(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some(name) = map.next_key::<String>()? {
            match self.member(&name) {
                Some(seed) => drop(members.insert(name, map.next_value_seed(seed)?)),
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shape::Shape;

    /// What is read for a shape, and how many values were kept.
    fn read_for(shape: &str, body: &str, list: Option<&str>) -> (Result<Read, Unreadable>, usize) {
        let shape = Shape::compile(shape).unwrap();
        let list = list.and_then(|list| shape.source(list));
        let mut left = MAX_VALUES;
        let needed = Needed { demand: &shape.demand(), list: list.as_deref() };
        let read = read(body.as_bytes(), needed, &mut left);
        (read, MAX_VALUES - left)
    }

    fn members(count: usize) -> String {
        (0..count).map(|n| format!("\"m{n}\":{n}")).collect::<Vec<_>>().join(",")
    }

    #[test]
    fn only_what_a_shape_reads_is_kept() {
        let rest = members(1_000);
        let body = format!(
            "{{{rest}, \"items\": [{{\"id\": 1, \"title\": \"t\", {rest}}}, {{\"id\": 2}}], \"next\": \"n\", \"x\": [[{{{rest}}}]]}}"
        );
        let (read, kept) = read_for("{list: [.items[] | {id, title}], next}", &body, None);
        let expected = serde_json::json!({"items": [{"id": 1, "title": "t"}, {"id": 2}], "next": "n"});
        assert_eq!(read.unwrap().value, expected);
        assert_eq!(kept, 8, "the values that are selected, and the objects and lists around them");
    }

    #[test]
    fn a_list_is_read_until_the_call_holds_enough_and_what_follows_is_read() {
        let count = 1_000_000;
        let body = format!("{{\"items\": [{}1], \"next\": \"n\"}}", "1,".repeat(count - 1));
        let (read, kept) = read_for("{list: .items, next}", &body, Some("list"));
        let read = read.unwrap();
        let elements = read.value["items"].as_array().unwrap().len();
        assert_eq!((elements + read.unread, &read.value["next"]), (count, &"n".into()));
        assert!(kept <= MAX_VALUES && elements > MAX_VALUES / 2, "{kept} kept, {elements} elements");
    }

    #[test]
    fn more_values_than_a_call_holds_are_refused_wherever_they_stand() {
        let many = MAX_VALUES + 1;
        for body in [
            format!("[{}1]", "1,".repeat(many)),
            format!("{{\"a\": {{{}}}}}", members(many)),
            format!("[{}[]]", "[[]],".repeat(many / 2)),
            format!("{{\"items\": [{{{}}}]}}", members(many)),
        ] {
            for list in [None, Some("items")] {
                assert_eq!(read_for(".", &body, list).0, Err(Unreadable::TooMany));
            }
        }
        let one = format!("{{\"items\": [{{{}}}]}}", members(many));
        assert_eq!(read_for("{items}", &one, Some("items")).0, Err(Unreadable::TooMany), "one element is too much");
    }

    #[test]
    fn a_byte_order_mark_is_passed_over_and_nothing_else_is() {
        assert_eq!(read_for(".", "\u{feff}{\"a\": 1}", None).0.unwrap().value, serde_json::json!({"a": 1}));
        for body in ["\u{feff}\u{feff}{}", "{}\u{feff}", "{} {}", "", "{\"a\": }", "\u{fffe}{}"] {
            assert_eq!(read_for(".", body, None).0, Err(Unreadable::Malformed), "{body:?}");
        }
    }

    #[test]
    fn numbers_and_repeated_names_are_read_as_everywhere() {
        let body = r#"{"b": 1, "a": [1.5, -3, 18446744073709551615, 1e400, 0.1], "b": {"c": null}, "": true}"#;
        let plain: Result<Value, _> = serde_json::from_str(body);
        assert_eq!(read_for(".", body, None).0.map(|read| read.value).ok(), plain.ok());
        let body = r#"{"b": 1, "a": [1.5, -3, 18446744073709551615, 0.1], "b": {"c": null}, "": true, "\u00e9": "\ud83e\udd80"}"#;
        let plain: Value = serde_json::from_str(body).unwrap();
        assert_eq!(read_for(".", body, None).0.unwrap().value.to_string(), plain.to_string());
    }
}
