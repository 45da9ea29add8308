//! `/openapi.json` (OpenAPI 3.1), made from the same descriptors as the routes: what it lists is what is served.
//! Methods that only say UNIMPLEMENTED are left out.

mod operation;
mod schema;
mod token;

use crate::contract::{Contract, Method};
use prost_reflect::FileDescriptor;
use schema::Schemas;
use serde_json::{Map, Value, json};

/// The whole document.
pub(crate) fn document(contract: &Contract) -> Value {
    let mut schemas = Schemas::new(contract);
    let mut paths = Map::new();
    paths.insert("/oauth/token".into(), token::endpoint());
    paths.insert("/keys".into(), token::keys());
    for method in contract.methods().iter().filter(|method| method.implemented) {
        for (index, form) in method.forms.iter().enumerate() {
            let path = paths.entry(form.template.clone()).or_insert_with(|| json!({}));
            let operation = operation::describe(&mut schemas, method, form, index);
            put(path, &form.verb.as_str().to_ascii_lowercase(), operation);
        }
    }
    let error = error(&mut schemas);
    let mut known = schemas.finish();
    known.insert("Error".into(), error);
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Valetkey control plane",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "The methods of the gRPC services as REST. Names are snake_case; lowerCamelCase is taken too. \
                Unknown members and parameters are refused by name. Members that track presence are left out of an \
                answer when they are not set, all others are always there.",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "security": [{ "client": [] }],
        "paths": paths,
        "components": {
            "schemas": known,
            "responses": { "Error": { "description": "What went wrong.", "content": content("Error") } },
            "securitySchemes": { "client": {
                "type": "oauth2",
                "description": "The access token of an API client, sent as a bearer token.",
                "flows": { "clientCredentials": { "tokenUrl": "/oauth/token", "scopes": {} } },
            } },
        },
    })
}

/// Sets a member of an object.
fn put(object: &mut Value, name: &str, value: impl Into<Value>) {
    if let Value::Object(members) = object {
        members.insert(name.to_owned(), value.into());
    }
}

/// A JSON body of the schema with this name.
fn content(name: &str) -> Value {
    json!({ "application/json": { "schema": reference(name) } })
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn error(schemas: &mut Schemas<'_>) -> Value {
    let info = schemas.message_named("scalekit.v1.errdetails.ErrorInfo");
    let tag = json!({ "type": "object", "required": ["@type"], "properties": { "@type": { "type": "string" } } });
    json!({
        "type": "object",
        "required": ["code", "message", "details"],
        "properties": {
            "code": { "type": "integer", "description": "The gRPC status number." },
            "message": { "type": "string" },
            "details": { "type": "array", "items": { "allOf": [tag, info] } },
        },
    })
}

/// The comment above something in a .proto file, on one line.
fn comment(file: &FileDescriptor, path: &[i32]) -> Option<String> {
    let places = &file.file_descriptor_proto().source_code_info.as_ref()?.location;
    let text = places.iter().find(|place| place.path == path)?.leading_comments();
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    (!line.is_empty()).then_some(line)
}

/// The service of a method, without its package: `McpService`.
fn service(method: &Method) -> String {
    method.descriptor.parent_service().name().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::loaded;

    #[test]
    fn every_reference_leads_somewhere_and_every_implemented_form_is_there() {
        let contract = loaded();
        let document = document(&contract);
        let known = document["components"]["schemas"].as_object().unwrap();
        let text = document.to_string();
        for reference in text.split("#/components/schemas/").skip(1) {
            let name = reference.split('"').next().unwrap();
            assert!(known.contains_key(name), "{name} is referred to and not there");
        }
        for method in contract.methods().iter().filter(|method| method.implemented) {
            for form in &method.forms {
                let verb = form.verb.as_str().to_ascii_lowercase();
                assert!(document["paths"][&form.template][&verb].is_object(), "{verb} {}", form.template);
            }
        }
    }

    #[test]
    fn one_operation_whole() {
        let document = document(&loaded());
        let operation = &document["paths"]["/api/v1/mcp/configs/{config_id}"]["put"];
        insta::assert_json_snapshot!(operation);
        insta::assert_json_snapshot!(document["components"]["schemas"]["mcp.McpConfig"]);
    }
}
