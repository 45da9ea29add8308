//! A tool's arguments as its method's request: each argument is put where its path says.

use super::table::Tool;
use crate::contract::Method;
use crate::cut::quoted;
use crate::failure::Failure;
use crate::rest;
use prost::Message;
use serde_json::{Map, Value};

/// The request's bytes.
///
/// # Errors
/// An argument that the tool doesn't have, one that is missing, or one of the wrong type: each by name.
pub(super) fn request(tool: &Tool, method: &Method, given: &Map<String, Value>) -> Result<Vec<u8>, Failure> {
    let mut request = Map::new();
    for (name, value) in given.iter().filter(|(_, value)| !value.is_null()) {
        let Some(argument) = tool.takes.iter().find(|argument| argument.name() == name) else {
            return Err(unknown(tool, name));
        };
        put(&mut request, argument.path, value.clone());
    }
    for argument in tool.takes.iter().filter(|argument| given.get(argument.name()).is_none_or(Value::is_null)) {
        match argument.default {
            Some(text) => put(&mut request, argument.path, Value::Bool(text)),
            None if argument.must => {
                return Err(Failure::invalid(format!("argument '{}' is missing", argument.name())));
            }
            None => {}
        }
    }
    // Many methods want the message that holds their members, even where none is given.
    for argument in tool.takes {
        if let Some((parent, _)) = argument.path.split_once('.') {
            request.entry(parent).or_insert_with(|| Value::Object(Map::new()));
        }
    }
    rest::message_of(&method.descriptor.input(), &Value::Object(request)).map(|message| message.encode_to_vec())
}

fn unknown(tool: &Tool, name: &str) -> Failure {
    let names = tool.takes.iter().map(super::table::Argument::name);
    let meant = valetkey_domain::nearest(name, names).map(|near| format!("; did you mean '{near}'?"));
    Failure::invalid(format!("{} has no argument '{}'{}", tool.name, quoted(name), meant.unwrap_or_default()))
}

/// Puts a value where a path with dots says.
fn put(into: &mut Map<String, Value>, path: &str, value: Value) {
    match path.split_once('.') {
        None => {
            into.insert(path.to_owned(), value);
        }
        Some((first, rest)) => {
            let inner = into.entry(first).or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(inner) = inner {
                put(inner, rest, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::loaded;
    use prost_reflect::DynamicMessage;
    use serde_json::json;

    fn read(name: &str, given: &Value) -> Result<Value, String> {
        let contract = loaded();
        let tool = crate::control::tool(name).unwrap();
        let method = contract.method(tool.method).unwrap();
        let bytes = request(tool, method, given.as_object().unwrap()).map_err(|failure| failure.message)?;
        let message = DynamicMessage::decode(method.descriptor.input(), bytes.as_slice()).unwrap();
        Ok(serde_json::to_value(&message).unwrap())
    }

    #[test]
    fn arguments_go_where_their_path_says() {
        let given = json!({ "connection_id": "conn_1", "provider_key": "GMAIL", "client_id": "id", "scopes": ["a"] });
        let expected = json!({ "connectionId": "conn_1",
            "connection": { "providerKey": "GMAIL", "oauthConfig": { "clientId": "id", "scopes": ["a"] } } });
        assert_eq!(read("update_connection", &given), Ok(expected));
        let mapping = json!([{ "connection_name": "MY_GMAIL", "tools": ["gmail_fetch_mails"] }]);
        let config = read("create_mcp_config", &json!({ "name": "a", "connection_tool_mappings": mapping })).unwrap();
        assert_eq!(config.pointer("/config/connectionToolMappings/0/connectionName"), Some(&json!("MY_GMAIL")));
        assert_eq!(
            read("create_account", &json!({ "connector": "X", "identifier": "u" })).unwrap()["connectedAccount"],
            json!({})
        );
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (tool, given, said) in [
            ("create_connection", json!({}), "argument 'provider_key' is missing"),
            ("create_connection", json!({ "provider_key": null }), "argument 'provider_key' is missing"),
            (
                "list_mcp_configs",
                json!({ "pagesize": 1 }),
                "list_mcp_configs has no argument 'pagesize'; did you mean 'page_size'?",
            ),
            // What the tool leaves out of its method's request is not to be had by another way.
            (
                "create_connection",
                json!({ "provider_key": "X", "connection": {} }),
                "create_connection has no argument 'connection'",
            ),
            ("list_mcp_configs", json!({ "page_size": "many" }), "the request's 'page_size'"),
            (
                "create_mcp_config",
                json!({ "name": "a", "connection_tool_mappings": [{ "tool": [] }] }),
                "the request has an unknown member 'config.connection_tool_mappings[0].tool'; did you mean 'tools'?",
            ),
        ] {
            let refused = read(tool, &given).unwrap_err();
            assert!(refused.starts_with(said), "{refused}");
        }
    }
}
