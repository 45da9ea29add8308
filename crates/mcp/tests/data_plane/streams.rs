//! Long calls: streams, and cancelling in each era's way.

use crate::kit::{Kit, post, until};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use std::time::Duration;
use tower::ServiceExt;
use valetkey_app::servers::instances;

const BOTH: (&str, &str) = ("accept", "application/json, text/event-stream");

fn call(id: u8) -> Value {
    json!({ "jsonrpc": "2.0", "id": id, "method": "tools/call", "params": { "name": "fakeapp_get_item", "arguments": { "id": "a" } } })
}

fn modern_call() -> (Vec<(&'static str, &'static str)>, String) {
    let mut body = call(7);
    body["params"]["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {} });
    let headers = vec![
        BOTH,
        ("mcp-protocol-version", "2026-07-28"),
        ("mcp-method", "tools/call"),
        ("mcp-name", "fakeapp_get_item"),
    ];
    (headers, body.to_string())
}

/// Closes the response of a call that the app has been asked.
async fn leave(kit: &Kit, headers: &[(&str, &str)], body: String) {
    tokio::select! {
        answer = kit.router.clone().oneshot(post(&kit.path, headers, body)) => panic!("answered: {answer:?}"),
        () = until("the call has left", || kit.upstream.seen().len() == 1) => {}
    }
}

#[tokio::test]
async fn a_quick_call_is_plain_json_even_for_who_takes_streams() {
    let kit = Kit::connected().await;
    let answer = kit.post(&kit.path, &[BOTH], call(1).to_string()).await;
    assert_eq!(answer.headers["content-type"], "application/json");
}

/// What the tests below shorten.
#[test]
fn patience_ends_before_that_of_proxies() {
    let seconds = Duration::from_secs;
    let usual = valetkey_mcp::Timing { soon: seconds(10), alive: seconds(15), recheck: seconds(2) };
    assert_eq!(valetkey_mcp::Settings::default().timing, usual);
}

#[tokio::test]
async fn a_long_call_becomes_a_stream_for_who_takes_one() {
    let kit = Kit::connected().await.hurried();
    kit.upstream.set(|script| script.slow = Duration::from_secs(1));
    let (streamed, whole) = tokio::join!(
        kit.post(&kit.path, &[BOTH], call(1).to_string()),
        kit.post(&kit.path, &[("accept", "application/json")], call(2).to_string()),
    );
    assert_eq!(streamed.headers["content-type"], "text/event-stream");
    assert_eq!(streamed.headers["x-accel-buffering"], "no");
    let text = streamed.text();
    assert!(text.starts_with(": still at work\n\n"), "{text}");
    let event: Value = serde_json::from_str(text.rsplit("data: ").next().unwrap().trim()).unwrap();
    assert_eq!((&event["id"], &event["result"]["isError"]), (&json!(1), &json!(false)));
    assert_eq!(whole.headers["content-type"], "application/json");
    assert_eq!(whole.json()["result"]["isError"], false);
}

#[tokio::test]
async fn attack_82_a_stream_ends_when_its_url_is_revoked() {
    let kit = Kit::connected().await.hurried();
    kit.upstream.set(|script| script.slow = Duration::from_secs(60));
    let response = kit.router.clone().oneshot(post(&kit.path, &[BOTH], call(1).to_string())).await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    instances::delete(&kit.app, &kit.ctx, &kit.instance.id).await.unwrap();
    let body = tokio::time::timeout(Duration::from_secs(5), response.into_body().collect()).await.unwrap().unwrap();
    assert!(!String::from_utf8_lossy(&body.to_bytes()).contains("result"));
    until("the app sees its caller leave", || kit.upstream.script.lock().unwrap().left == 1).await;
}

#[tokio::test]
async fn modern_closing_the_response_stops_the_call_and_its_outcome_is_recorded() {
    let kit = Kit::connected().await;
    kit.upstream.set(|script| script.slow = Duration::from_secs(60));
    let (headers, body) = modern_call();
    leave(&kit, &headers, body).await;
    until("the app sees its caller leave", || kit.upstream.script.lock().unwrap().left == 1).await;
    assert_eq!(kit.journal().await, [("fact".to_owned(), "cancelled".to_owned())]);
}

#[tokio::test]
async fn legacy_closing_the_response_stops_nothing() {
    let kit = Kit::connected().await;
    kit.upstream.set(|script| script.slow = Duration::from_millis(600));
    leave(&kit, &[BOTH], call(1).to_string()).await;
    assert_eq!(kit.journal().await, [("fact".to_owned(), "ok".to_owned())]);
}

#[tokio::test]
async fn legacy_cancelling_stops_the_one_call_of_that_id() {
    let kit = Kit::connected().await;
    kit.upstream.set(|script| script.slow = Duration::from_secs(30));
    let told =
        json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "requestId": 3 } }).to_string();
    let cancel = async {
        until("the call has left", || kit.upstream.seen().len() == 1).await;
        assert_eq!(kit.post(&kit.path, &[], told).await.status, 202);
    };
    let (answer, ()) = tokio::join!(kit.post(&kit.path, &[], call(3).to_string()), cancel);
    let words = answer.json()["result"]["content"][0]["text"].as_str().unwrap().to_owned();
    assert!(words.contains("cancelled"), "{words}");
}

#[tokio::test]
async fn progress_is_told_only_under_a_token_of_the_client() {
    let kit = Kit::connected().await;
    kit.upstream.set(|script| script.slow = Duration::from_millis(50));
    let mut body = call(5);
    body["params"] = json!({ "name": "fakeapp_get_all" });
    let plain = kit.post(&kit.path, &[BOTH], body.to_string()).await;
    assert_eq!(plain.headers["content-type"], "application/json");
    assert_eq!(plain.json()["result"]["isError"], false, "{}", plain.text());
    body["params"]["_meta"] = json!({ "progressToken": "p1" });
    let streamed = kit.post(&kit.path, &[BOTH], body.to_string()).await;
    let text = streamed.text();
    let events = text.lines().filter_map(|line| line.strip_prefix("data: "));
    let events: Vec<Value> = events.map(|event| serde_json::from_str(event).unwrap()).collect();
    let (last, news) = events.split_last().unwrap_or_else(|| panic!("no stream: {text}"));
    assert!(!news.is_empty(), "{text}");
    for told in news {
        assert_eq!(
            (&told["method"], &told["params"]["progressToken"]),
            (&json!("notifications/progress"), &json!("p1"))
        );
    }
    assert_eq!(last["result"], plain.json()["result"]);
    let whole = kit.post(&kit.path, &[("accept", "application/json")], body.to_string()).await;
    assert_eq!(whole.json(), *last, "who takes no stream gets the same as a whole");
}
