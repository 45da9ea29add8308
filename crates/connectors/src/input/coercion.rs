//! What a given value is taken for. Models and frameworks write lists as JSON text, numbers as text and the other way
//! round, one text where a list is due, and fill what they have nothing for with `""`, `0`, `null`, `[]` or `{}`. What
//! can mean only one thing is taken for it; everything else is left for the check to refuse.

use crate::file::Empty;
use serde_json::{Number, Value};
use valetkey_domain::json;

/// The value as the schema wants it; nothing where it says that there is none.
pub(super) fn coerced(described: &Value, required: bool, empty: Empty, given: &Value) -> Option<Value> {
    // Zero in place of a text that may be left out says more likely that there is none than "0": nobody knows.
    let unclear = !required && given.as_f64() == Some(0.0) && kind(described) == "string";
    let value = if unclear { given.clone() } else { converted(described, given) };
    let absent = !required && !matches!(empty, Empty::Kept | Empty::AsNull) && placeholder(described, &value);
    // Where a text could never be right, an empty one is none, whatever emptiness means otherwise.
    let misfit = !required && blank(&value) && described.get("type").is_some_and(|kind| kind != "string");
    (!value.is_null() && !absent && !misfit).then_some(value)
}

fn converted(described: &Value, given: &Value) -> Value {
    let kind = kind(described);
    match (kind, given) {
        ("string", Value::Number(number)) => digits(number),
        ("integer" | "number", Value::Number(number)) => whole(number).filter(|_| kind == "integer"),
        ("integer" | "number" | "boolean" | "object", Value::String(text)) => read(kind, text),
        ("array", Value::Array(items)) => Some(elements(described, items)),
        ("array", Value::String(text)) => list_in(described, text),
        ("array", Value::Null) => None,
        ("array", single) => only(described, single),
        _ => None,
    }
    .unwrap_or_else(|| given.clone())
}

fn kind(described: &Value) -> &str {
    described.get("type").and_then(Value::as_str).unwrap_or_default()
}

/// A whole number where a text is due, such as an id that happens to be one. A fraction has lost how it was written
/// (1.10 is 1.1), as has one that no double can hold.
fn digits(number: &Number) -> Option<Value> {
    let whole = whole(number).unwrap_or_else(|| Value::Number(number.clone()));
    (whole.is_i64() || whole.is_u64()).then(|| Value::String(whole.to_string()))
}

/// 3.0 is 3 where the schema wants a whole number: protobuf's `Struct`, which carries the SDKs' arguments, has doubles
/// only.
fn whole(number: &Number) -> Option<Value> {
    if number.is_i64() || number.is_u64() {
        return None;
    }
    let float = number.as_f64().filter(|n| n.fract() == 0.0 && n.abs() < 9e15)?;
    #[expect(clippy::cast_possible_truncation, reason = "it is whole and below 2^53")]
    let whole = float as i64;
    Some(Value::from(whole))
}

/// What a text says, where it is of this kind and nothing else.
fn read(kind: &str, text: &str) -> Option<Value> {
    let text = text.trim();
    let value = match (kind, text) {
        ("boolean", "True") => Value::Bool(true),
        ("boolean", "False") => Value::Bool(false),
        _ => json::parse(text.as_bytes()).ok()?,
    };
    match (kind, value) {
        (_, Value::Null) => Some(Value::Null),
        ("boolean", value @ Value::Bool(_)) | ("object", value @ Value::Object(_)) => Some(value),
        ("integer", Value::Number(number)) => Some(whole(&number).unwrap_or(Value::Number(number))),
        ("number", value @ Value::Number(_)) => Some(value),
        _ => None,
    }
}

fn elements(described: &Value, items: &[Value]) -> Value {
    match described.get("items") {
        Some(inner) => items.iter().map(|item| converted(inner, item)).collect(),
        None => Value::Array(items.to_vec()),
    }
}

/// A list written as JSON, if its elements are what the list has; otherwise the text is the one element.
fn list_in(described: &Value, text: &str) -> Option<Value> {
    match json::parse(text.trim().as_bytes()) {
        Ok(Value::Array(items)) if items.iter().all(|item| listed_as(described, item)) => {
            Some(elements(described, &items))
        }
        Ok(Value::Null) => Some(Value::Null),
        Ok(value @ Value::Object(_)) if fits(described, &value) => only(described, &value),
        _ if text.trim().is_empty() => None,
        _ => only(described, &Value::String(text.to_owned())),
    }
}

/// The list of this one element, if it can be one.
fn only(described: &Value, single: &Value) -> Option<Value> {
    fits(described, single).then(|| elements(described, std::slice::from_ref(single)))
}

/// Whether an element of JSON text is of the kind of the list's. Where texts are due "[1]" may be one itself.
fn listed_as(described: &Value, item: &Value) -> bool {
    let texts = described.get("items").is_some_and(|inner| kind(inner) == "string");
    fits(described, item) && (!texts || item.is_string())
}

/// Whether a value is of the kind of the list's elements, or becomes it.
fn fits(described: &Value, single: &Value) -> bool {
    let Some(inner) = described.get("items") else { return true };
    let value = converted(inner, single);
    match kind(inner) {
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "object" => value.is_object(),
        // A list of lists: which of the two is meant, nobody knows.
        "array" => single.is_array(),
        _ => true,
    }
}

/// Whether an optional argument's value is what one writes who has none. `false` is a value like any other; so is zero
/// where the schema takes it and knows no better.
fn placeholder(described: &Value, value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(_) => blank(value) && !listed(described, value),
        Value::Number(number) => number.as_f64() == Some(0.0) && zero_says_nothing(described, value),
        Value::Array(items) => items.iter().all(|item| item.is_null() || blank(item)),
        Value::Object(members) => members.is_empty(),
        Value::Bool(_) => false,
    }
}

fn blank(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.trim().is_empty())
}

fn listed(described: &Value, value: &Value) -> bool {
    described.get("enum").and_then(Value::as_array).is_some_and(|allowed| allowed.contains(value))
}

fn zero_says_nothing(described: &Value, zero: &Value) -> bool {
    let least = described.get("minimum").and_then(Value::as_f64);
    if described.get("enum").is_some() {
        return !listed(described, zero);
    }
    match least {
        Some(least) => least > 0.0,
        None => described.get("default").is_some_and(|default| default.as_f64() != Some(0.0)),
    }
}
