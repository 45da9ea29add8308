//! Attacks 78, 79, 82: answers larger than their question, work for nobodies, requests that outlive their URL.

use crate::kit::{Answer, Kit, post, until};
use axum::body::Body;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use std::time::Duration;
use tower::ServiceExt;
use valetkey_app::servers::{configs, instances};
use valetkey_app::{Bounds, connections};
use valetkey_testkit::GatedBody;

const BOTH: (&str, &str) = ("accept", "application/json, text/event-stream");
const WHOLE: (&str, &str) = ("accept", "application/json");

fn call(id: u8) -> Value {
    let params = json!({ "name": "fakeapp_get_item", "arguments": { "id": "a" } });
    json!({ "jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params })
}

#[tokio::test]
async fn attack_78_whatever_is_long_is_not_repeated() {
    let kit = Kit::connected().await;
    let long = "é".repeat(1_000_000);
    let request = |part: Value| {
        let mut request = call(1);
        request.as_object_mut().unwrap().extend(part.as_object().unwrap().clone());
        request.to_string()
    };
    let meta = |version: &str| json!({ "io.modelcontextprotocol/protocolVersion": version, "io.modelcontextprotocol/clientCapabilities": {} });
    let bodies = [
        request(json!({ "id": &long })),
        request(json!({ "method": &long })),
        request(json!({ "jsonrpc": &long })),
        request(json!({ "params": &long })),
        request(json!({ "params": { "name": &long } })),
        request(json!({ "params": { "name": "fakeapp_get_item", "arguments": &long } })),
        request(json!({ "params": { "name": "x", "_meta": { "progressToken": &long } } })),
        request(json!({ "params": { "name": "x", "_meta": meta(&long) } })),
        request(json!({ "method": "initialize", "params": { "protocolVersion": &long } })),
        request(json!({ "method": "tools/list", "params": { "cursor": &long } })),
        format!(r#"{{"jsonrpc":"2.0","id":"{long}","a":1,"a":1}}"#),
        format!(r#"{{"jsonrpc":"2.0","id":1,"{long}":{{"{long}":1,"{long}":1}}}}"#),
    ];
    for body in bodies {
        for headers in
            [&[BOTH][..], &[("mcp-protocol-version", "2026-07-28")], &[("mcp-protocol-version", &"9".repeat(60_000))]]
        {
            let answer = kit.post(&kit.path, headers, body.clone()).await;
            assert!(answer.bytes.len() < 2_000, "{} bytes", answer.bytes.len());
        }
    }
}

#[tokio::test]
async fn attack_79_of_who_stands_before_the_wrong_door_no_byte_is_read() {
    let kit = Kit::new().await;
    let bearer = format!("Bearer vkm_{}", "x".repeat(10_000));
    for (path, headers) in [
        ("/mcp/v1/vkm_x".to_owned(), vec![]),
        (format!("/mcp/v1/vkm_{}", "x".repeat(20_000)), vec![]),
        ("/mcp/v1".into(), vec![]),
        ("/mcp/v1".into(), vec![("authorization", "Bearer vkm_x")]),
        ("/mcp/v1".into(), vec![("authorization", bearer.as_str())]),
        ("/mcp/v3/servers/x".into(), vec![("authorization", "Bearer x")]),
        ("/mcp/v3/connections/x".into(), vec![]),
        ("/mcp/v3/connections/MY_FAKE".into(), vec![("authorization", bearer.as_str())]),
        (kit.path.clone(), vec![("origin", "https://evil.example")]),
    ] {
        let gated = GatedBody::default();
        let answered = kit.send(post(&path, &headers, Body::from_stream(gated.stream("never"))));
        let answer = tokio::time::timeout(Duration::from_secs(5), answered).await.unwrap();
        assert!([401, 403, 404].contains(&answer.status.as_u16()) && answer.bytes.is_empty(), "{path}: {answer:?}");
        assert!(!gated.polled(), "{path}");
    }
}

/// What a POST gets while whose body is on the way something happens to its URL.
async fn overtaken(
    kit: &Kit,
    path: &str,
    headers: &[(&str, &str)],
    body: String,
    event: impl Future<Output = ()>,
) -> Answer {
    let gated = GatedBody::default();
    let meanwhile = async {
        gated.until_polled().await;
        event.await;
        tokio::time::sleep(Duration::from_millis(250)).await;
        gated.release();
    };
    tokio::join!(kit.send(post(path, headers, Body::from_stream(gated.stream(body)))), meanwhile).0
}

#[tokio::test]
async fn attack_82_a_post_whose_url_went_before_its_body_came_does_nothing() {
    for (bearer, rotated) in [(false, false), (false, true), (true, false), (true, true)] {
        let kit = Kit::connected().await;
        let token = format!("Bearer {}", kit.path.rsplit('/').next().unwrap());
        let (path, headers, status) = if bearer {
            ("/mcp/v1", vec![("authorization", token.as_str())], 401)
        } else {
            (kit.path.as_str(), vec![], 404)
        };
        let event = async {
            if rotated {
                instances::rotate_url(&kit.app, &kit.ctx, &kit.instance.id).await.unwrap();
            } else {
                instances::delete(&kit.app, &kit.ctx, &kit.instance.id).await.unwrap();
            }
        };
        let answer = overtaken(&kit, path, &headers, json!([call(1), call(2)]).to_string(), event).await;
        assert_eq!((answer.status.as_u16(), answer.bytes.len()), (status, 0), "{bearer} {rotated}");
        assert!(kit.upstream.seen().is_empty() && kit.journal().await.is_empty());
    }
    let kit = Kit::new().await;
    let event = async { instances::delete(&kit.app, &kit.ctx, &kit.instance.id).await.unwrap() };
    let answer = overtaken(&kit, &kit.path, &[], "{".into(), event).await;
    assert_eq!((answer.status.as_u16(), answer.bytes.len()), (404, 0), "nothing is explained to who is gone");
}

#[tokio::test]
async fn attack_82_a_tool_taken_away_before_the_body_came_is_not_called() {
    let kit = Kit::connected().await;
    let config = configs::by_name(&kit.app, &kit.ctx, "items").await.unwrap();
    let event = async {
        let only = configs::NewMapping { connection: "MY_FAKE".into(), tools: vec!["fakeapp_add_item".into()] };
        configs::update(&kit.app, &kit.ctx, &config.id, None, Some(vec![only])).await.unwrap();
    };
    let answer = overtaken(&kit, &kit.path, &[], call(1).to_string(), event).await;
    assert_eq!(answer.json()["error"]["message"], "unknown tool 'fakeapp_get_item'");
    assert!(kit.upstream.seen().is_empty());
}

async fn left(kit: &Kit) {
    until("the app sees its caller leave", || kit.upstream.script.lock().unwrap().left > 0).await;
}

#[tokio::test]
async fn attack_82_a_long_call_is_not_answered_as_json_once_its_url_is_gone() {
    for body in [call(1), json!([call(1), call(2)])] {
        let kit = Kit::connected().await.hurried();
        kit.upstream.set(|script| script.slow = Duration::from_secs(30));
        let gone = async {
            until("the app is asked", || !kit.upstream.seen().is_empty()).await;
            instances::delete(&kit.app, &kit.ctx, &kit.instance.id).await.unwrap();
        };
        let answered = kit.post(&kit.path, &[WHOLE], body.to_string());
        let (answer, ()) =
            tokio::time::timeout(Duration::from_secs(5), async { tokio::join!(answered, gone) }).await.unwrap();
        assert_eq!((answer.status.as_u16(), answer.bytes.len()), (404, 0));
        left(&kit).await;
    }
}

#[tokio::test]
async fn attack_82_who_lets_a_stream_lie_gets_nothing_of_it_after_its_url_is_gone() {
    let kit = Kit::connected().await.hurried();
    kit.upstream.set(|script| script.slow = Duration::from_millis(500));
    let response = kit.router.clone().oneshot(post(&kit.path, &[BOTH], call(1).to_string())).await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    instances::delete(&kit.app, &kit.ctx, &kit.instance.id).await.unwrap();
    tokio::time::sleep(Duration::from_millis(600)).await;
    let body = tokio::time::timeout(Duration::from_secs(5), response.into_body().collect()).await.unwrap().unwrap();
    assert_eq!(String::from_utf8_lossy(&body.to_bytes()), "");
}

/// What a call is told that waited while something happened, and how many requests the app has seen.
async fn waited(event: impl AsyncFnOnce(&Kit)) -> (String, usize) {
    let kit = Kit::within(Bounds { in_flight_per_account: 1, ..Bounds::default() }).await;
    kit.consent().await;
    kit.upstream.set(|script| script.held = true);
    let first = kit.post(&kit.path, &[WHOLE], call(1).to_string());
    let second = async {
        until("the first one is there", || kit.upstream.seen().len() == 1).await;
        kit.post(&kit.path, &[WHOLE], call(2).to_string()).await
    };
    let event = async {
        until("the second one is in line", || kit.in_line() == 1).await;
        event(&kit).await;
        // What it was let in by was looked at longer ago than it holds.
        tokio::time::sleep(Duration::from_millis(150)).await;
        kit.upstream.set(|script| script.held = false);
    };
    let (_, answer, ()) = tokio::join!(first, second, event);
    (answer.text(), kit.upstream.seen().len())
}

#[tokio::test]
async fn attack_82_a_call_that_waited_for_its_turn_is_not_made_once_its_right_is_gone() {
    let gone = "withdrawn or changed while it waited";
    let deleted = waited(async |kit| instances::delete(&kit.app, &kit.ctx, &kit.instance.id).await.unwrap());
    let rotated = waited(async |kit| {
        instances::rotate_url(&kit.app, &kit.ctx, &kit.instance.id).await.unwrap();
    });
    let taken_away = waited(async |kit| {
        let config = configs::by_name(&kit.app, &kit.ctx, "items").await.unwrap();
        let only = configs::NewMapping { connection: "MY_FAKE".into(), tools: vec!["fakeapp_add_item".into()] };
        configs::update(&kit.app, &kit.ctx, &config.id, None, Some(vec![only])).await.unwrap();
    });
    let off = waited(async |kit| {
        let off = connections::Change { enabled: Some(false), ..connections::Change::default() };
        connections::update(&kit.app, &kit.ctx, &kit.connection, off).await.unwrap();
    });
    let (deleted, rotated, taken_away, off) = tokio::join!(deleted, rotated, taken_away, off);
    for ((answer, seen), words) in [(deleted, gone), (rotated, gone), (taken_away, gone), (off, "switched off")] {
        assert!(answer.contains(words) && seen == 1, "{seen}: {answer}");
    }
}

/// What waits for its turn is counted from before its first byte is read.
#[tokio::test]
async fn attack_78_a_long_question_is_not_read_before_there_is_room_and_holds_it_to_its_end() {
    let bounds = Bounds { bytes_in_flight_per_environment: 1 << 20, ..Bounds::default() };
    let kit = Kit::within(bounds).await;
    kit.consent().await;
    kit.upstream.set(|script| script.held = true);
    let long = |id: u8| {
        let arguments = json!({ "name": "x".repeat(100_000) });
        json!({ "jsonrpc": "2.0", "id": id, "method": "tools/call",
            "params": { "name": "fakeapp_add_item", "arguments": arguments } })
        .to_string()
    };
    let length = long(1).len().to_string();
    let headers = [WHOLE, ("content-length", length.as_str())];
    let waiting = GatedBody::default();
    waiting.release();
    let at_the_app = async || until("the first one is at the app", || kit.upstream.seen().len() == 1).await;
    let second = async {
        at_the_app().await;
        kit.send(post(&kit.path, &headers, Body::from_stream(waiting.stream(long(2))))).await
    };
    let look = async {
        at_the_app().await;
        // Two of them: the long one came before, and was looked at too by then.
        for _ in 0..2 {
            let short = kit.send(post(&kit.path, &[WHOLE], r#"{"jsonrpc":"2.0","id":3,"method":"ping"}"#)).await;
            assert_eq!(short.status, 200, "what is short is read at once: {}", short.text());
        }
        assert!(!waiting.polled(), "its body is read before there is room");
        kit.upstream.set(|script| script.held = false);
    };
    let (first, second, ()) = tokio::join!(kit.send(post(&kit.path, &headers, long(1))), second, look);
    for answer in [first, second] {
        assert_eq!(answer.json()["result"]["isError"], false, "{}", answer.text());
    }
}
