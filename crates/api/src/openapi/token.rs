//! The two paths that no .proto file knows: the token endpoint and the keys.

use serde_json::{Value, json};

/// `POST /oauth/token`.
pub(super) fn endpoint() -> Value {
    let form = json!({
        "type": "object",
        "required": ["grant_type"],
        "properties": {
            "grant_type": { "type": "string", "const": "client_credentials" },
            "client_id": { "type": "string" },
            "client_secret": { "type": "string", "writeOnly": true },
            "scope": { "type": "string" },
        },
    });
    let token = json!({
        "type": "object",
        "required": ["access_token", "token_type", "expires_in"],
        "properties": {
            "access_token": { "type": "string" },
            "token_type": { "type": "string", "const": "Bearer" },
            "expires_in": { "type": "integer" },
            "scope": { "type": "string" },
        },
    });
    let refusal = json!({
        "type": "object",
        "required": ["error"],
        "properties": { "error": { "type": "string" }, "error_description": { "type": "string" } },
    });
    json!({ "post": {
        "operationId": "token",
        "tags": ["tokens"],
        "summary": "Exchanges a client's id and secret for an access token (RFC 6749, section 4.4). Basic is taken too.",
        "security": [],
        "requestBody": { "required": true, "content": { "application/x-www-form-urlencoded": { "schema": form } } },
        "responses": {
            "200": { "description": "The token.", "content": { "application/json": { "schema": token } } },
            "default": { "description": "RFC 6749, section 5.2.", "content": { "application/json": { "schema": refusal } } },
        },
    } })
}

/// `GET /keys`.
pub(super) fn keys() -> Value {
    let keys = json!({
        "type": "object",
        "required": ["keys"],
        "properties": { "keys": { "type": "array", "items": { "type": "object" } } },
    });
    json!({ "get": {
        "operationId": "keys",
        "tags": ["tokens"],
        "summary": "The public keys of the tokens that this server issues (RFC 7517).",
        "security": [],
        "responses": { "200": { "description": "The keys.", "content": { "application/json": { "schema": keys } } } },
    } })
}
