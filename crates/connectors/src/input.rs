//! A tool's arguments: the schema that models see, and the check before anything leaves.

use crate::failure::Failure;
use crate::file::{Field, Ordered};
use crate::nearest::nearest;
use jsonschema::error::ValidationErrorKind;
use jsonschema::{Draft, PatternOptions, ValidationError, Validator};
use serde_json::{Map, Value, json};

/// Two arguments that the catalogue documents for many tools; they say nothing here.
const IGNORED: [&str; 2] = ["schema_version", "tool_version"];

/// The arguments of one tool, compiled.
#[derive(Debug)]
pub struct Input {
    schema: Value,
    validator: Validator,
    versions: bool,
}

impl Input {
    /// Compiles the fields of a file. `versions` says whether the two documented version arguments are accepted.
    ///
    /// # Errors
    /// Why the schema that they make is not valid.
    pub fn compile(fields: &Ordered<Field>, versions: bool) -> Result<Self, String> {
        let schema = schema(fields);
        let validator = jsonschema::options()
            .with_draft(Draft::Draft202012)
            .with_pattern_options(PatternOptions::regex())
            .should_validate_formats(true)
            .build(&schema)
            .map_err(|error| error.to_string())?;
        Ok(Self { schema, validator, versions })
    }

    /// JSON Schema 2020-12, an object at the root that takes nothing it does not name.
    #[must_use]
    pub const fn schema(&self) -> &Value {
        &self.schema
    }

    /// Checks arguments: unknown ones are refused by name, 3.0 becomes 3 where a whole number is wanted, null means
    /// absent, defaults are filled in.
    ///
    /// # Errors
    /// Everything that is wrong, for the model to correct.
    pub fn check(&self, tool: &str, arguments: &Map<String, Value>) -> Result<Map<String, Value>, Failure> {
        let mut taken = self.known(tool, arguments)?;
        for (name, described) in self.properties() {
            if let Some(value) = taken.get_mut(name) {
                whole_numbers(described, value);
            } else if let Some(default) = described.get("default") {
                taken.insert(name.clone(), default.clone());
            }
        }
        let taken = Value::Object(taken);
        let wrong: Vec<String> = self.validator.iter_errors(&taken).map(|error| told(&error)).collect();
        match taken {
            Value::Object(taken) if wrong.is_empty() => Ok(taken),
            _ => Err(Failure::invalid(format!("{tool}: {}. Correct the arguments and call again.", wrong.join("; ")))),
        }
    }

    fn properties(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.schema.get("properties").and_then(Value::as_object).into_iter().flat_map(Map::iter)
    }

    /// The arguments that the tool has, without nulls; an unknown one ends it.
    fn known(&self, tool: &str, arguments: &Map<String, Value>) -> Result<Map<String, Value>, Failure> {
        let mut taken = Map::new();
        for (name, value) in arguments {
            if self.properties().any(|(known, _)| known == name) {
                if !value.is_null() {
                    taken.insert(name.clone(), value.clone());
                }
            } else if !(self.versions && IGNORED.contains(&name.as_str())) {
                return Err(Failure::invalid(self.unknown(tool, name)));
            }
        }
        Ok(taken)
    }

    fn unknown(&self, tool: &str, name: &str) -> String {
        let meant = nearest(name, self.properties().map(|(known, _)| known.as_str()));
        let meant = meant.map(|known| format!(" Did you mean `{known}`?")).unwrap_or_default();
        let all = self.properties().map(|(known, _)| known.as_str()).collect::<Vec<_>>().join(", ");
        let name: String = name.chars().filter(|c| !c.is_control()).take(64).collect();
        let all = if all.is_empty() { "it takes none".to_owned() } else { format!("it takes {all}") };
        format!("{tool} has no argument `{name}`; {all}.{meant}")
    }
}

/// The schema of a file's fields.
fn schema(fields: &Ordered<Field>) -> Value {
    let properties: Map<String, Value> =
        fields.iter().map(|(name, field)| (name.to_owned(), property(field))).collect();
    let required: Vec<&str> = fields.iter().filter(|(_, field)| field.required).map(|(name, _)| name).collect();
    let mut schema = json!({"type": "object", "properties": properties, "additionalProperties": false});
    if let (Some(members), false) = (schema.as_object_mut(), required.is_empty()) {
        members.insert("required".to_owned(), json!(required));
    }
    schema
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
    say("default", field.default.clone());
    Value::Object(property)
}

/// 3.0 is 3 where the schema wants a whole number: protobuf's `Struct`, which carries the SDKs' arguments, has doubles
/// only.
fn whole_numbers(described: &Value, value: &mut Value) {
    match value {
        Value::Number(number) if described.get("type").is_some_and(|kind| kind == "integer") => {
            if let Some(whole) = number.as_f64().filter(|n| n.fract() == 0.0 && n.abs() < 9e15 && !number.is_i64()) {
                #[expect(clippy::cast_possible_truncation, reason = "it is whole and below 2^53")]
                let whole = whole as i64;
                *value = Value::from(whole);
            }
        }
        Value::Array(items) => {
            if let Some(described) = described.get("items") {
                items.iter_mut().for_each(|item| whole_numbers(described, item));
            }
        }
        _ => {}
    }
}

/// One error in words that name the argument.
fn told(error: &ValidationError<'_>) -> String {
    let place = error.instance_path().to_string();
    let place = place.trim_start_matches('/').replace('/', ".");
    match error.kind() {
        ValidationErrorKind::Required { property } => {
            format!("`{}` is required", property.as_str().unwrap_or_default())
        }
        ValidationErrorKind::Format { format } => format!("`{place}` {}", formed(format)),
        ValidationErrorKind::Enum { options } => format!("`{place}` must be one of {}", listed(options)),
        _ => {
            let said: String = error.to_string().chars().filter(|c| !c.is_control()).take(300).collect();
            format!("`{place}`: {said}")
        }
    }
}

/// All of them: the library's own words leave out what comes after the second.
fn listed(options: &Value) -> String {
    options.as_array().into_iter().flatten().map(Value::to_string).collect::<Vec<_>>().join(", ")
}

fn formed(format: &str) -> String {
    match format {
        "date-time" => "must be an RFC 3339 time with an offset, such as 2026-11-22T09:00:00Z".to_owned(),
        "date" => "must be a date such as 2026-11-22".to_owned(),
        "email" => "must be an email address such as ada@example.com".to_owned(),
        other => format!("must have the format {other}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input() -> Input {
        let fields: Ordered<Field> = serde_json::from_value(json!({
            "query": {"type": "string", "description": "q", "map": "query.q"},
            "max_results": {"type": "integer", "description": "n", "default": 10, "minimum": 1, "maximum": 50, "map": "query.n"},
            "sizes": {"type": "array", "description": "s", "items": {"type": "integer"}, "map": "query.s"},
            "since": {"type": "string", "description": "s", "format": "date-time", "map": "query.since"},
            "kind": {"type": "string", "description": "k", "enum": ["a", "b", "d", "e"], "pattern": "^(a+)+$", "map": "query.k"},
            "id": {"type": "string", "description": "i", "required": true, "map": "path.id"}
        }))
        .unwrap();
        Input::compile(&fields, true).unwrap()
    }

    fn check(arguments: &Value) -> Result<Value, String> {
        let checked = input().check("the_tool", arguments.as_object().unwrap());
        checked.map(Value::Object).map_err(|failure| failure.message)
    }

    #[test]
    fn the_schema_is_closed_and_an_object() {
        let schema = input().schema().clone();
        assert_eq!(schema["type"], "object");
        assert_eq!(schema["additionalProperties"], false);
        assert_eq!(schema["required"], json!(["id"]));
        assert_eq!(schema["properties"]["max_results"]["default"], 10);
    }

    #[test]
    fn good_arguments_are_coerced_and_filled() {
        let given = json!({"id": "x", "sizes": [1.0, 2], "query": null, "schema_version": "1"});
        assert_eq!(check(&given).unwrap(), json!({"id": "x", "sizes": [1, 2], "max_results": 10}));
        assert_eq!(check(&json!({"id": "x", "max_results": 3.0})).unwrap()["max_results"].to_string(), "3");
    }

    #[test]
    fn an_unknown_argument_is_named_with_the_nearest() {
        let said = check(&json!({"id": "x", "maxResults": 3})).unwrap_err();
        assert!(said.contains("`maxResults`") && said.contains("Did you mean `max_results`?"), "{said}");
    }

    #[test]
    fn everything_wrong_is_told_at_once() {
        let said = check(&json!({"max_results": 99, "since": "2026-11-22T09:00:00", "kind": "c"})).unwrap_err();
        for part in [
            "`id` is required",
            "`max_results`",
            "`since` must be an RFC 3339 time",
            r#"`kind` must be one of "a", "b", "d", "e""#,
        ] {
            assert!(said.contains(part), "{part} is missing in {said}");
        }
        assert!(check(&json!({"id": 1})).unwrap_err().contains("`id`"));
        assert!(check(&json!({"id": "x", "max_results": 2.5})).is_err());
    }

    #[test]
    fn a_pattern_takes_linear_time() {
        let long = "a".repeat(100_000) + "b";
        assert!(check(&json!({"id": "x", "kind": long})).is_err());
    }
}
