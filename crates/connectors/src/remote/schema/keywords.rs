//! Keywords of older drafts, and of nobody, anywhere in a schema.

use serde_json::{Map, Value};

/// Keywords that hold one schema, a list of them, or schemas by name.
const ONE: [&str; 9] = [
    "items",
    "additionalProperties",
    "contains",
    "propertyNames",
    "not",
    "if",
    "then",
    "else",
    "unevaluatedProperties",
];
const LIST: [&str; 4] = ["allOf", "anyOf", "oneOf", "prefixItems"];
const NAMED: [&str; 5] = ["properties", "patternProperties", "$defs", "definitions", "dependentSchemas"];
/// Keywords that say how a document is to be read, which it no longer needs to.
const DOCUMENT: [&str; 9] = [
    "$schema",
    "$id",
    "id",
    "$anchor",
    "$dynamicRef",
    "$dynamicAnchor",
    "$recursiveRef",
    "$vocabulary",
    "x-mcp-header",
];
/// The types that there are.
const TYPES: [&str; 7] = ["string", "integer", "number", "boolean", "array", "object", "null"];

/// Brings a schema and all within it to the newest draft. `root` is the whole document, as references find it.
pub(super) fn tidy(schema: &mut Value, root: &Value, changes: &mut Vec<String>) {
    let Value::Object(schema) = schema else { return };
    for keyword in DOCUMENT {
        // An argument may well be called `id`; a schema's own `id` is a text.
        if schema.get(keyword).is_some_and(Value::is_string) {
            schema.shift_remove(keyword);
        }
    }
    reference(schema, root, changes);
    older(schema);
    for keyword in ONE {
        if let Some(inner) = schema.get_mut(keyword) {
            tidy(inner, root, changes);
        }
    }
    for keyword in LIST {
        let Some(Value::Array(inner)) = schema.get_mut(keyword) else { continue };
        inner.iter_mut().for_each(|inner| tidy(inner, root, changes));
    }
    for keyword in NAMED {
        let Some(Value::Object(inner)) = schema.get_mut(keyword) else { continue };
        for inner in inner.values_mut() {
            if *inner == Value::Bool(true) {
                *inner = Value::Object(Map::new());
            }
            tidy(inner, root, changes);
        }
    }
}

/// A reference leads to somewhere in the same document, or nowhere.
fn reference(schema: &mut Map<String, Value>, root: &Value, changes: &mut Vec<String>) {
    let Some(reference) = schema.get("$ref") else { return };
    let pointer = reference.as_str().and_then(|reference| reference.strip_prefix('#'));
    if pointer.and_then(|pointer| root.pointer(pointer)).is_none() {
        schema.shift_remove("$ref");
        changes.push("a reference to what is not in its input schema was left out".to_owned());
    }
}

/// What older drafts wrote otherwise.
fn older(schema: &mut Map<String, Value>) {
    if let Some(Value::Array(_)) = schema.get("items") {
        let (items, more) = (schema.shift_remove("items"), schema.shift_remove("additionalItems"));
        schema.extend(items.map(|items| ("prefixItems".to_owned(), items)));
        schema.extend(more.map(|more| ("items".to_owned(), more)));
    }
    for (exclusive, inclusive) in [("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")] {
        let Some(Value::Bool(excludes)) = schema.get(exclusive) else { continue };
        let bound = if *excludes { schema.shift_remove(inclusive) } else { None };
        schema.shift_remove(exclusive);
        schema.extend(bound.map(|bound| (exclusive.to_owned(), bound)));
    }
    if schema.get("required").is_some_and(|required| !required.is_array()) {
        schema.shift_remove("required");
    }
    if schema.get("enum").is_some_and(|values| values.as_array().is_none_or(Vec::is_empty)) {
        schema.shift_remove("enum");
    }
    let is_type = |kind: &Value| kind.as_str().is_some_and(|kind| TYPES.contains(&kind));
    let odd = match schema.get("type") {
        None => false,
        Some(Value::Array(kinds)) => kinds.is_empty() || !kinds.iter().all(is_type),
        Some(kind) => !is_type(kind),
    };
    if odd {
        schema.shift_remove("type");
    }
}
