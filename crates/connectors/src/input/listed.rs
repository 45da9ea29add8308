//! The schema that models see: what every client and model vendor takes, made from the one that is checked.
//!
//! Converters and strict modes refuse or drop most of JSON Schema. What is left is `type`, `description`, `enum` of
//! texts, the format `date-time`, `items`, `properties` and `required`; all else is said in the description's words.

use serde_json::{Map, Value, json};

/// How deep a schema is followed.
const MAX_DEPTH: usize = 16;

/// The schema in the words that all take.
#[must_use]
pub fn listed(checked: &Value) -> Value {
    projected(checked, MAX_DEPTH)
}

fn projected(schema: &Value, depth: usize) -> Value {
    let mut members = Map::new();
    let kind = kind(schema);
    members.insert("type".to_owned(), kind.into());
    let words = words(schema);
    if !words.is_empty() {
        members.insert("description".to_owned(), words.into());
    }
    if kind == "string" {
        if let Some(texts) = texts(schema) {
            members.insert("enum".to_owned(), texts);
        }
        if schema.get("format").is_some_and(|format| format == "date-time") {
            members.insert("format".to_owned(), "date-time".into());
        }
    }
    if kind == "array" {
        let any = json!({"type": "string"});
        let items = schema.get("items").filter(|_| depth > 0);
        members.insert("items".to_owned(), items.map_or(any, |items| projected(items, depth - 1)));
    }
    if kind == "object" && depth > 0 {
        let known = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
        let known: Map<String, Value> =
            known.map(|(name, inner)| (name.clone(), projected(inner, depth - 1))).collect();
        members.insert("properties".to_owned(), known.into());
        if let Some(required) = schema.get("required") {
            members.insert("required".to_owned(), required.clone());
        }
    }
    Value::Object(members)
}

/// Exactly one type: Gemini knows no unions of them, and needs one everywhere.
fn kind(schema: &Value) -> &str {
    let said = match schema.get("type") {
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null"),
        said => said.and_then(Value::as_str),
    };
    let by_members = || {
        let has = |name| schema.get(name).is_some();
        if has("properties") {
            "object"
        } else if has("items") {
            "array"
        } else {
            "string"
        }
    };
    said.unwrap_or_else(by_members)
}

/// An `enum` of texts alone; Gemini refuses others, and empty ones.
fn texts(schema: &Value) -> Option<Value> {
    let allowed = schema.get("enum")?.as_array()?;
    let texts: Vec<&Value> = allowed.iter().filter(|one| one.as_str().is_some_and(|one| !one.is_empty())).collect();
    let all = allowed.iter().all(Value::is_string) && !texts.is_empty();
    all.then(|| json!(texts))
}

/// The description, and what the schema says that is not listed.
fn words(schema: &Value) -> String {
    let mut told: Vec<String> = Vec::new();
    let said = |key: &str| schema.get(key);
    if let Some(description) = said("description").and_then(Value::as_str) {
        told.push(description.trim().to_owned());
    }
    if let Some(allowed) = said("enum").and_then(Value::as_array).filter(|_| texts(schema).is_none()) {
        told.push(format!("One of {}.", list(allowed)));
    }
    if let Some(form) = said("format").and_then(Value::as_str).and_then(form) {
        told.push(form);
    }
    if let Some(pattern) = said("pattern").and_then(Value::as_str) {
        told.push(format!("It fits the regular expression {pattern}"));
    }
    told.extend(range(said("minimum"), said("maximum"), ""));
    told.extend(range(said("minLength").filter(|n| n.as_u64() > Some(1)), said("maxLength"), " characters"));
    told.extend(range(said("minItems"), said("maxItems"), " elements"));
    if let Some(default) = said("default") {
        told.push(format!("If it is left out: {default}."));
    }
    told.join(" ")
}

fn list(values: &[Value]) -> String {
    values.iter().map(Value::to_string).collect::<Vec<_>>().join(", ")
}

/// What a format means, for those that are not listed themselves.
fn form(format: &str) -> Option<String> {
    match format {
        "date-time" => None,
        "date" => Some("A date such as 2026-11-22.".to_owned()),
        "email" => Some("An email address.".to_owned()),
        other => Some(format!("Its format is {other}.")),
    }
}

fn range(least: Option<&Value>, most: Option<&Value>, of: &str) -> Option<String> {
    match (least, most) {
        (Some(least), Some(most)) => Some(format!("From {least} to {most}{of}.")),
        (Some(least), None) => Some(format!("At least {least}{of}.")),
        (None, Some(most)) => Some(format!("At most {most}{of}.")),
        (None, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_all_take_is_left_and_the_rest_is_said() {
        let checked = json!({
            "type": "object", "additionalProperties": false, "required": ["when"], "$comment": "no",
            "properties": {
                "when": {"type": "string", "description": "The day.", "format": "date", "pattern": "^2", "maxLength": 10},
                "at": {"type": ["string", "null"], "format": "date-time"},
                "n": {"type": "integer", "description": "How many.", "minimum": 1, "maximum": 5, "default": 3, "enum": [1, 3]},
                "kind": {"type": "string", "enum": ["a", "b"], "default": "a"},
                "who": {"type": "array", "minItems": 1, "items": {"type": "string", "format": "email"}},
                "rows": {"type": "array", "items": {"properties": {"x": {"type": "number", "exclusiveMinimum": 0}}}},
                "free": {"type": "object", "additionalProperties": {"type": "string"}}
            }
        });
        let seen = listed(&checked);
        assert_eq!(
            seen,
            json!({
                "type": "object", "required": ["when"],
                "properties": {
                    "when": {"type": "string", "description":
                        "The day. A date such as 2026-11-22. It fits the regular expression ^2 At most 10 characters."},
                    "at": {"type": "string", "format": "date-time"},
                    "n": {"type": "integer", "description": "How many. One of 1, 3. From 1 to 5. If it is left out: 3."},
                    "kind": {"type": "string", "description": "If it is left out: \"a\".", "enum": ["a", "b"]},
                    "who": {"type": "array", "description": "At least 1 elements.",
                        "items": {"type": "string", "description": "An email address."}},
                    "rows": {"type": "array", "items": {"type": "object", "properties": {"x": {"type": "number"}}}},
                    "free": {"type": "object", "properties": {}}
                }
            })
        );
    }

    #[test]
    fn a_deep_schema_ends() {
        let deep = (0..1_000).fold(json!({"type": "string"}), |inner, _| json!({"type": "array", "items": inner}));
        assert!(listed(&deep).to_string().len() < 1_000);
    }
}
