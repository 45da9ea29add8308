//! The root of an input schema: model vendors take an object with properties there, and nothing that combines schemas.

use serde_json::{Map, Value, json};

/// What combines schemas.
const COMBINES: [&str; 7] = ["allOf", "anyOf", "oneOf", "not", "if", "then", "else"];
/// How many references are followed, one from another.
const HOPS: usize = 8;

/// Whether nothing is combined at the root, so that what a property says there is all that is said of it.
pub(super) fn is_plain(schema: &Map<String, Value>) -> bool {
    !schema.contains_key("$ref") && COMBINES.iter().all(|keyword| !schema.contains_key(*keyword))
}

/// Brings properties to the root, and takes away what combines schemas there.
///
/// # Errors
/// It describes something else than an object.
pub(super) fn flatten(schema: &mut Map<String, Value>, changes: &mut Vec<String>) -> Result<(), String> {
    let root = Value::Object(schema.clone());
    if schema.shift_remove("$ref").is_some()
        && let Some(target) = followed(&root, &root)
    {
        merge(schema, &target, true);
    }
    for keyword in COMBINES {
        let Some(combined) = schema.shift_remove(keyword) else { continue };
        changes.push(format!("what `{keyword}` says of its arguments together is left to the server"));
        let branches = combined.as_array().cloned().unwrap_or_else(|| vec![combined]);
        for branch in branches.iter().filter(|_| keyword != "not") {
            if let Some(branch) = followed(&root, branch) {
                merge(schema, &branch, keyword == "allOf");
            }
        }
    }
    for keyword in ["enum", "const"] {
        if schema.shift_remove(keyword).is_some() {
            changes.push(format!("`{keyword}` of all its arguments is left to the server"));
        }
    }
    let object = match schema.get("type") {
        None => true,
        Some(Value::String(kind)) => kind == "object",
        Some(Value::Array(kinds)) => kinds.iter().any(|kind| kind == "object"),
        Some(_) => false,
    };
    if !object {
        return Err("its input schema is not of an object".to_owned());
    }
    schema.insert("type".to_owned(), json!("object"));
    schema.entry("properties").or_insert_with(|| json!({}));
    Ok(())
}

/// The schema that is meant, through references within the document.
fn followed(root: &Value, schema: &Value) -> Option<Map<String, Value>> {
    let mut at = schema;
    for _ in 0..HOPS {
        match at.get("$ref").and_then(Value::as_str) {
            None => return at.as_object().cloned(),
            Some(reference) => at = root.pointer(reference.strip_prefix('#')?)?,
        }
    }
    None
}

/// Adds what another schema says of properties; what is demanded there only if `demands`.
fn merge(schema: &mut Map<String, Value>, other: &Map<String, Value>, demands: bool) {
    if let Some(Value::Object(more)) = other.get("properties") {
        let properties = schema.entry("properties").or_insert_with(|| json!({}));
        if let Value::Object(properties) = properties {
            for (name, property) in more {
                properties.entry(name.clone()).or_insert_with(|| property.clone());
            }
        }
    }
    if !demands {
        return;
    }
    for keyword in ["type", "description", "additionalProperties"] {
        if let Some(value) = other.get(keyword) {
            schema.entry(keyword).or_insert_with(|| value.clone());
        }
    }
    if let Some(Value::Array(more)) = other.get("required") {
        let required = schema.entry("required").or_insert_with(|| json!([]));
        if let Value::Array(required) = required {
            required.extend(more.iter().filter(|name| name.is_string()).cloned());
            let mut seen = std::collections::HashSet::new();
            required.retain(|name| seen.insert(name.to_string()));
        }
    }
}
