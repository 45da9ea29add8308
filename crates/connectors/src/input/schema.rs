//! The schema that arguments are checked against: what the file says, and bounds where it says none.

use crate::file::{Empty, Field, Ordered};
use crate::parameter_name::is_name;
use serde_json::{Map, Value, json};

/// The argument that names what is to be emptied.
pub(crate) const CLEAR: &str = "clear";
/// The most elements of a list whose file names no other bound.
const MAX_ITEMS: u64 = 1_000;
/// The longest names that every model vendor takes for an argument.
const MAX_NAME: usize = 64;

/// What the file says, as JSON Schema 2020-12: an object at the root that takes nothing it does not name.
pub(super) fn declared(fields: &Ordered<Field>) -> Result<Value, String> {
    for (name, field) in fields.iter() {
        sound(name, field)?;
    }
    let mut properties: Map<String, Value> =
        fields.iter().map(|(name, field)| (name.to_owned(), property(field))).collect();
    if let Some(clear) = clear(fields)
        && properties.insert(CLEAR.to_owned(), clear).is_some()
    {
        return Err(format!("`{CLEAR}` is the argument that names what is emptied; call this one otherwise"));
    }
    let required: Vec<&str> = fields.iter().filter(|(_, field)| field.required).map(|(name, _)| name).collect();
    let mut schema = json!({"type": "object", "properties": properties, "additionalProperties": false});
    if let (Some(members), false) = (schema.as_object_mut(), required.is_empty()) {
        members.insert("required".to_owned(), json!(required));
    }
    Ok(schema)
}

/// What holds of an argument beside its being valid JSON Schema.
fn sound(name: &str, field: &Field) -> Result<(), String> {
    if name.len() > MAX_NAME || !is_name(name) {
        return Err(format!("`{name}`: an argument's name has 1 to {MAX_NAME} of a-z, A-Z, 0-9, _ and -"));
    }
    let excepted = matches!(field.empty, Empty::Absent | Empty::AsNull);
    if !excepted && (field.required || field.default.is_some()) {
        return Err(format!("`{name}`: `empty` is for an argument that is neither required nor defaulted"));
    }
    let free = field.allowed.is_none() && field.format.is_none() && field.pattern.is_none();
    let emptied = matches!(field.kind.as_str(), "string" | "array") && free && field.min_length.is_none_or(|n| n == 0);
    if field.empty == Empty::ByClear && !emptied {
        return Err(format!("`{name}`: `empty: by_clear` is for a text or list that may be empty"));
    }
    Ok(())
}

fn property(field: &Field) -> Value {
    let mut property = Map::new();
    let mut say = |key: &str, value: Option<Value>| {
        if let Some(value) = value {
            property.insert(key.to_owned(), value);
        }
    };
    let list = field.kind == "array";
    let (least, most) = if list { ("minItems", "maxItems") } else { ("minLength", "maxLength") };
    say("type", Some(json!(field.kind)));
    say("description", Some(json!(field.description)));
    say("enum", field.allowed.clone().map(Value::Array));
    say("format", field.format.clone().map(Value::String));
    say("pattern", field.pattern.clone().map(Value::String));
    say("minimum", field.minimum.map(Value::from));
    say("maximum", field.maximum.map(Value::from));
    say(least, field.min_length.map(Value::from));
    say(most, field.max_length.map(Value::from));
    say("items", field.items.clone());
    say("properties", field.members.clone());
    say("required", (!field.needs.is_empty()).then(|| json!(field.needs)));
    say("default", field.default.clone());
    Value::Object(property)
}

/// The argument that empties others, where the file has any that are emptied by name.
fn clear(fields: &Ordered<Field>) -> Option<Value> {
    let names: Vec<&str> =
        fields.iter().filter(|(_, field)| field.empty == Empty::ByClear).map(|(name, _)| name).collect();
    if names.is_empty() {
        return None;
    }
    let description = "The arguments whose present content is to be emptied; an empty value alone leaves it as it is.";
    Some(json!({"type": "array", "description": description, "items": {"type": "string", "enum": names}}))
}

/// The same schema with a bound for everything that has none: by format, and by where it goes.
pub(super) fn bounded(mut schema: Value, fields: &Ordered<Field>) -> Value {
    for (name, field) in fields.iter() {
        if let Some(property) = schema.pointer_mut(&format!("/properties/{name}")) {
            bound(property, by_target(&field.map));
        }
    }
    schema
}

fn bound(schema: &mut Value, otherwise: Option<u64>) {
    let Some(members) = schema.as_object_mut() else { return };
    let kind = members.get("type").and_then(Value::as_str).unwrap_or_default().to_owned();
    if kind == "string" {
        let format = members.get("format").and_then(Value::as_str).and_then(by_format);
        if let Some(most) = format.or(otherwise) {
            members.entry("maxLength").or_insert_with(|| most.into());
        }
    }
    if kind == "array" {
        members.entry("maxItems").or_insert_with(|| MAX_ITEMS.into());
    }
    if let Some(items) = members.get_mut("items") {
        bound(items, otherwise);
    }
    for member in members.get_mut("properties").and_then(Value::as_object_mut).into_iter().flat_map(Map::values_mut) {
        bound(member, otherwise);
    }
}

/// The most characters that a text of a format has.
fn by_format(format: &str) -> Option<u64> {
    match format {
        "date" => Some(10),
        "date-time" | "time" | "duration" | "uuid" | "ipv6" => Some(64),
        "ipv4" => Some(15),
        "hostname" | "idn-hostname" => Some(255),
        "email" | "idn-email" => Some(320),
        "uri" | "uri-reference" | "uri-template" | "iri" | "iri-reference" => Some(8_192),
        "json-pointer" | "relative-json-pointer" | "regex" => Some(4_096),
        _ => None,
    }
}

/// The most characters that can work where a text goes: a part of an address, a header, an expression, whose fuel is
/// paid by length. A file may say otherwise with `max_length`; what goes into a body as it is needs no bound.
fn by_target(target: &str) -> Option<u64> {
    match target.split('.').next() {
        Some("path") => Some(1_024),
        Some("query" | "header" | "none") => Some(8_192),
        Some("expression") => Some(100_000),
        _ => None,
    }
}
