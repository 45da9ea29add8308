//! A form made from a tool's schema, and the arguments that a filled one says.
//!
//! Strings, numbers, booleans, choices and lists of them have fields of their own; what is nested is JSON. Whether the
//! arguments fit the tool is not decided here: the call says it, in the words that an agent would get.

use super::pages::{FieldKind, SchemaField};
use super::visit::Fields;
use serde_json::{Map, Number, Value};

/// What stands before an argument's name in the form, so that none is taken for a field of the page's own.
const PREFIX: &str = "arg:";
/// A text that may be longer than this gets several lines.
const LONG: u64 = 300;
/// The most fields of a form: no tool has so many.
const MOST: usize = 300;

/// The fields of a schema, with what was typed into them.
pub(super) fn fields(schema: &Value, sent: &Fields) -> Vec<SchemaField> {
    let required: Vec<&str> = schema
        .get("required")
        .and_then(Value::as_array)
        .map(|names| names.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default();
    let properties = schema.get("properties").and_then(Value::as_object).into_iter().flatten().take(MOST);
    let mut all: Vec<_> = properties
        .map(|(name, property)| {
            let field = format!("{PREFIX}{name}");
            SchemaField {
                kind: kind(name, property),
                description: text(property, "description"),
                required: required.contains(&name.as_str()),
                options: options(property),
                default: property.get("default").map(shown).unwrap_or_default(),
                value: sent.text(&field).to_owned(),
                wrong: None,
                name: name.clone(),
                field,
            }
        })
        .collect();
    // What has to be there comes first; else the developer's order stays.
    all.sort_by_key(|field| !field.required);
    all
}

/// The arguments that filled fields say. What is empty is left out.
///
/// # Errors
/// The same fields, with what is wrong beside each.
pub(super) fn arguments(mut fields: Vec<SchemaField>, schema: &Value) -> Result<Map<String, Value>, Vec<SchemaField>> {
    let mut all = Map::new();
    let mut refused = false;
    for field in &mut fields {
        if field.value.is_empty() {
            continue;
        }
        match value(field, schema) {
            Ok(value) => drop(all.insert(field.name.clone(), value)),
            Err(wrong) => {
                field.wrong = Some(wrong);
                refused = true;
            }
        }
    }
    if refused { Err(fields) } else { Ok(all) }
}

fn kind(name: &str, property: &Value) -> FieldKind {
    if !options(property).is_empty() {
        return FieldKind::Choice;
    }
    match type_of(property) {
        Some("string") if is_long(name, property) => FieldKind::Long,
        Some("string") => FieldKind::Text,
        Some("integer") => FieldKind::Integer,
        Some("number") => FieldKind::Number,
        Some("boolean") => FieldKind::Boolean,
        Some("array") if element(property).is_some() => FieldKind::Lines,
        _ => FieldKind::Json,
    }
}

/// The type that a property has, beside null; none if it has several or none.
fn type_of(property: &Value) -> Option<&str> {
    match property.get("type")? {
        Value::String(one) => Some(one),
        Value::Array(several) => {
            let mut named = several.iter().filter_map(Value::as_str).filter(|one| *one != "null");
            named.next().filter(|_| named.next().is_none())
        }
        _ => None,
    }
}

/// The type of a list's entries, if each fits into a line.
fn element(property: &Value) -> Option<&str> {
    type_of(property.get("items")?).filter(|of| matches!(*of, "string" | "integer" | "number" | "boolean"))
}

fn is_long(name: &str, property: &Value) -> bool {
    let many = property.get("maxLength").and_then(Value::as_u64).is_some_and(|most| most > LONG);
    many || ["body", "text", "html", "content", "description", "message"].iter().any(|word| name.ends_with(word))
}

fn options(property: &Value) -> Vec<String> {
    let all = property.get("enum").and_then(Value::as_array).into_iter().flatten();
    all.filter(|one| !one.is_null()).map(shown).collect()
}

fn text(property: &Value, name: &str) -> String {
    property.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// A value as it is typed.
fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned)
}

fn value(field: &SchemaField, schema: &Value) -> Result<Value, String> {
    let property = schema.get("properties").and_then(|all| all.get(&field.name)).unwrap_or(&Value::Null);
    let typed = field.value.as_str();
    match field.kind {
        FieldKind::Text | FieldKind::Long => Ok(Value::from(typed)),
        FieldKind::Integer => integer(typed),
        FieldKind::Number => number(typed),
        FieldKind::Boolean => boolean(typed),
        FieldKind::Choice => chosen(typed, property),
        FieldKind::Lines => {
            let of = element(property).unwrap_or("string");
            let lines = typed.lines().map(str::trim).filter(|line| !line.is_empty());
            lines.map(|line| entry(of, line)).collect::<Result<Vec<_>, _>>().map(Value::from)
        }
        FieldKind::Json => json(typed),
    }
}

fn entry(of: &str, line: &str) -> Result<Value, String> {
    match of {
        "integer" => integer(line),
        "number" => number(line),
        "boolean" => boolean(line),
        _ => Ok(Value::from(line)),
    }
}

fn integer(typed: &str) -> Result<Value, String> {
    typed.parse::<i64>().map(Value::from).map_err(|_| format!("“{typed}” is no whole number."))
}

fn number(typed: &str) -> Result<Value, String> {
    let parsed: Option<Number> = serde_json::from_str(typed).ok();
    parsed.map(Value::Number).ok_or_else(|| format!("“{typed}” is no number."))
}

fn boolean(typed: &str) -> Result<Value, String> {
    match typed {
        "true" => Ok(Value::Bool(true)),
        "false" => Ok(Value::Bool(false)),
        _ => Err("It is true or false.".to_owned()),
    }
}

/// The schema's own value: a number of a choice stays a number.
fn chosen(typed: &str, property: &Value) -> Result<Value, String> {
    let all = property.get("enum").and_then(Value::as_array).into_iter().flatten();
    let mut fitting = all.filter(|one| shown(one) == typed);
    fitting.next().cloned().ok_or_else(|| format!("“{typed}” is not among its choices."))
}

/// A JSON text.
///
/// # Errors
/// It is none, with where.
pub(super) fn json(typed: &str) -> Result<Value, String> {
    serde_json::from_str(typed).map_err(|error| format!("This is not JSON: {error}."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn schema() -> Value {
        json!({"type": "object", "required": ["to"], "properties": {
            "limit": {"type": "integer", "default": 10},
            "to": {"type": "string", "description": "Whom"},
            "body": {"type": "string"},
            "ratio": {"type": ["number", "null"]},
            "loud": {"type": "boolean"},
            "level": {"type": "integer", "enum": [1, 2]},
            "cc": {"type": "array", "items": {"type": "string"}},
            "when": {"type": "object"},
            "any": {"anyOf": [{"type": "string"}, {"type": "integer"}]},
        }})
    }

    fn sent(text: &str) -> Result<Map<String, Value>, Vec<SchemaField>> {
        arguments(fields(&schema(), &Fields::parse(text.as_bytes())), &schema())
    }

    #[test]
    fn each_kind_of_argument_gets_its_field_and_what_must_be_there_comes_first() {
        let all = fields(&schema(), &Fields::default());
        let kinds: Vec<_> = all.iter().map(|field| (field.name.as_str(), field.kind)).collect();
        let expected = [
            ("to", FieldKind::Text),
            ("limit", FieldKind::Integer),
            ("body", FieldKind::Long),
            ("ratio", FieldKind::Number),
            ("loud", FieldKind::Boolean),
            ("level", FieldKind::Choice),
            ("cc", FieldKind::Lines),
            ("when", FieldKind::Json),
            ("any", FieldKind::Json),
        ];
        assert_eq!(kinds.len(), expected.len());
        assert!(expected.iter().all(|one| kinds.contains(one)) && kinds[0] == expected[0], "{kinds:?}");
        assert_eq!(all[0].field, "arg:to");
    }

    #[test]
    fn what_is_typed_becomes_what_the_schema_means() {
        let form = "arg:to=a%20b&arg:limit=3&arg:ratio=0.5&arg:loud=true&arg:level=2&arg:cc=x%0D%0A%0D%0Ay&\
                    arg:when=%7B%22day%22%3A1%7D&arg:body=&token=t&other=1";
        let expected = json!({"to": "a b", "limit": 3, "ratio": 0.5, "loud": true, "level": 2, "cc": ["x", "y"],
            "when": {"day": 1}});
        assert_eq!(Value::Object(sent(form).unwrap()), expected);
    }

    #[test]
    fn what_does_not_fit_is_told_beside_its_field_and_nothing_is_lost() {
        let deep = "[".repeat(100_000);
        let form = format!("arg:limit=x&arg:loud=maybe&arg:level=3&arg:ratio=NaN&arg:to=kept&arg:when={deep}");
        let fields = sent(&form).unwrap_err();
        let wrong: Vec<_> = fields.iter().filter(|f| f.wrong.is_some()).map(|f| f.name.as_str()).collect();
        assert_eq!(wrong.len(), 5, "{wrong:?}");
        assert!(fields.iter().any(|field| field.name == "to" && field.value == "kept" && field.wrong.is_none()));
    }
}
