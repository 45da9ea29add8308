//! `/openapi.json` (OpenAPI 3.1), made from the same descriptors as the routes: what it lists is what is served.
//! Methods that only say UNIMPLEMENTED are left out.

mod operation;
mod parts;
mod schema;
mod token;

use crate::contract::Contract;
use crate::options::BadContract;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{StatusCode, header};
use parts::{put, reference};
pub(crate) use schema::Schemas;
use serde_json::{Map, Value, json};
use std::sync::LazyLock;

/// The document, written for the first who asks: it quotes the comments of the .proto files, which nothing else reads
/// and which would take megabytes from the start on.
static WRITTEN: LazyLock<Result<Bytes, BadContract>> =
    LazyLock::new(|| Ok(document(&Contract::commented()?).to_string().into()));

/// Answers with the document.
pub(crate) async fn serve() -> Response {
    match &*WRITTEN {
        Ok(document) => ([(header::CONTENT_TYPE, "application/json")], document.clone()).into_response(),
        Err(error) => {
            tracing::error!(error = error as &dyn std::error::Error, "there is no OpenAPI document");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// The whole document, of a contract that was read with its comments.
fn document(contract: &Contract) -> Value {
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

/// A JSON body of the schema with this name.
fn content(name: &str) -> Value {
    json!({ "application/json": { "schema": reference(name) } })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reference_leads_somewhere_and_every_implemented_form_is_there() {
        let contract = Contract::commented().unwrap();
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
        let document = document(&Contract::commented().unwrap());
        let operation = &document["paths"]["/api/v1/mcp/configs/{config_id}"]["put"];
        insta::assert_json_snapshot!(operation);
        insta::assert_json_snapshot!(document["components"]["schemas"]["mcp.McpConfig"]);
    }
}
