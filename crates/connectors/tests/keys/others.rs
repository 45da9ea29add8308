//! The other forms of file: an alias, and a remote MCP server.

use super::Line;
use serde_json::{Value, json};
use valetkey_connectors::Catalog;

/// All that can be seen of a file that is an alias or of a remote server.
pub(crate) fn seen(file: &Value) -> String {
    let mut catalog = Catalog::shipped().unwrap();
    // What sort of file it is, a line of its own says.
    let lines = file.as_object().unwrap().iter().map(|(key, value)| format!("{key}: {value}\n"));
    if let Err(error) = catalog.add("others.yaml", &lines.collect::<String>()) {
        return error.to_string();
    }
    let connector = catalog.connector(file["connector"].as_str().unwrap()).unwrap();
    format!("{connector:?}")
}

pub(crate) fn alias() -> Value {
    json!({
        "connector": "hub",
        "display_name": "Our Hub",
        "alias_of": "linear",
        "auth": [{"kind": "bearer", "fields": {"token": {"label": "Token"}}}],
        "account_fields": {"team": {"label": "Team"}},
        "verify": {"method": "GET", "path": "/user", "id": ".id", "name": ".login"},
        "default_scopes": ["read"]
    })
}

pub(crate) fn of_alias() -> Vec<Line> {
    vec![
        ("connector", "/connector", json!("hub2")),
        ("display_name", "/display_name", json!("Our Other Hub")),
        ("alias_of", "/alias_of", json!("slack")),
        ("auth", "/auth", json!([{"kind": "none"}])),
        ("account_fields", "/account_fields", json!({})),
        ("verify", "/verify", Value::Null),
        ("default_scopes", "/default_scopes", json!([])),
    ]
}

pub(crate) fn remote() -> Value {
    json!({
        "connector": "mine",
        "display_name": "Mine",
        "upstream": "mcp",
        "url": "https://mcp.mine.example/mcp",
        "transport": "http",
        "sources": 2,
        "note": "It is slow in the morning.",
        "tools": ["find"],
        "auth": [
            {"kind": "oauth2"},
            {"kind": "api_key", "header": "x-api-key", "prefix": "Key ", "label": "API key"},
            {"kind": "basic", "label": "Name", "password": "Word"},
            {"kind": "oauth2", "authorize_url": "https://mine.example/a", "token_url": "https://mine.example/t", "scopes": ["read"]}
        ]
    })
}

pub(crate) fn of_remote() -> Vec<Line> {
    vec![
        ("connector", "/connector", json!("mine2")),
        ("display_name", "/display_name", json!("Mine Too")),
        ("upstream", "/upstream", json!("sse")),
        ("url", "/url", json!("https://mcp.mine.example/other")),
        ("transport", "/transport", json!("sse")),
        ("sources", "/sources", json!(1)),
        ("note", "/note", Value::Null),
        ("tools", "/tools", json!(["find", "make"])),
        ("auth", "/auth", json!([{"kind": "none"}])),
        ("auth[].kind", "/auth/0/kind", json!("bearer")),
        ("auth[].header", "/auth/1/header", json!("x-key")),
        ("auth[].query", "/auth/1/query", json!("key")),
        ("auth[].prefix", "/auth/1/prefix", Value::Null),
        ("auth[].label", "/auth/1/label", json!("Key")),
        ("auth[].password", "/auth/2/password", Value::Null),
        ("auth[].client", "/auth/0/client", json!("own")),
        ("auth[].authorize_url", "/auth/3/authorize_url", json!("https://mine.example/b")),
        ("auth[].token_url", "/auth/3/token_url", json!("https://mine.example/u")),
        ("auth[].scopes", "/auth/3/scopes", json!([])),
    ]
}
