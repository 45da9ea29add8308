//! The tools' definitions: names, words and annotations from the table, schemas from the descriptors.

use super::table::{Argument, CLEAR, Effect, TOOLS, Tool};
use crate::contract::Contract;
use crate::openapi::Schemas;
use crate::options::BadContract;
use bytes::Bytes;
use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::sync::LazyLock;
use valetkey_app::tools::listed;

/// Written for the first who asks: it quotes the comments of the .proto files, which would take megabytes from the start
/// on.
static LISTING: LazyLock<Result<Listing, BadContract>> = LazyLock::new(|| {
    let contract = Contract::commented()?;
    let tools = TOOLS.iter().map(|tool| definition(&contract, tool)).collect::<Result<Vec<_>, _>>()?;
    let (tools, schemas): (Vec<Value>, Vec<Value>) = tools.into_iter().unzip();
    let schemas = TOOLS.iter().map(|tool| tool.name).zip(schemas).collect();
    Ok(Listing { written: Value::Array(tools).to_string().into(), schemas })
});

struct Listing {
    written: Bytes,
    /// What is checked, by the tools' names.
    schemas: HashMap<&'static str, Value>,
}

/// The definitions as a JSON array.
///
/// # Errors
/// A tool names something that the .proto files don't have.
pub(super) fn written() -> Result<Bytes, &'static BadContract> {
    LISTING.as_ref().map(|listing| listing.written.clone())
}

/// What a tool's arguments are.
pub(super) fn schema_of(tool: &Tool) -> Option<&'static Value> {
    LISTING.as_ref().ok()?.schemas.get(tool.name)
}

/// A tool as it is shown, and the schema of its arguments as they are checked.
fn definition(contract: &Contract, tool: &Tool) -> Result<(Value, Value), BadContract> {
    let checked = schema(contract, tool)?;
    let shown = json!({
        "name": tool.name,
        "description": tool.says,
        "inputSchema": listed(&checked),
        "annotations": annotations(tool.effect),
    });
    Ok((shown, checked))
}

/// All four, for a client takes the worst of what isn't said.
fn annotations(effect: Effect) -> Value {
    json!({
        "readOnlyHint": effect == Effect::Reads,
        "destructiveHint": matches!(effect, Effect::Deletes | Effect::Acts),
        "idempotentHint": matches!(effect, Effect::Reads | Effect::Sets),
        "openWorldHint": effect == Effect::Acts,
    })
}

fn schema(contract: &Contract, tool: &Tool) -> Result<Value, BadContract> {
    let missing = |what: &str| BadContract::new(format!("{}: there is no {what}", tool.name));
    let input = contract.method(tool.method).ok_or_else(|| missing(tool.method))?.descriptor.input();
    let mut schemas = Schemas::inline(contract);
    let (mut properties, mut required) = (Map::new(), Vec::new());
    for argument in tool.takes {
        let (of, field) = find(input.clone(), argument.path).ok_or_else(|| missing(argument.path))?;
        if argument.must || schemas.required(&of, &field) {
            required.push(argument.name());
        }
        properties.insert(argument.name().to_owned(), described(schemas.field(&of, &field), argument));
    }
    if !tool.clears.is_empty() {
        let says = "Arguments to be emptied. What is given blank counts as not given.";
        let items = json!({ "type": "string", "enum": tool.clears });
        properties.insert(CLEAR.into(), json!({ "type": "array", "items": items, "description": says }));
    }
    Ok(json!({ "type": "object", "properties": properties, "required": required }))
}

fn described(mut schema: Value, argument: &Argument) -> Value {
    if let Some(members) = schema.as_object_mut() {
        if !argument.says.is_empty() {
            members.insert("description".into(), argument.says.into());
        }
        if let Some(default) = argument.default {
            members.insert("default".into(), default.into());
        }
    }
    schema
}

/// The field at a path, and the message that it is of.
fn find(of: MessageDescriptor, path: &str) -> Option<(MessageDescriptor, FieldDescriptor)> {
    match path.split_once('.') {
        None => of.get_field_by_name(path).map(|field| (of, field)),
        Some((first, rest)) => match of.get_field_by_name(first)?.kind() {
            Kind::Message(inner) => find(inner, rest),
            _ => None,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tools() -> Vec<Value> {
        serde_json::from_slice(&written().unwrap()).unwrap()
    }

    #[test]
    fn every_tool_has_words_and_a_whole_schema() {
        for tool in tools() {
            let name = tool["name"].as_str().unwrap();
            assert!(name.len() <= 64 && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'), "{name}");
            assert!(tool["description"].as_str().unwrap().len() > 20, "{name}");
            assert!(!tool.to_string().contains("$ref"), "{name}");
            assert!(!tool.to_string().contains("additionalProperties"), "{name}: google-genai fails on it");
            for (argument, schema) in tool["inputSchema"]["properties"].as_object().unwrap() {
                assert!(schema["description"].as_str().is_some_and(|says| says.len() > 5), "{name}: {argument}");
            }
        }
    }

    #[test]
    fn what_only_answers_have_is_no_argument() {
        let text = written().unwrap();
        let text = String::from_utf8_lossy(&text);
        assert!(!text.contains("readOnly\""), "{text}");
        assert!(text.len() < 48 * 1024, "{}: it is read by every model that opens", text.len());
    }

    #[test]
    fn one_tool_whole() {
        let tools = tools();
        insta::assert_json_snapshot!(tools.iter().find(|tool| tool["name"] == "create_mcp_config").unwrap());
    }
}
