//! JSON as messages.
//!
//! Both snake_case and lowerCamelCase names are read; a member that doesn't exist is refused by name, for a typo that is
//! passed over in silence costs an hour. How messages become JSON is said in [`crate::written`].

use super::names::{self, nearest};
use crate::cut::{cut, quoted};
use crate::failure::Failure;
use prost_reflect::{DynamicMessage, Kind, MessageDescriptor};
use serde_json::Value;

/// Reads a body as a message; an empty body is an empty message. `field` is the field that the body is, if it isn't
/// the whole request.
///
/// # Errors
/// It is no JSON, has an unknown member, or one of the wrong type: each is named with its place.
pub(super) fn read(
    descriptor: &MessageDescriptor,
    body: &[u8],
    field: Option<&str>,
) -> Result<DynamicMessage, Failure> {
    if is_empty(body) {
        return Ok(DynamicMessage::new(descriptor.clone()));
    }
    let unreadable = |why| Failure::invalid(format!("the body is not JSON that can be read here: {}", words(&why)));
    let json = valetkey_domain::json::parse(body).map_err(unreadable)?;
    let doubled = field.filter(|name| json.get(name).is_some() && descriptor.get_field_by_name(name).is_none());
    if let Some(name) = doubled {
        return Err(Failure::invalid(format!("the body is '{name}' itself: leave the outer member out")));
    }
    made(descriptor, &json, "the body")
}

/// A request that is JSON already as a message.
///
/// # Errors
/// As for a body.
pub(crate) fn message_of(descriptor: &MessageDescriptor, json: &Value) -> Result<DynamicMessage, Failure> {
    made(descriptor, json, "the request")
}

/// `whole` is what the JSON is called.
fn made(descriptor: &MessageDescriptor, json: &Value, whole: &str) -> Result<DynamicMessage, Failure> {
    known(descriptor, json, "", whole)?;
    let mut track = serde_path_to_error::Track::new();
    let tracked = serde_path_to_error::Deserializer::new(json, &mut track);
    let message = DynamicMessage::deserialize(descriptor.clone(), tracked);
    message.map_err(|why| {
        let place = track.path().to_string();
        Failure::invalid(format!("{whole}'s '{}': {}", quoted(&place), words(&why)))
    })
}

/// Whether there is nothing in a body, a byte-order mark left aside.
pub(super) fn is_empty(body: &[u8]) -> bool {
    valetkey_domain::json::unmarked(body).iter().all(u8::is_ascii_whitespace)
}

/// What a reader says of a body. It may repeat a value, of any length.
fn words(why: &serde_json::Error) -> String {
    cut(&why.to_string(), 300).into_owned()
}

/// Refuses members that don't exist.
fn known(descriptor: &MessageDescriptor, json: &Value, place: &str, whole: &str) -> Result<(), Failure> {
    let Value::Object(members) = json else { return Ok(()) };
    if descriptor.package_name() == "google.protobuf" {
        return Ok(());
    }
    for (name, value) in members {
        let place = if place.is_empty() { name.clone() } else { format!("{place}.{name}") };
        let Some(field) = names::field(descriptor, name) else {
            return Err(Failure::invalid(format!(
                "{whole} has an unknown member '{}'{}",
                quoted(&place),
                nearest(descriptor, name)
            )));
        };
        let Kind::Message(inner) = field.kind() else { continue };
        match value {
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    known(&inner, item, &format!("{place}[{index}]"), whole)?;
                }
            }
            one if !field.is_map() => known(&inner, one, &place, whole)?,
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::loaded;
    use crate::written::Plan;
    use prost::Message;
    use prost_reflect::ReflectMessage;
    use serde_json::json;

    fn descriptor(name: &str) -> MessageDescriptor {
        loaded().pool.get_message_by_name(&format!("scalekit.v1.{name}")).unwrap()
    }

    fn written(message: &DynamicMessage) -> Value {
        let plan = Plan::of(&message.descriptor()).unwrap();
        serde_json::from_slice(&plan.write(&message.encode_to_vec()).unwrap()).unwrap()
    }

    fn read_as(name: &str, json: &Value) -> Result<DynamicMessage, String> {
        read(&descriptor(name), json.to_string().as_bytes(), None).map_err(|failure| failure.message)
    }

    #[test]
    fn both_cases_in_and_snake_case_out() {
        let snake = json!({ "config_name": "c", "user_identifier": "u" });
        let camel = json!({ "configName": "c", "userIdentifier": "u" });
        let name = "mcp.EnsureMcpInstanceRequest";
        let message = read_as(name, &snake).unwrap();
        assert_eq!(message, read_as(name, &camel).unwrap());
        assert_eq!(written(&message), json!({ "name": "", "config_name": "c", "user_identifier": "u" }));
    }

    #[test]
    fn struct_numbers_go_in_and_come_out_as_they_were() {
        let params = json!({ "count": 3, "ratio": 0.5, "list": [1, -2, 1e300], "big": 9_007_199_254_740_992_i64 });
        let message = read_as("tools.ExecuteToolRequest", &json!({ "tool_name": "t", "params": params })).unwrap();
        let out = written(&message);
        assert_eq!(out["params"], params);
        assert_eq!(out["params"]["count"].to_string(), "3");
    }

    #[test]
    fn presence_decides_what_is_left_out() {
        let message = DynamicMessage::new(descriptor("mcp.McpInstance"));
        let empty = json!({ "id": "", "name": "", "user_identifier": "", "url": "" });
        assert_eq!(written(&message), empty);
        let mapping = DynamicMessage::new(descriptor("mcp.McpConfigConnectionToolMapping"));
        let empty = json!({ "connection_id": "", "connection_name": "", "provider": "", "tools": [] });
        assert_eq!(written(&mapping), empty);
    }

    #[test]
    fn wrappers_instants_and_enums() {
        let json = json!({ "connection_id": "conn_1", "connection": { "type": "OAUTH", "provider_key": "GMAIL",
            "oauth_config": { "client_id": "x", "pkce_enabled": true } } });
        let message = read_as("connections.UpdateEnvironmentConnectionRequest", &json).unwrap();
        let connection = &written(&message)["connection"];
        assert_eq!(connection["oauth_config"]["client_id"], "x");
        assert_eq!(connection["oauth_config"]["pkce_enabled"], true);
        assert_eq!(connection["oauth_config"].get("token_uri"), None);
        assert_eq!(connection["type"], "OAUTH");
        let account = json!({ "updated_at": "2026-01-31T08:30:00Z", "status": 1 });
        let out = written(&read_as("connected_accounts.ConnectedAccountForList", &account).unwrap());
        assert_eq!((&out["updated_at"], &out["status"]), (&json!("2026-01-31T08:30:00Z"), &json!("ACTIVE")));
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place() {
        let update = |json: Value| read_as("mcp.UpdateMcpConfigRequest", &json).unwrap_err();
        assert_eq!(
            update(json!({ "descripton": "x" })),
            "the body has an unknown member 'descripton'; did you mean 'description'?"
        );
        assert_eq!(
            update(json!({ "connection_tool_mappings": [{ "conection_name": "x" }] })),
            "the body has an unknown member 'connection_tool_mappings[0].conection_name'; did you mean 'connection_name'?"
        );
        let wrong = update(json!({ "connection_tool_mappings": [{ "tools": "x" }] }));
        assert!(wrong.starts_with("the body's 'connection_tool_mappings[0].tools': "), "{wrong}");
        let not_json = read(&descriptor("mcp.McpConfig"), b"{", None).unwrap_err().message;
        assert!(not_json.starts_with("the body is not JSON that can be read here: "), "{not_json}");
        let twice = read(&descriptor("mcp.McpConfig"), br#"{"name":"a","name":"b"}"#, None).unwrap_err().message;
        assert!(twice.contains("the same member twice"), "{twice}");
        let nested = read(&descriptor("mcp.McpConfig"), br#"{"config":{"name":"x"}}"#, Some("config")).unwrap_err();
        assert_eq!(nested.message, "the body is 'config' itself: leave the outer member out");
    }

    #[test]
    fn deep_nesting_is_refused_and_not_followed() {
        let deep = format!("{{\"params\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(read(&descriptor("tools.ExecuteToolRequest"), deep.as_bytes(), None).is_err());
    }
}
