//! Input schemas as strict clients and model vendors take them: JSON Schema 2020-12 with a plain object at the root. What a
//! schema has beyond that is put into that form, or left out and said; the server checks by its own one anyway.

mod keywords;
mod root;

use serde_json::{Map, Value, json};

/// The longest schema, in bytes.
const LONGEST: usize = 128 * 1024;
/// The longest name of an argument that all vendors take, and how many there may be.
const LONGEST_NAME: usize = 64;
const MOST: usize = 500;

/// A schema that can be shown.
#[derive(Debug)]
pub(super) struct Fitted {
    /// The schema.
    pub(super) schema: Value,
    /// Arguments under another name than the server's own.
    pub(super) renamed: Vec<(String, String)>,
    /// Whether it says of each argument by itself what it takes.
    pub(super) plain: bool,
    /// What was changed.
    pub(super) changes: Vec<String>,
}

/// Makes a schema fit.
///
/// # Errors
/// Why it can't be.
pub(super) fn fitted(given: Option<&Value>) -> Result<Fitted, String> {
    let mut changes = Vec::new();
    let mut schema = match given {
        None | Some(Value::Null) => {
            changes.push("it has no input schema: taken as one without arguments".to_owned());
            Map::new()
        }
        Some(Value::Object(schema)) => schema.clone(),
        Some(_) => return Err("its input schema is no object".to_owned()),
    };
    if Value::Object(schema.clone()).to_string().len() > LONGEST {
        return Err(format!("its input schema has more than {LONGEST} bytes"));
    }
    let plain = root::is_plain(&schema);
    root::flatten(&mut schema, &mut changes)?;
    let mut whole = Value::Object(schema);
    let definitions = whole.clone();
    keywords::tidy(&mut whole, &definitions, &mut changes);
    let Value::Object(mut schema) = whole else { return Err("its input schema is no object".to_owned()) };
    let renamed = rename(&mut schema, &mut changes)?;
    let schema = Value::Object(schema);
    if let Err(why) = jsonschema::draft202012::meta::validate(&schema) {
        let at = why.instance_path().to_string();
        return Err(format!("its input schema is not valid at {}", if at.is_empty() { "/" } else { &at }));
    }
    changes.dedup();
    Ok(Fitted { schema, renamed, plain, changes })
}

/// Gives arguments names that all model vendors take.
fn rename(schema: &mut Map<String, Value>, changes: &mut Vec<String>) -> Result<Vec<(String, String)>, String> {
    let Some(Value::Object(properties)) = schema.get("properties") else { return Ok(Vec::new()) };
    if properties.len() > MOST {
        return Err(format!("it has more than {MOST} arguments"));
    }
    let mut renamed = Vec::new();
    let mut all = Map::new();
    for (own, property) in properties {
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        let name: String = own.chars().map(|c| if fits(c) { c } else { '_' }).take(LONGEST_NAME).collect();
        if all.contains_key(&name) || name.is_empty() || name != *own && properties.contains_key(&name) {
            return Err("two of its arguments would have one name".to_owned());
        }
        if name != *own {
            changes.push(format!("its argument is called `{name}` here"));
            renamed.push((name.clone(), own.clone()));
        }
        all.insert(name, property.clone());
    }
    if let Some(Value::Array(required)) = schema.get_mut("required") {
        for name in required {
            if let Some((shown, _)) = renamed.iter().find(|(_, own)| name == own) {
                *name = json!(shown);
            }
        }
    }
    schema.insert("properties".to_owned(), Value::Object(all));
    Ok(renamed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fit(schema: &Value) -> Result<Value, String> {
        fitted(Some(schema)).map(|fitted| fitted.schema)
    }

    #[test]
    fn an_object_stands_at_the_root_whatever_was_there() {
        let plain = json!({"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]});
        assert_eq!(fit(&plain).unwrap(), plain, "what fits stays");
        assert_eq!(fitted(Some(&plain)).unwrap().changes, Vec::<String>::new());
        for (given, kept) in [
            (json!({}), json!({"type": "object", "properties": {}})),
            (
                json!({"$schema": "http://json-schema.org/draft-07/schema#", "type": "object"}),
                json!({"type": "object", "properties": {}}),
            ),
            (json!({"type": ["object", "null"]}), json!({"type": "object", "properties": {}})),
            (
                json!({"$ref": "#/$defs/In", "$defs": {"In": {"type": "object", "properties": {"b": {}}, "required": ["b"]}}}),
                json!({"$defs": {"In": {"type": "object", "properties": {"b": {}}, "required": ["b"]}}, "type": "object", "properties": {"b": {}}, "required": ["b"]}),
            ),
            (
                json!({"type": "object", "properties": {"a": {}}, "required": ["a"], "anyOf": [{"properties": {"b": {}}, "required": ["b"]}, {"required": ["a"]}]}),
                json!({"type": "object", "properties": {"a": {}, "b": {}}, "required": ["a"]}),
            ),
            (
                json!({"allOf": [{"type": "object", "properties": {"b": {}}, "required": ["b"]}]}),
                json!({"type": "object", "properties": {"b": {}}, "required": ["b"]}),
            ),
        ] {
            assert_eq!(fit(&given).unwrap(), kept, "{given}");
        }
        for none in [
            json!({"type": "string"}),
            json!([]),
            json!({"properties": []}),
            json!({"type": "object", "properties": {"a": {"minimum": "x"}}}),
        ] {
            assert!(fit(&none).is_err(), "{none}");
        }
    }

    #[test]
    fn older_drafts_become_the_newest() {
        let given = json!({"type": "object", "properties": {
            "pair": {"type": "array", "items": [{"type": "string"}, {"type": "integer"}], "additionalItems": false},
            "n": {"type": "integer", "minimum": 0, "exclusiveMinimum": true},
            "m": {"type": "any", "required": true, "enum": []},
            "away": {"$ref": "https://evil.example/schema.json"},
            "lost": {"$ref": "#/$defs/nowhere"},
            "self": {"$ref": "#"},
            "odd": true,
        }});
        let kept = fit(&given).unwrap();
        let properties = &kept["properties"];
        assert_eq!(
            properties["pair"],
            json!({"type": "array", "prefixItems": [{"type": "string"}, {"type": "integer"}], "items": false})
        );
        assert_eq!(properties["n"], json!({"type": "integer", "exclusiveMinimum": 0}));
        for empty in ["m", "away", "lost", "odd"] {
            assert_eq!(properties[empty], json!({}), "{empty}");
        }
        assert_eq!(properties["self"], json!({"$ref": "#"}));
    }

    #[test]
    fn attack_73_references_in_a_circle_end() {
        for circle in [
            json!({"$ref": "#"}),
            json!({"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}}),
            json!({"allOf": [{"$ref": "#"}]}),
        ] {
            assert_eq!(fit(&circle).unwrap()["type"], "object", "{circle}");
        }
    }

    #[test]
    fn arguments_get_names_that_vendors_take() {
        let given = json!({"type": "object", "properties": {"$top": {}, "x-id": {}}, "required": ["$top"]});
        let made = fitted(Some(&given)).unwrap();
        assert_eq!(
            made.schema,
            json!({"type": "object", "properties": {"_top": {}, "x-id": {}}, "required": ["_top"]})
        );
        assert_eq!(made.renamed, [("_top".to_owned(), "$top".to_owned())]);
        assert!(fit(&json!({"type": "object", "properties": {"$a": {}, "_a": {}}})).is_err());
    }
}
