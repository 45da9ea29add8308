//! Puts texts from a path or a query into the fields of a request: `filter.name=x`, `tools=a&tools=b`, `pageSize=5`.

use super::names::{self, nearest};
use crate::cut::quoted;
use prost_reflect::{
    Cardinality, DynamicMessage, EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor, ReflectMessage, Value,
};

/// Puts a text into the field at a path of names; a repeated field gets one item more.
///
/// # Errors
/// Says what is wrong with the name or the text, naming the path.
pub(super) fn put(message: &mut DynamicMessage, path: &str, text: &str) -> Result<(), String> {
    let (owner, field) = owner(message, path, path)?;
    let value = value(&field.kind(), text).map_err(|why| format!("'{}' {why}", quoted(path)))?;
    match owner.get_field_mut(&field) {
        Value::List(items) => items.push(value),
        Value::Map(_) => return Err(format!("'{}' is an object: give it in a body", quoted(path))),
        _ => owner.set_field(&field, value),
    }
    Ok(())
}

/// Walks to the message that holds the last field of the path.
fn owner<'a>(
    message: &'a mut DynamicMessage,
    rest: &str,
    path: &str,
) -> Result<(&'a mut DynamicMessage, FieldDescriptor), String> {
    let (name, rest) = rest.split_once('.').map_or((rest, None), |(name, rest)| (name, Some(rest)));
    let field = names::field(&message.descriptor(), name).ok_or_else(|| unknown(&message.descriptor(), path, name))?;
    let Some(rest) = rest else { return Ok((message, field)) };
    let plain = field.cardinality() != Cardinality::Repeated && !is_well_known(&field.kind());
    match message.get_field_mut(&field) {
        Value::Message(inner) if plain => owner(inner, rest, path),
        _ => Err(format!("'{}': '{name}' has no members", quoted(path))),
    }
}

fn unknown(of: &MessageDescriptor, path: &str, name: &str) -> String {
    format!("unknown parameter '{}'{}", quoted(path), nearest(of, name))
}

fn is_well_known(kind: &Kind) -> bool {
    kind.as_message().is_some_and(|message| message.package_name() == "google.protobuf")
}

/// Reads a text as a value of this kind.
fn value(kind: &Kind, text: &str) -> Result<Value, String> {
    let number = |what: &str| format!("must be {what}");
    match kind {
        Kind::String => Ok(Value::String(text.to_owned())),
        Kind::Bool => text.parse().map(Value::Bool).map_err(|_| "must be true or false".to_owned()),
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => {
            text.parse().map(Value::I32).map_err(|_| number("a whole number"))
        }
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => {
            text.parse().map(Value::I64).map_err(|_| number("a whole number"))
        }
        Kind::Uint32 | Kind::Fixed32 => text.parse().map(Value::U32).map_err(|_| number("a whole number from 0 on")),
        Kind::Uint64 | Kind::Fixed64 => text.parse().map(Value::U64).map_err(|_| number("a whole number from 0 on")),
        Kind::Float => text.parse().map(Value::F32).map_err(|_| number("a number")),
        Kind::Double => text.parse().map(Value::F64).map_err(|_| number("a number")),
        Kind::Enum(known) => enumeration(known, text).map(Value::EnumNumber),
        Kind::Message(message) => well_known(message, text),
        Kind::Bytes => Err("is made of bytes: give it in a body".to_owned()),
    }
}

fn enumeration(known: &EnumDescriptor, text: &str) -> Result<i32, String> {
    let by_name = known.get_value_by_name(text).map(|value| value.number());
    by_name.or_else(|| text.parse().ok()).ok_or_else(|| {
        let names: Vec<_> = known.values().map(|value| value.name().to_owned()).collect();
        format!("must be one of {}", names.join(", "))
    })
}

/// A wrapper takes what it wraps; instants, durations and field masks take their JSON text.
fn well_known(message: &MessageDescriptor, text: &str) -> Result<Value, String> {
    let name = message.full_name();
    if let Some(wrapped) =
        message.get_field_by_name("value").filter(|_| name.ends_with("Value") && message.fields().len() == 1)
    {
        let mut wrapper = DynamicMessage::new(message.clone());
        wrapper.set_field(&wrapped, value(&wrapped.kind(), text)?);
        return Ok(Value::Message(wrapper));
    }
    let wanted = match name {
        "google.protobuf.Timestamp" => "an instant such as 2026-01-31T08:30:00Z",
        "google.protobuf.Duration" => "a duration such as 3600s",
        "google.protobuf.FieldMask" => "field names with commas between",
        _ => return Err("is an object: give its members with dots, or give it in a body".to_owned()),
    };
    let json = serde_json::Value::String(text.to_owned());
    DynamicMessage::deserialize(message.clone(), json).map(Value::Message).map_err(|_| format!("must be {wanted}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::loaded;

    fn read(message: &str, pairs: &[(&str, &str)]) -> Result<String, String> {
        let pool = loaded().pool.clone();
        let mut request = DynamicMessage::new(pool.get_message_by_name(&format!("scalekit.v1.{message}")).unwrap());
        for (path, text) in pairs {
            put(&mut request, path, text)?;
        }
        Ok(serde_json::to_string(&request).unwrap())
    }

    #[test]
    fn scalars_lists_members_and_both_cases() {
        assert_eq!(
            read("mcp.ListMcpConfigsRequest", &[("page_size", "5"), ("pageToken", "x"), ("filter.mcpServerUrl", "u")]),
            Ok(r#"{"filter":{"mcpServerUrl":"u"},"pageSize":5,"pageToken":"x"}"#.into())
        );
        assert_eq!(
            read(
                "connected_accounts.ListConnectedAccountsRequest",
                &[("connection_names", "a"), ("connectionNames", "b")]
            ),
            Ok(r#"{"connectionNames":["a","b"]}"#.into())
        );
    }

    #[test]
    fn enums_wrappers_and_instants() {
        for status in ["COMPLETED", "3"] {
            let request = read("connections.SearchOrganizationConnectionsRequest", &[("status", status)]);
            assert_eq!(request, Ok(r#"{"status":"COMPLETED"}"#.into()));
        }
        let tools = read("tools.ListToolsRequest", &[("filter.summary", "true")]);
        assert_eq!(tools, Ok(r#"{"filter":{"summary":true}}"#.into()));
        let logs = read("agentkit_logs.ListToolCallLogsRequest", &[("start_time", "2026-01-31T08:30:00Z")]);
        assert_eq!(logs, Ok(r#"{"startTime":"2026-01-31T08:30:00Z"}"#.into()));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let cases = [
            (("pagesize", "5"), "unknown parameter 'pagesize'; did you mean 'page_size'?"),
            (("filter.nam", "x"), "unknown parameter 'filter.nam'; did you mean 'name'?"),
            (("page_size", "-1"), "'page_size' must be a whole number from 0 on"),
            (("filter", "x"), "'filter' is an object: give its members with dots, or give it in a body"),
            (("search.x", "x"), "'search.x': 'search' has no members"),
        ];
        for (pair, expected) in cases {
            assert_eq!(read("mcp.ListMcpConfigsRequest", &[pair]).unwrap_err(), expected);
        }
        let status = read("connections.SearchOrganizationConnectionsRequest", &[("status", "DONE")]).unwrap_err();
        assert!(
            status.ends_with("must be one of CONNECTION_STATUS_UNSPECIFIED, DRAFT, IN_PROGRESS, COMPLETED"),
            "{status}"
        );
    }
}
