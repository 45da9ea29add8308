//! What callers write who have nothing for an argument. A remote tool's schema doesn't say whether emptiness is a value, so
//! only what it refuses for an argument that may be left out is taken for nothing: it could mean nothing else, and the server
//! would refuse the call.

use jsonschema::Draft;
use serde_json::{Map, Value, json};

/// What is looked for within a schema that is not read for this: what it means lies elsewhere, or takes long to find out.
const ELSEWHERE: [&str; 5] = ["$ref", "$dynamicRef", "pattern", "patternProperties", "nullable"];

/// For each argument the values that say that there is none.
#[derive(Debug, Default)]
pub(super) struct Placeholders(Vec<(String, Vec<Value>)>);

impl Placeholders {
    /// Of a schema as it is shown.
    pub(super) fn of(shown: &Value) -> Self {
        let required = shown.get("required").and_then(Value::as_array);
        let optional = |name: &String| required.is_none_or(|required| !required.iter().any(|one| one == name));
        let properties = shown.get("properties").and_then(Value::as_object).into_iter().flatten();
        let properties: Map<String, Value> = properties
            .filter(|(name, property)| optional(name) && says_all(property))
            .map(|(name, property)| (name.clone(), property.clone()))
            .collect();
        let schema = json!({ "properties": properties });
        let validator =
            jsonschema::options().with_draft(Draft::Draft202012).should_validate_formats(true).build(&schema);
        let Ok(validator) = validator else { return Self::default() };
        let refused = |name: &String, property: &Value| {
            let refuses = |value: &Value| !validator.is_valid(&json!({ name.as_str(): value }));
            let says_nothing = |value: &Value| refuses(value) && (!value.is_number() || is_number(property));
            written().into_iter().filter(says_nothing).collect::<Vec<_>>()
        };
        let all = properties.iter().map(|(name, property)| (name.clone(), refused(name, property)));
        Self(all.filter(|(_, refused)| !refused.is_empty()).collect())
    }

    /// Whether this value of this argument says that there is none.
    pub(super) fn has(&self, name: &str, value: &Value) -> bool {
        self.0.iter().any(|(of, refused)| of == name && refused.contains(value))
    }
}

/// What models and frameworks write where they have nothing. `false` is a value like any other.
fn written() -> [Value; 7] {
    [json!(null), json!(""), json!([]), json!([""]), json!([null]), json!({}), json!(0)]
}

/// Whether a number is due. In place of a text zero may be an id, and in place of a truth it is one.
fn is_number(property: &Value) -> bool {
    let number = |kind: &Value| kind == "integer" || kind == "number";
    property
        .get("type")
        .is_some_and(|kinds| number(kinds) || kinds.as_array().is_some_and(|kinds| kinds.iter().any(number)))
}

/// Whether a schema says by itself, and at once, what it takes.
fn says_all(schema: &Value) -> bool {
    match schema {
        Value::Object(members) => members.iter().all(|(name, inner)| !ELSEWHERE.contains(&&**name) && says_all(inner)),
        Value::Array(items) => items.iter().all(says_all),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn placeholders(property: &Value) -> Vec<Value> {
        let schema = json!({ "properties": { "a": property, "b": property }, "required": ["b"] });
        let found = Placeholders::of(&schema);
        assert!(written().iter().all(|value| !found.has("b", value)), "what is required is never left out");
        written().into_iter().filter(|value| found.has("a", value)).collect()
    }

    #[test]
    fn only_what_the_schema_refuses_says_that_there_is_nothing() {
        let (null, empty, none, object) = (json!(null), json!(""), json!([]), json!({}));
        let (blank, nulls, zero) = (json!([""]), json!([null]), json!(0));
        let all_but = |kept: &[&Value]| written().into_iter().filter(|one| !kept.contains(&one)).collect::<Vec<_>>();
        for (property, found) in [
            (json!({ "type": "string" }), all_but(&[&empty, &zero])),
            (json!({ "type": "string", "minLength": 1 }), all_but(&[&zero])),
            (json!({ "type": "string", "enum": ["asc", "desc"] }), all_but(&[&zero])),
            (json!({ "type": "string", "enum": ["", "desc"] }), all_but(&[&empty, &zero])),
            (json!({ "type": "string", "format": "date-time" }), all_but(&[&zero])),
            (json!({ "type": "string", "format": "of their own" }), all_but(&[&empty, &zero])),
            (json!({ "type": ["string", "null"] }), all_but(&[&empty, &null, &zero])),
            (json!({ "anyOf": [{ "type": "string" }, { "type": "null" }] }), all_but(&[&empty, &null, &zero])),
            (json!({ "type": "integer" }), all_but(&[&zero])),
            (json!({ "type": "integer", "minimum": 1 }), all_but(&[])),
            (json!({ "type": "array", "items": {} }), all_but(&[&none, &blank, &nulls, &zero])),
            (json!({ "type": "array", "minItems": 1, "items": { "type": "string" } }), all_but(&[&blank, &zero])),
            (json!({ "type": "array", "items": { "type": "string", "minLength": 1 } }), all_but(&[&none, &zero])),
            (json!({ "type": "object" }), all_but(&[&object, &zero])),
            (json!({ "type": "boolean" }), all_but(&[&zero])),
            (json!({}), vec![]),
            // What these mean is not looked for.
            (json!({ "$ref": "#/$defs/a" }), vec![]),
            (json!({ "type": "string", "pattern": "^(a+)+$" }), vec![]),
            (json!({ "type": "string", "nullable": true }), vec![]),
        ] {
            assert_eq!(placeholders(&property), found, "{property}");
        }
        assert!(!Placeholders::of(&json!({ "properties": { "a": { "enum": [true] } } })).has("a", &json!(false)));
    }
}
