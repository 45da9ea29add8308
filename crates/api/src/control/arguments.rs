//! A tool's arguments as its method's request: each argument is put where its path says.

use super::listing;
use super::table::{Argument, CLEAR, Tool};
use crate::contract::Method;
use crate::cut::quoted;
use crate::failure::Failure;
use crate::rest;
use prost::Message;
use serde_json::{Map, Value};
use valetkey_app::tools::coerced;
use valetkey_domain::Kind;

/// The request's bytes. Models fill what they have nothing for with `""`, `[]` or `{}`: for an argument that may be left out
/// that is the same as leaving it out, or it would take away what nobody meant. Who means it says so by `clear`.
///
/// # Errors
/// An argument that the tool doesn't have, one that is missing, or one of the wrong type: each by name.
pub(super) fn request(tool: &Tool, method: &Method, given: &Map<String, Value>) -> Result<Vec<u8>, Failure> {
    let schema = listing::schema_of(tool).ok_or_else(|| Failure::new(Kind::Internal, "the tool has no schema"))?;
    let described = |name: &str| schema.get("properties").and_then(|all| all.get(name)).unwrap_or(&Value::Null);
    let required =
        |name: &str| schema.get("required").and_then(Value::as_array).is_some_and(|all| all.contains(&name.into()));
    let mut request = Map::new();
    let cleared = cleared(tool, given)?;
    let mut missing: Vec<&Argument> = Vec::new();
    let known = |name: &str| {
        (name == CLEAR && !tool.clears.is_empty()) || tool.takes.iter().any(|argument| argument.name() == name)
    };
    if let Some(name) = given.keys().find(|name| !known(name)) {
        return Err(unknown(tool, name));
    }
    for argument in tool.takes {
        let name = argument.name();
        let value = given.get(name).and_then(|value| coerced(described(name), required(name), value));
        match value {
            Some(_) if cleared.contains(&name) => {
                return Err(Failure::invalid(format!(
                    "argument '{name}' is given, and to be cleared: do one of the two"
                )));
            }
            Some(value) => put(&mut request, argument.path, value),
            None if cleared.contains(&name) => put(&mut request, argument.path, empty(described(name))),
            None => missing.push(argument),
        }
    }
    for argument in missing {
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

/// The arguments that are to be emptied.
fn cleared<'g>(tool: &Tool, given: &'g Map<String, Value>) -> Result<Vec<&'g str>, Failure> {
    let Some(names) = given.get(CLEAR).filter(|_| !tool.clears.is_empty()) else { return Ok(Vec::new()) };
    let names: Vec<&Value> = match names {
        Value::Null => Vec::new(),
        Value::Array(names) => names.iter().collect(),
        one => vec![one],
    };
    let known = |name: &'g Value| name.as_str().filter(|name| name.is_empty() || tool.clears.contains(name));
    let known: Option<Vec<&str>> = names.into_iter().map(known).collect();
    known.ok_or_else(|| Failure::invalid(format!("argument '{CLEAR}' takes only: {}", tool.clears.join(", "))))
}

/// What an emptied argument is.
fn empty(described: &Value) -> Value {
    match described.get("type").and_then(Value::as_str) {
        Some("array") => Value::Array(Vec::new()),
        Some("object") => Value::Object(Map::new()),
        _ => Value::String(String::new()),
    }
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

    /// What models fill in for what they have nothing for changes nothing and is not refused.
    #[test]
    fn a_placeholder_is_not_given_and_what_is_to_be_emptied_is_named() {
        let placeholders = json!({ "provider": "", "query": " ", "page_token": "", "page_size": null });
        assert_eq!(read("list_connections", &placeholders), read("list_connections", &json!({})));
        for (tool, least, more) in [
            (
                "update_connection",
                json!({ "connection_id": "conn_1", "provider_key": "GMAIL", "client_id": "id" }),
                json!({ "client_secret": "", "authorize_uri": "", "token_uri": " ", "user_info_uri": null, "scopes": [] }),
            ),
            (
                "update_mcp_config",
                json!({ "config_id": "cfg_1", "description": "d" }),
                json!({ "connection_tool_mappings": [] }),
            ),
            (
                "update_organization",
                json!({ "id": "org_1", "display_name": "Acme" }),
                json!({ "external_id": "", "metadata": {}, "clear": null }),
            ),
        ] {
            let mut filled = least.clone();
            filled.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            assert_eq!(read(tool, &filled), read(tool, &least), "{tool}");
        }
        let cleared = read("update_organization", &json!({ "id": "org_1", "clear": ["external_id"] })).unwrap();
        assert_eq!(cleared["organization"], json!({ "externalId": "" }));
        let cleared = read("update_organization", &json!({ "id": "org_1", "clear": "external_id" })).unwrap();
        assert_eq!(cleared["organization"], json!({ "externalId": "" }), "one where a list is due");
        for (given, said) in [
            (json!({ "id": "org_1", "clear": ["id"] }), "argument 'clear' takes only: external_id"),
            (
                json!({ "id": "org_1", "external_id": "a", "clear": ["external_id"] }),
                "argument 'external_id' is given, and to be cleared",
            ),
        ] {
            let refused = read("update_organization", &given).unwrap_err();
            assert!(refused.starts_with(said), "{refused}");
        }
        // What has to be given is refused by its rule, not passed over.
        assert!(read("update_connection", &json!({ "connection_id": "conn_1", "provider_key": "" })).is_ok());
    }

    /// Lists and objects as JSON text, one text where a list is due.
    #[test]
    fn what_can_mean_one_thing_only_is_taken_for_it() {
        let mapping = json!([{ "connection_name": "MY_GMAIL", "tools": ["gmail_fetch_mails"] }]);
        let plain = read("create_mcp_config", &json!({ "name": "a", "connection_tool_mappings": mapping }));
        let text = json!({ "name": "a", "connection_tool_mappings": mapping.to_string() });
        assert_eq!(read("create_mcp_config", &text), plain);
        let one = json!({ "connection_id": "conn_1", "provider_key": "GMAIL", "scopes": "a" });
        let config = read("update_connection", &one).unwrap();
        assert_eq!(config.pointer("/connection/oauthConfig/scopes"), Some(&json!(["a"])));
        assert_eq!(
            read("list_connections", &json!({ "page_size": "5" })),
            read("list_connections", &json!({ "page_size": 5 }))
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
