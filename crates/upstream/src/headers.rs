//! Headers that repeat what the body says, so that a gateway on the way can decide by them alone (the modern era's
//! `Mcp-Method`, `Mcp-Name` and `Mcp-Param-…`).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Map, Value};

const BEGIN: &str = "=?base64?";
const END: &str = "?=";
/// The member of a property's schema that names its header.
const NAMED: &str = "x-mcp-header";
/// How many headers one tool may want, and how deep they may stand.
const MOST: usize = 32;
const DEEPEST: usize = 8;

/// An argument that a server wants to see in a header too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    header: HeaderName,
    path: Vec<String>,
}

impl Parameter {
    /// Those that a tool's input schema names.
    ///
    /// # Errors
    /// One that is none: such a tool can't be called.
    pub fn of(schema: &Value) -> Result<Vec<Self>, &'static str> {
        let mut found = Vec::new();
        collect(schema, &mut Vec::new(), &mut found)?;
        Ok(found)
    }
}

fn collect(schema: &Value, path: &mut Vec<String>, found: &mut Vec<Parameter>) -> Result<(), &'static str> {
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else { return Ok(()) };
    for (name, property) in properties {
        path.push(name.clone());
        if let Some(named) = property.get(NAMED) {
            let kind = property.get("type").and_then(Value::as_str);
            let header = named.as_str().filter(|name| !name.is_empty());
            let header = header.and_then(|name| HeaderName::try_from(format!("mcp-param-{name}")).ok());
            let plain = matches!(kind, Some("string" | "integer" | "boolean"));
            let header = header.filter(|_| plain).ok_or("names a header for an argument that none can hold")?;
            if found.len() >= MOST || found.iter().any(|one| one.header == header) {
                return Err("names one header twice, or too many");
            }
            found.push(Parameter { header, path: path.clone() });
        }
        if path.len() < DEEPEST {
            collect(property, path, found)?;
        }
        path.pop();
    }
    Ok(())
}

/// Adds what the modern era wants beside the body.
pub(crate) fn mirror(headers: &mut HeaderMap, method: &str, name: Option<&str>) {
    headers.insert("mcp-method", value(method));
    if let Some(name) = name {
        headers.insert("mcp-name", value(name));
    }
}

/// Adds the arguments that a server wants to see in headers.
pub(crate) fn mirror_arguments(headers: &mut HeaderMap, wanted: &[Parameter], arguments: &Map<String, Value>) {
    for Parameter { header, path } in wanted {
        let mut at = path.first().and_then(|name| arguments.get(name));
        for name in path.iter().skip(1) {
            at = at.and_then(|value| value.get(name));
        }
        let text = match at {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Bool(truth)) => truth.to_string(),
            Some(Value::Number(number)) => number.to_string(),
            _ => continue,
        };
        headers.insert(header.clone(), value(&text));
    }
}

/// A text as a header: as it is, or in base64 where it would not survive as that.
fn value(text: &str) -> HeaderValue {
    let edge = |byte: Option<&u8>| matches!(byte, Some(b' ' | b'\t'));
    let bytes = text.as_bytes();
    let reads_as_encoded = text.starts_with(BEGIN) && text.ends_with(END);
    let plain = bytes.iter().all(|byte| (0x20..=0x7e).contains(byte))
        && !(edge(bytes.first()) || edge(bytes.last()) || reads_as_encoded);
    let encoded = || HeaderValue::from_str(&format!("{BEGIN}{}{END}", STANDARD.encode(text)));
    let made = if plain { HeaderValue::from_str(text) } else { encoded() };
    made.unwrap_or_else(|_| HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn attack_39_what_an_argument_says_stays_in_its_header() {
        for (text, header) in [
            ("us-west1", "us-west1"),
            ("a\r\nHost: evil", "=?base64?YQ0KSG9zdDogZXZpbA==?="),
            (" x", "=?base64?IHg=?="),
            ("ü", "=?base64?w7w=?="),
            ("=?base64?eA==?=", "=?base64?PT9iYXNlNjQ/ZUE9PT89?="),
            ("", ""),
        ] {
            assert_eq!(value(text), header, "{text:?}");
        }
    }

    #[test]
    fn arguments_go_into_the_headers_that_their_schema_names() {
        let schema = json!({"properties": {
            "region": {"type": "string", "x-mcp-header": "Region"},
            "deep": {"type": "object", "properties": {"n": {"type": "integer", "x-mcp-header": "N"}}},
        }});
        let wanted = Parameter::of(&schema).unwrap();
        let mut headers = HeaderMap::new();
        let arguments = json!({"region": "eu", "deep": {"n": 3}, "other": 1});
        mirror_arguments(&mut headers, &wanted, arguments.as_object().unwrap());
        assert_eq!((&headers["mcp-param-region"], &headers["mcp-param-n"]), (&value("eu"), &value("3")));
        for wrong in [
            json!({"type": "array", "x-mcp-header": "A"}),
            json!({"type": "number", "x-mcp-header": "A"}),
            json!({"type": "string", "x-mcp-header": "a b"}),
        ] {
            assert!(Parameter::of(&json!({ "properties": { "p": wrong } })).is_err());
        }
    }
}
