//! Notion's properties: the values that pages have, and the columns that data sources have.

use super::notion_text::{plain, rich};
use super::scope::member;
use serde_json::{Map, Value, json};

/// How deep values stand in values: a rollup has a list of them, and each may be a formula, which has one.
const MAX_DEPTH: usize = 4;
/// How many people, relations and mentions of a property Notion gives with a page.
const GIVEN: usize = 25;

/// A property's value as it is read in a table: a text, a number, a list of names. Null where there is none.
pub(super) fn value(property: &Value) -> Value {
    let shown = within(property, MAX_DEPTH);
    if property.get("has_more") != Some(&Value::Bool(true)) && !is_full(property) {
        return shown;
    }
    // Only the first are here, or may be; the property's id reads the rest.
    json!({"values": shown, "has_more": true, "property_id": property["id"]})
}

/// Of relations Notion says whether there are more. Of people, and of mentions in a text, it leaves them out unsaid:
/// https://developers.notion.com/reference/retrieve-a-page#limits
fn is_full(property: &Value) -> bool {
    let kind = member(property, "type").unwrap_or_default();
    let parts = property.get(kind).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    match kind {
        "people" => parts.len() >= GIVEN,
        "rich_text" => parts.iter().filter(|part| member(part, "type") == Some("mention")).count() >= GIVEN,
        _ => false,
    }
}

/// The parts of a property that was read by itself, as its one value: texts and results of rollups come in pieces.
pub(super) fn joined(found: &Value, parts: Vec<Value>) -> Value {
    let whole = found.get("property_item").unwrap_or(&Value::Null);
    match member(whole, "type") {
        Some("title" | "rich_text") => parts.iter().filter_map(Value::as_str).collect::<String>().into(),
        // What is calculated stands beside the pages that it is made of. It is there on the last page of results.
        Some("rollup") if parts.is_empty() || is_calculated(whole) => value(whole),
        _ => parts.into(),
    }
}

fn is_calculated(rollup: &Value) -> bool {
    let kind = rollup.pointer("/rollup/type").and_then(Value::as_str);
    matches!(kind, Some("number" | "date" | "incomplete"))
}

fn within(property: &Value, depth: usize) -> Value {
    let (Some(kind), Some(deeper)) = (member(property, "type"), depth.checked_sub(1)) else { return Value::Null };
    let inner = property.get(kind).unwrap_or(&Value::Null);
    match kind {
        "title" => plain(inner).into(),
        "rich_text" => rich(inner).into(),
        "select" | "status" | "multi_select" | "people" | "created_by" | "last_edited_by" => named(inner),
        "relation" => ids(inner),
        "files" => inner.as_array().into_iter().flatten().map(file).collect(),
        "date" => date(inner),
        "unique_id" => number_with_prefix(inner),
        "formula" | "rollup" => within(inner, deeper),
        "array" => inner.as_array().into_iter().flatten().map(|one| within(one, deeper)).collect(),
        "verification" => inner.get("state").cloned().unwrap_or_default(),
        "button" => Value::Null,
        // Of a formula or rollup: too much for Notion, or not read to its end. Neither is nothing.
        "unsupported" | "incomplete" => json!({"not_computed": kind}),
        _ => inner.clone(),
    }
}

/// The names of options and people; an id where there is no name.
fn named(inner: &Value) -> Value {
    let name = |one: &Value| ["name", "id"].iter().find_map(|key| one.get(key).filter(|name| !name.is_null())).cloned();
    match inner {
        Value::Array(all) => all.iter().filter_map(name).collect(),
        one => name(one).unwrap_or_default(),
    }
}

fn ids(inner: &Value) -> Value {
    match inner {
        Value::Array(all) => all.iter().filter_map(|one| one.get("id").cloned()).collect(),
        one => one.get("id").cloned().unwrap_or_default(),
    }
}

fn file(file: &Value) -> Value {
    json!({"name": file["name"], "url": address(file)})
}

/// The address of a file, wherever it lies.
pub(super) fn address(file: &Value) -> Value {
    let places = ["file", "external"].into_iter();
    places.filter_map(|place| file.get(place)?.get("url")).next().cloned().unwrap_or_default()
}

/// A day or a moment; a span has both ends.
fn date(inner: &Value) -> Value {
    let given = |name: &str| inner.get(name).filter(|value| !value.is_null());
    let Some(start) = given("start") else { return Value::Null };
    let mut span = Map::from_iter([("start".to_owned(), start.clone())]);
    for name in ["end", "time_zone"] {
        if let Some(value) = given(name) {
            span.insert(name.to_owned(), value.clone());
        }
    }
    if span.len() == 1 { start.clone() } else { span.into() }
}

fn number_with_prefix(inner: &Value) -> Value {
    let number = inner.get("number").cloned().unwrap_or_default();
    match member(inner, "prefix").filter(|_| number.is_number()) {
        Some(prefix) => format!("{prefix}-{number}").into(),
        None => number,
    }
}

/// A column of a data source: `{id, type}` and what belongs to its type, options by name.
pub(super) fn column(column: &Value) -> Value {
    let mut row = Map::new();
    for name in ["id", "type", "description"] {
        if let Some(value) = column.get(name).filter(|value| !value.is_null()) {
            row.insert(name.to_owned(), value.clone());
        }
    }
    let settings = member(column, "type").and_then(|kind| column.get(kind)).and_then(Value::as_object);
    for (name, setting) in settings.into_iter().flatten() {
        let setting = match name.as_str() {
            "options" => named(setting),
            // The groups of a status name options by id; the options themselves are there. A relation has a type of its
            // own, which the member beside it says too.
            "groups" | "type" => continue,
            _ => setting.clone(),
        };
        row.insert(name.clone(), setting);
    }
    Value::Object(row)
}
