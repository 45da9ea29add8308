//! Requests of the wrong shape at every door that takes one: values of another type, numbers that no enum has, fields that
//! contradict each other, and what is small to send and large to hold.

use crate::kit::Kit;
use crate::rules::{Way, method_of, sent, served};
use crate::shelf::Shelf;
use prost::Message as _;
use prost_reflect::{DescriptorPool, DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, Value as Wire};
use serde_json::{Map, Value, json};
use std::time::{Duration, Instant};
use tonic::{Code, Status};
use valetkey_api::{Wire as Door, doors};

/// A number that no enum has.
const NO_NUMBER: i32 = 9_999;
/// How deep the bodies of bombs are searched for members.
const DEEP: usize = 5;

/// What a request has beside an enum, so that nothing else is wrong with it.
fn beside(method: &str, connection: &str) -> Option<Value> {
    Some(match method {
        "ListProviders" | "ListEventsPaginated" | "ListTools" | "ListMcpConfigs" | "ListMcpInstances" => json!({}),
        "CreateEnvironmentConnection" => json!({ "connection": { "provider_key": "GMAIL", "type": "OAUTH" } }),
        "UpdateEnvironmentConnection" => {
            json!({ "connection_id": connection, "connection": { "provider_key": "GMAIL" } })
        }
        "CreateOrganization" => json!({ "organization": { "display_name": "Acme" } }),
        _ => return None,
    })
}

#[tokio::test]
async fn a_number_that_no_enum_has_is_refused_and_its_field_named() {
    let kit = Kit::new().await;
    let made = json!({ "provider_key": "GMAIL", "type": "OAUTH", "key_id": "MAIL" });
    let made = kit.rest("POST", "/api/v1/connections", made).await.json;
    let connection = made.pointer("/connection/id").unwrap().as_str().unwrap();
    let mut count = 0;
    for (path, method) in served() {
        for (way, field) in enums(&method.input()) {
            count += 1;
            let given = beside(method.name(), connection);
            let given = given.unwrap_or_else(|| panic!("{path} takes an enum: give it a request beside"));
            let mut request = DynamicMessage::deserialize(method.input(), given).unwrap();
            let number = Wire::EnumNumber(NO_NUMBER);
            set(&mut request, &way, &field, if field.is_list() { Wire::List(vec![number]) } else { number });
            let refused = asked(&kit, &path, &request).await.expect_err(&path);
            let named = way.iter().chain([&field]).any(|step| refused.message().contains(step.name()));
            assert!(
                named && [Code::InvalidArgument, Code::Unimplemented].contains(&refused.code()),
                "{path} {}: {refused:?}",
                field.full_name()
            );
        }
    }
    assert!(count > 15, "{count}");
}

/// The fields below a request that are enums.
fn enums(of: &MessageDescriptor) -> Vec<(Way, FieldDescriptor)> {
    let mut found = Vec::new();
    let mut left = vec![(Way::new(), of.clone())];
    while let Some((way, message)) = left.pop() {
        for field in message.fields().filter(|field| !field.is_map()) {
            match field.kind() {
                Kind::Enum(_) => found.push((way.clone(), field)),
                Kind::Message(inner) if inner.full_name().starts_with("scalekit.") && way.len() < DEEP => {
                    left.push((way.iter().cloned().chain([field]).collect(), inner));
                }
                _ => {}
            }
        }
    }
    found
}

/// Sets a field at the end of a way, and leaves all else as it is.
fn set(message: &mut DynamicMessage, way: &[FieldDescriptor], field: &FieldDescriptor, value: Wire) {
    let Some((step, rest)) = way.split_first() else { return message.set_field(field, value) };
    let inner = match message.get_field_mut(step) {
        Wire::Message(inner) => inner,
        Wire::List(items) => {
            items.push(Wire::Message(DynamicMessage::new(step.kind().as_message().unwrap().clone())));
            items.last_mut().unwrap().as_message_mut().unwrap()
        }
        other => panic!("{other:?}"),
    };
    set(inner, rest, field, value);
}

async fn asked(kit: &Kit, path: &str, request: &DynamicMessage) -> Result<(), Status> {
    kit.grpc(path, &[&kit.bearer()], &framed(&request.encode_to_vec())).await.map(drop)
}

fn framed(message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).unwrap();
    [&[0], length.to_be_bytes().as_slice(), message].concat()
}

#[tokio::test]
async fn a_value_of_another_type_is_refused_by_rest_and_its_member_named() {
    let kit = Kit::new().await;
    let document = kit.rest("GET", "/openapi.json", Value::Null).await.json;
    let (mut bodies, mut count) = (0, 0);
    for (path, verbs) in document["paths"].as_object().unwrap() {
        for (verb, operation) in verbs.as_object().unwrap() {
            let Some(schema) = operation.pointer("/requestBody/content/application~1json/schema") else { continue };
            bodies += 1;
            let path = path.replace("{", "").replace("}", "");
            for (member, body) in mistyped(&document, schema, 0) {
                count += 1;
                let answer = kit.rest(&verb.to_uppercase(), &path, body.clone()).await;
                let said = answer.json["message"].as_str().unwrap_or_default();
                assert!(answer.status == 400 && said.contains(&member), "{verb} {path} {body}: {answer:?}");
            }
        }
    }
    assert!(bodies > 20 && count > 300, "{count} in {bodies} bodies");
}

#[tokio::test]
async fn a_parameter_of_another_type_is_refused_by_rest_and_named() {
    let kit = Kit::new().await;
    let document = kit.rest("GET", "/openapi.json", Value::Null).await.json;
    let (mut doors, mut count) = (0, 0);
    for (path, verbs) in document["paths"].as_object().unwrap().iter().filter(|(path, _)| path.starts_with("/api/")) {
        for (verb, operation) in verbs.as_object().unwrap() {
            let path = path.replace("{", "").replace("}", "");
            let mut tried = vec![("no_such_parameter".to_owned(), "1")];
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                let (name, schema) = (parameter["name"].as_str().unwrap(), resolved(&document, &parameter["schema"]));
                if parameter["in"] == "query" {
                    tried.extend(mistyped_texts(&document, schema).iter().map(|value| (name.to_owned(), *value)));
                }
            }
            doors += 1;
            for (name, value) in tried {
                count += 1;
                let answer = kit.rest(&verb.to_uppercase(), &format!("{path}?{name}={value}"), Value::Null).await;
                let said = answer.json["message"].as_str().unwrap_or_default();
                assert!(answer.status == 400 && said.contains(&name), "{verb} {path} {name}={value}: {answer:?}");
            }
        }
    }
    assert!(doors > 50 && count > 150, "{count} at {doors} doors");
}

/// What a query may not have for a value of this schema.
fn mistyped_texts(document: &Value, schema: &Value) -> &'static [&'static str] {
    let schema = resolved(document, schema.get("items").unwrap_or(schema));
    match schema["type"].as_str() {
        _ if schema.get("enum").is_some() => &["NO_SUCH_NAME", "9999", "true"],
        Some("integer" | "number") => &["x", "1.5", "true", "99999999999999999999"],
        Some("boolean") => &["x", "2", "TRUE"],
        _ if schema["format"] == "date-time" => &["yesterday", "5", "2026-13-01T00:00:00Z"],
        _ => &[],
    }
}

/// For each member of a body, bodies in which it is of another type than the schema says.
fn mistyped(document: &Value, schema: &Value, depth: usize) -> Vec<(String, Value)> {
    let schema = resolved(document, schema);
    let mut found = Vec::new();
    for (name, of) in schema["properties"].as_object().into_iter().flatten() {
        let of = resolved(document, of);
        let of_items = resolved(document, of.get("items").unwrap_or(of));
        let wrong = match of["type"].as_str() {
            _ if of_items.get("enum").is_some() => {
                let many = |value: Value| if of["type"] == "array" { json!([value]) } else { value };
                // A number that it has not is well formed: see above.
                vec![many(json!("NO_SUCH_NAME")), many(json!({ "a": 1 })), many(json!(true))]
            }
            Some("array") => vec![json!({ "a": 1 }), json!(5)],
            Some("object") => vec![json!([5]), json!(5)],
            Some(_) => vec![json!({ "a": 1 }), json!([["a"]])],
            // Any value at all.
            None => Vec::new(),
        };
        found.extend(wrong.into_iter().map(|value| (name.clone(), one(name, value))));
        let (inner, many) = match of.get("items") {
            Some(items) => (resolved(document, items), true),
            None => (of, false),
        };
        if depth < DEEP {
            let within = mistyped(document, inner, depth + 1).into_iter();
            found.extend(within.map(|(member, value)| (member, one(name, if many { json!([value]) } else { value }))));
        }
    }
    found
}

fn one(name: &str, value: Value) -> Value {
    Value::Object(Map::from_iter([(name.to_owned(), value)]))
}

fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    let at = |schema: &Value| schema["$ref"].as_str().and_then(|place| place.strip_prefix('#')).map(str::to_owned);
    // A member may be a reference with words of its own beside it.
    let place = at(schema).or_else(|| at(schema.pointer("/allOf/0")?));
    place.map_or(schema, |place| resolved(document, document.pointer(&place).unwrap()))
}

#[tokio::test]
async fn fields_that_contradict_each_other_are_refused_at_their_door() {
    let kit = Kit::new().await;
    let pool = DescriptorPool::decode(valetkey_proto::DESCRIPTORS).unwrap();
    let connection = "/scalekit.v1.connections.ConnectionService/CreateEnvironmentConnection";
    let accounts = "/scalekit.v1.connected_accounts.ConnectedAccountService/ListConnectedAccounts";
    let token = "/scalekit.v1.mcp.McpService/CreateMcpSessionToken";
    for (path, request, field, rule) in [
        (connection, json!({ "connection": { "type": "OAUTH" } }), "connection.provider_key", "provider_named"),
        (
            connection,
            json!({ "connection": { "provider": "SCALEKIT" } }),
            "connection.provider_key",
            "scalekit_provider_key",
        ),
        (
            connection,
            json!({ "connection": { "provider_key": "GMAIL", "type": "WEBAUTHN", "key_id": "MAIL" } }),
            "connection.key_id",
            "webauthn_key_id",
        ),
        (
            accounts,
            json!({ "connector": "MAIL", "connection_names": ["MAIL"] }),
            "connection_names",
            "connector_or_connection_names",
        ),
        (token, json!({ "identifier": "ann" }), "mcp_config_id", "config_or_key"),
        (
            token,
            json!({ "identifier": "ann", "mcp_config_id": "cfg_1", "key_id": "MAIL" }),
            "mcp_config_id",
            "config_or_key",
        ),
    ] {
        let message = DynamicMessage::deserialize(method_of(&pool, path).unwrap().input(), request).unwrap();
        assert_eq!(sent(&kit, path, &message).await, [(field.to_owned(), rule.to_owned())], "{path}");
    }
}

/// Bodies that are small to send and large to hold, each of about 100 KB.
fn bodies() -> Vec<(&'static str, String)> {
    let members: Vec<String> = (0..10_000).map(|number| format!(r#""k{number}":1"#)).collect();
    vec![
        ("deep arrays", "[".repeat(100_000)),
        ("deep objects", r#"{"a":"#.repeat(20_000)),
        ("a long list", format!("[{}0]", "0,".repeat(50_000))),
        ("a long number", format!(r#"{{"page_size":{}}}"#, "9".repeat(100_000))),
        ("many members", format!("{{{}}}", members.join(","))),
        ("a member many times", format!("{{{}\"name\":\"b\"}}", r#""name":"a","#.repeat(8_000))),
    ]
}

#[tokio::test]
async fn attack_52_a_bomb_is_refused_at_every_rest_door_that_takes_a_body() {
    let shelf = Shelf::new().await;
    let rest = doors().unwrap().into_iter().filter(|door| door.wire == Door::Rest && door.implemented);
    let rest: Vec<_> = rest.filter(|door| ["POST", "PUT", "PATCH"].contains(&door.verb.as_str())).collect();
    assert!(rest.len() > 25, "{}", rest.len());
    let bodies = bodies();
    for door in rest {
        for (bomb, body) in &bodies {
            let began = Instant::now();
            let path = door.sample_path("conn_1");
            let answer = shelf.kit.rest_of(Some(&shelf.kit.ours.token), door.verb.as_str(), &path, body.clone()).await;
            assert_eq!(answer.status, 400, "{bomb} at {} {path}: {answer:?}", door.verb);
            assert!(began.elapsed() < Duration::from_secs(5), "{bomb} at {path} took {:?}", began.elapsed());
        }
    }
    assert_eq!(shelf.kit.memory.used(), (0, 0));
}

/// Messages of the wire that are small to send and large to hold.
fn messages(of: &MessageDescriptor) -> Vec<(&'static str, Vec<u8>)> {
    // Field 900, which no message has: a group that begins, a number, an empty text.
    let mut found = vec![
        ("deep groups", [0xa3, 0x38].repeat(50_000)),
        ("a million small fields", [0xa0, 0x38, 0x01].repeat(340_000)),
        ("as many empty texts", [0xa2, 0x38, 0x00].repeat(340_000)),
        ("a length beyond its end", vec![0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f]),
        ("a number without an end", vec![0xff; 100_000]),
    ];
    let many = of.fields().find(|field| field.is_list() && matches!(field.kind(), Kind::Message(_) | Kind::String));
    if let Some(field) = many {
        let key = u8::try_from(field.number() << 3 | 2).unwrap_or(0xa2);
        found.push(("half a million items", [key, 0].repeat(500_000)));
    }
    found
}

#[tokio::test]
async fn attack_52_a_bomb_is_refused_at_every_grpc_door() {
    let shelf = Shelf::new().await;
    let mut tried = 0;
    for (path, method) in served() {
        for (bomb, message) in messages(&method.input()) {
            tried += 1;
            let began = Instant::now();
            let refused = shelf.kit.grpc(&path, &[&shelf.kit.bearer()], &framed(&message)).await.expect_err(&path);
            let known = [Code::InvalidArgument, Code::ResourceExhausted].contains(&refused.code());
            assert!(known, "{bomb} at {path}: {refused:?}");
            assert!(began.elapsed() < Duration::from_secs(5), "{bomb} at {path} took {:?}", began.elapsed());
        }
    }
    assert!(tried > 200, "{tried}");
    assert_eq!(shelf.kit.memory.used(), (0, 0));
}
