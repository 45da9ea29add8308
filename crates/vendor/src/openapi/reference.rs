//! References within one document.

use crate::Error;
use serde_json::Value;

/// What a reference leads to, within the document.
pub(super) fn followed<'a>(document: &'a Value, value: &'a Value) -> Result<&'a Value, Error> {
    let Some(reference) = value.get("$ref").and_then(Value::as_str) else { return Ok(value) };
    let target = reference.strip_prefix('#').and_then(|pointer| document.pointer(pointer));
    target.ok_or_else(|| Error::NoSchema(reference.to_owned()))
}
