//! The rules that tie fields together, each a function: there are few, and an expression language for them would be
//! more to trust than they are to read.

use super::path::FieldPath;
use super::violations::Violations;
use prost_reflect::{DynamicMessage, Value};
use valetkey_proto::options::Invariant;
use valetkey_proto::v1::connections::{ConnectionProvider, ConnectionType};

/// Checks one invariant of the message at a place.
pub(super) fn check(violations: &mut Violations, invariant: Invariant, message: &DynamicMessage, path: FieldPath<'_>) {
    let rule = match invariant {
        Invariant::Unspecified => None,
        Invariant::ProviderNamed => provider_named(message),
        Invariant::ScalekitProviderKey => scalekit_provider_key(message),
        Invariant::WebauthnKeyId => webauthn_key_id(message),
        Invariant::NotEnvironmentType => not_environment_type(message),
        Invariant::ConnectorOrConnectionNames => connector_or_connection_names(message),
        Invariant::ConfigOrKey => config_or_key(message),
    };
    if let Some((field, description)) = rule {
        violations.note(
            FieldPath::Field(&path, field),
            &invariant.as_str_name().to_ascii_lowercase(),
            format_args!("{description}"),
        );
    }
}

type Broken = Option<(&'static str, &'static str)>;

fn provider_named(message: &DynamicMessage) -> Broken {
    let named = !text(message, "provider_key").is_empty() || number(message, "provider") != 0;
    (!named).then_some(("provider_key", "is required where provider is not given"))
}

fn scalekit_provider_key(message: &DynamicMessage) -> Broken {
    let own = number(message, "provider") == i32::from(ConnectionProvider::Scalekit);
    (own && text(message, "provider_key") != "SCALEKIT")
        .then_some(("provider_key", "must be SCALEKIT for the provider SCALEKIT"))
}

fn webauthn_key_id(message: &DynamicMessage) -> Broken {
    let webauthn = number(message, "type") == i32::from(ConnectionType::Webauthn);
    (webauthn && text(message, "key_id") != "WEBAUTHN").then_some(("key_id", "must be WEBAUTHN for the type WEBAUTHN"))
}

fn not_environment_type(message: &DynamicMessage) -> Broken {
    let of_environment = [ConnectionType::Oauth, ConnectionType::Passwordless, ConnectionType::Webauthn];
    let connection = message.get_field_by_name("connection")?;
    let kind = number(connection.as_message()?, "type");
    of_environment
        .iter()
        .any(|of| i32::from(*of) == kind)
        .then_some(("connection", "has a type that only connections of the environment have"))
}

fn connector_or_connection_names(message: &DynamicMessage) -> Broken {
    let names = message.get_field_by_name("connection_names")?;
    (message.has_field_by_name("connector") && !names.as_list()?.is_empty())
        .then_some(("connection_names", "must be empty where connector is given"))
}

fn config_or_key(message: &DynamicMessage) -> Broken {
    let one = text(message, "mcp_config_id").is_empty() != text(message, "key_id").is_empty();
    (!one).then_some(("mcp_config_id", "or key_id must be given, and not both"))
}

fn text(message: &DynamicMessage, field: &str) -> String {
    message.get_field_by_name(field).and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

fn number(message: &DynamicMessage, field: &str) -> i32 {
    message.get_field_by_name(field).as_deref().and_then(Value::as_enum_number).unwrap_or_default()
}
