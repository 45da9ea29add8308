//! Opening and listing, in both eras.

use crate::kit::{Kit, post};
use axum::http::StatusCode;
use serde_json::{Value, json};
use valetkey_app::servers::configs;

const META: &str = "io.modelcontextprotocol";

fn modern(method: &str, mut params: Value) -> String {
    let version = format!("{META}/protocolVersion");
    let capabilities = format!("{META}/clientCapabilities");
    params["_meta"] = json!({ version: "2026-07-28", capabilities: {} });
    json!({ "jsonrpc": "2.0", "id": "m", "method": method, "params": params }).to_string()
}

fn names(list: &Value) -> Vec<String> {
    let tools = list["result"]["tools"].as_array().unwrap();
    tools.iter().map(|tool| tool["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn instructions_tell_the_date_and_who_has_still_to_consent() {
    let kit = Kit::new().await;
    let open =
        json!({ "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": { "name": "t", "version": "1" } });
    let before = kit.legacy("initialize", open.clone()).await;
    assert_eq!(before["result"]["protocolVersion"], "2025-06-18");
    let words = before["result"]["instructions"].as_str().unwrap();
    assert!(words.contains(&kit.app.now().to_string()[..10]), "{words}");
    assert!(words.contains("MY_FAKE (fakeapp)"), "{words}");
    kit.consent().await;
    let after = kit.legacy("initialize", open).await;
    assert!(!after["result"]["instructions"].as_str().unwrap().contains("MY_FAKE"), "{after}");
    let headers = [("mcp-protocol-version", "2026-07-28"), ("mcp-method", "server/discover")];
    let discovered = kit.post(&kit.path, &headers, modern("server/discover", json!({}))).await.json();
    assert_eq!(discovered["result"]["instructions"], after["result"]["instructions"]);
    assert_eq!(discovered["result"]["cacheScope"], "private");
}

#[tokio::test]
async fn both_eras_list_exactly_the_whitelist_in_its_order() {
    let kit = Kit::new().await;
    let legacy = kit.legacy("tools/list", json!({})).await;
    assert_eq!(names(&legacy), Kit::LISTED);
    let headers = [("mcp-protocol-version", "2026-07-28"), ("mcp-method", "tools/list")];
    let modern = kit.post(&kit.path, &headers, modern("tools/list", json!({}))).await.json();
    assert_eq!(modern["result"]["tools"], legacy["result"]["tools"]);
    let [read, write] = [&legacy["result"]["tools"][0], &legacy["result"]["tools"][1]];
    assert_eq!(read["annotations"]["readOnlyHint"], true);
    assert_eq!(
        (&write["annotations"]["readOnlyHint"], &write["annotations"]["destructiveHint"]),
        (&json!(false), &json!(false))
    );
    assert_eq!(read["inputSchema"]["type"], "object");
    assert_eq!(read["inputSchema"]["required"], json!(["id"]));
}

#[tokio::test]
async fn an_edit_is_followed_by_the_next_request() {
    let kit = Kit::connected().await;
    assert_eq!(kit.call("fakeapp_add_item", json!({ "name": "x" })).await["isError"], false);
    let config = configs::by_name(&kit.app, &kit.ctx, "items").await.unwrap();
    let only = configs::NewMapping { connection: "MY_FAKE".into(), tools: vec!["fakeapp_get_item".into()] };
    configs::update(&kit.app, &kit.ctx, &config.id, None, Some(vec![only])).await.unwrap();
    assert_eq!(names(&kit.legacy("tools/list", json!({})).await), ["fakeapp_get_item"]);
    let refused = kit.legacy("tools/call", json!({ "name": "fakeapp_add_item", "arguments": { "name": "y" } })).await;
    assert_eq!(refused["error"], json!({ "code": -32602, "message": "unknown tool 'fakeapp_add_item'" }));
    let headers =
        [("mcp-protocol-version", "2026-07-28"), ("mcp-method", "tools/call"), ("mcp-name", "fakeapp_add_item")];
    let refused = kit.post(&kit.path, &headers, modern("tools/call", json!({ "name": "fakeapp_add_item" }))).await;
    assert_eq!(
        (refused.status, refused.json()["error"]["message"].as_str()),
        (StatusCode::BAD_REQUEST, Some("unknown tool 'fakeapp_add_item'"))
    );
}

#[tokio::test]
async fn a_tool_outside_the_whitelist_is_as_unknown_as_one_that_is_not() {
    let kit = Kit::connected().await;
    let mut answers = Vec::new();
    for name in ["fakeapp_delete_item", "fakeapp_nothing", "fakeapp/fakeapp_get_item", ""] {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": { "name": name, "arguments": { "id": "a" } } });
        let answer = kit.send(post(&kit.path, &[], body.to_string())).await.text();
        answers.push(answer.replace(&format!("'{name}'"), "'NAME'"));
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
    assert!(kit.upstream.seen().is_empty() && kit.journal().await.is_empty());
}

#[tokio::test]
async fn an_unknown_tool_is_named_with_the_nearest_that_is_served() {
    let kit = Kit::connected().await;
    for (name, near) in [
        ("FAKEAPP_GET_ITEM", "; did you mean 'fakeapp_get_item'?"),
        ("fakeapp-get-item", "; did you mean 'fakeapp_get_item'?"),
        // It is near one that is not on the whitelist.
        ("fakeapp_delete_items", ""),
        ("fakeapp", ""),
    ] {
        let answer = kit.legacy("tools/call", json!({ "name": name })).await;
        assert_eq!(answer["error"]["message"], format!("unknown tool '{name}'{near}"));
    }
    let long = kit.legacy("tools/call", json!({ "name": "x\u{7}".repeat(100_000) })).await;
    assert_eq!(long["error"]["message"], format!("unknown tool '{}…'", "x".repeat(64)));
    assert!(kit.upstream.seen().is_empty() && kit.journal().await.is_empty());
}

#[tokio::test]
async fn batches_are_of_the_first_revision_alone() {
    let kit = Kit::connected().await;
    let call = |id: u8| json!({ "jsonrpc": "2.0", "id": id, "method": "tools/call", "params": { "name": "fakeapp_get_item", "arguments": { "id": "a" } } });
    let told = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
    let batch = json!([call(1), told, call(2), { "jsonrpc": "2.0", "id": 3, "method": "initialize", "params": { "protocolVersion": "2025-03-26" } }]).to_string();
    let answers = kit.post(&kit.path, &[("mcp-protocol-version", "2025-03-26")], batch.clone()).await.json();
    let ids: Vec<_> = answers.as_array().unwrap().iter().map(|answer| answer["id"].as_i64().unwrap()).collect();
    assert_eq!(ids, [1, 2, 3]);
    assert_eq!(answers[1]["result"]["isError"], false);
    assert_eq!(answers[2]["error"]["code"], -32600);
    let refused = kit.post(&kit.path, &[("mcp-protocol-version", "2025-11-25")], batch).await;
    assert_eq!((refused.status, refused.json()["error"]["code"].as_i64()), (StatusCode::BAD_REQUEST, Some(-32600)));
    let told = kit.post(&kit.path, &[], json!([told]).to_string()).await;
    assert_eq!((told.status, told.bytes.len()), (StatusCode::ACCEPTED, 0));
}

#[tokio::test]
async fn notifications_are_accepted_without_an_answer() {
    let kit = Kit::new().await;
    for (version, expected) in [("2025-11-25", 202), ("2026-07-28", 202), ("1999-01-01", 400)] {
        let told = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }).to_string();
        assert_eq!(kit.post(&kit.path, &[("mcp-protocol-version", version)], told).await.status, expected, "{version}");
    }
    let response = json!({ "jsonrpc": "2.0", "id": 1, "result": {} }).to_string();
    assert_eq!(kit.post(&kit.path, &[("mcp-protocol-version", "2025-11-25")], response.clone()).await.status, 202);
    assert_eq!(kit.post(&kit.path, &[("mcp-protocol-version", "2026-07-28")], response).await.status, 400);
}
