//! The MCP server that all gateways stand before: it knows its users by their tokens, speaks both eras without a session
//! and has one tool, whose answer names the user.

use crate::gateways::messages::{LEGACY, MODERN, TOOL};
use crate::gateways::token;
use crate::serving;
use anyhow::Result;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use http::{HeaderMap, StatusCode, header};
use serde_json::{Value, json};

/// The argument by which this program starts itself as this.
pub(crate) const ARGUMENT: &str = "upstream";

/// Where it is served.
pub(crate) const PATH: &str = "/mcp";

/// What fills an answer: about as much as an event of a calendar has.
const FILLING: &str = "The rest is filling. ";
const FILLINGS: usize = 38;

/// Serves on a free port. One that hangs does all but answer calls.
///
/// # Errors
/// No port is free.
pub(crate) fn serve(hangs: bool) -> Result<()> {
    serving::serve(Router::new().route(PATH, post(answer)).with_state(hangs))
}

async fn answer(State(hangs): State<bool>, headers: HeaderMap, body: Bytes) -> Response {
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let Some(user) = given.and_then(|value| value.strip_prefix("Bearer ")).and_then(token::user) else {
        return StatusCode::UNAUTHORIZED.into_response();
    };
    let Ok(asked) = serde_json::from_slice::<Value>(&body) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let Some(id) = asked.get("id") else { return StatusCode::ACCEPTED.into_response() };
    let method = asked.get("method").and_then(Value::as_str).unwrap_or_default();
    if hangs && method == "tools/call" {
        return std::future::pending().await;
    }
    let version = headers.get("mcp-protocol-version").is_some_and(|version| version == MODERN);
    let (status, part) = match result(method, &asked, user, version) {
        Some(result) => (StatusCode::OK, ("result", result)),
        None if version => (StatusCode::NOT_FOUND, ("error", unknown())),
        None => (StatusCode::OK, ("error", unknown())),
    };
    let whole = json!({"jsonrpc": "2.0", "id": id, part.0: part.1}).to_string();
    (status, [(header::CONTENT_TYPE, "application/json")], whole).into_response()
}

fn unknown() -> Value {
    json!({"code": -32601, "message": "Method not found"})
}

/// The result of this method, if there is such a method. What the modern era wants beside it is added in that era alone.
fn result(method: &str, asked: &Value, user: usize, modern: bool) -> Option<Value> {
    let server = json!({"name": "upstream", "version": "1"});
    let mut result = match method {
        "initialize" => {
            let wanted = asked.pointer("/params/protocolVersion").and_then(Value::as_str);
            let known = wanted.filter(|version| ["2025-03-26", "2025-06-18", LEGACY].contains(version));
            let version = known.unwrap_or(LEGACY);
            json!({"protocolVersion": version, "capabilities": {"tools": {}}, "serverInfo": server})
        }
        "ping" => json!({}),
        "server/discover" => {
            json!({"supportedVersions": [MODERN, LEGACY], "capabilities": {"tools": {}}})
        }
        "tools/list" => json!({"tools": [tool()]}),
        "tools/call" => {
            json!({"content": [{"type": "text", "text": text(user)}], "isError": false})
        }
        _ => return None,
    };
    if let (true, Some(fields)) = (modern, result.as_object_mut()) {
        fields.insert("resultType".to_owned(), json!("complete"));
        fields.insert("_meta".to_owned(), json!({"io.modelcontextprotocol/serverInfo": server}));
        if method != "tools/call" {
            fields.insert("ttlMs".to_owned(), json!(300_000));
            fields.insert("cacheScope".to_owned(), json!("private"));
        }
    }
    Some(result)
}

fn tool() -> Value {
    json!({
        "name": TOOL,
        "description": "Says whose it is.",
        "inputSchema": {"type": "object", "properties": {"text": {"type": "string"}}},
        "annotations": {"readOnlyHint": true},
    })
}

fn text(user: usize) -> String {
    format!("{} {}", token::greeting(user), FILLING.repeat(FILLINGS))
}
