//! Pairs of request and answer, one file for each era: `tests/golden/<era>.json` holds requests (headers and body) and
//! the answers that the protocol layer gives for a server with two tools, as they go over the wire.
//!
//! After a wanted change: `GOLDEN=write cargo test -p valetkey-mcp --test golden`, and read the difference.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where it fails"
)]

use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Map, Value, json};
use std::path::Path;
use valetkey_mcp::protocol::message::Refused;
use valetkey_mcp::protocol::{
    Ask, Body, Called, Fault, Link, Message, Mirror, Reply, Request, Tolerance, ask, envelope, message,
};

const TOOLS: &[u8] = br#"[{"name":"mail_fetch","inputSchema":{"type":"object"}}]"#;
const INSTRUCTIONS: &str = "Today is 2026-11-22.";

fn answer(headers: &HeaderMap, body: &[u8]) -> Vec<Reply> {
    match message::read(body) {
        Err(Refused { id, fault }) => vec![Reply::fault(id.as_ref(), &fault)],
        Ok(Body::One(Message::Request(request))) => vec![requested(headers, request)],
        Ok(Body::One(_)) => vec![],
        Ok(Body::Batch(items)) => items.into_iter().filter_map(|item| in_batch(headers, item)).collect(),
    }
}

fn in_batch(headers: &HeaderMap, item: Result<Message, Refused>) -> Option<Reply> {
    match item {
        Ok(Message::Request(request)) => Some(requested(headers, request)),
        Ok(_) => None,
        Err(Refused { id, fault }) => Some(Reply::fault(id.as_ref(), &fault)),
    }
}

fn requested(headers: &HeaderMap, request: Request) -> Reply {
    let id = request.id.clone();
    try_request(headers, request).unwrap_or_else(|fault| Reply::fault(Some(&id), &fault))
}

fn try_request(headers: &HeaderMap, request: Request) -> Result<Reply, Fault> {
    let Request { id, method, params } = request;
    let version = envelope::version(&Mirror::of(headers), &method, &params, Tolerance::StaleHeader)?;
    Ok(match ask::read(version, &method, params)? {
        Ask::Initialize(agreed) => Reply::initialized(&id, agreed, INSTRUCTIONS),
        Ask::Discover => Reply::discovered(&id, INSTRUCTIONS),
        Ask::Ping => Reply::pong(&id),
        Ask::List => Reply::listed(&id, version, TOOLS.into(), &[]),
        Ask::Call(call) if call.name == "mail_fetch" => {
            let data = Value::Object(call.arguments);
            let text = data.to_string();
            let called = match data.get("fail") {
                Some(_) => Called::Failed { words: &text, link: data.get("link").and_then(Value::as_str).map(link) },
                None => Called::Done { text: &text, structured: data.get("typed").map(|_| &data), more: None },
            };
            Reply::called(&id, version, &called)
        }
        Ask::Call(call) => {
            let near = call.name.eq_ignore_ascii_case("mail_fetch").then_some("mail_fetch");
            return Err(Fault::unknown_tool(version, &call.name, near));
        }
    })
}

fn link(url: &str) -> Link<'_> {
    Link { url, words: "Link for the user, in words." }
}

fn headers(case: &Value) -> HeaderMap {
    let given = case["headers"].as_object().cloned().unwrap_or_default();
    let pair = |(name, value): (String, Value)| {
        let value = HeaderValue::from_str(value.as_str().unwrap()).unwrap();
        (HeaderName::from_bytes(name.as_bytes()).unwrap(), value)
    };
    given.into_iter().map(pair).collect()
}

fn played(case: &Value) -> Value {
    let body = case["raw"].as_str().map_or_else(|| case["body"].to_string(), str::to_owned);
    let replies = answer(&headers(case), body.as_bytes()).into_iter().map(|reply| {
        let body: Value = serde_json::from_slice(&reply.body.concat()).expect("an answer is JSON");
        json!({ "status": reply.status, "body": body })
    });
    let mut case: Map<String, Value> = case.as_object().unwrap().clone();
    case.insert("answers".into(), replies.collect());
    case.into()
}

fn check(era: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/{era}.json"));
    let cases: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    let played: Vec<Value> = cases.iter().map(played).collect();
    #[expect(clippy::disallowed_methods, reason = "a developer asks for the file to be written anew")]
    if std::env::var("GOLDEN").as_deref() == Ok("write") {
        std::fs::write(&path, serde_json::to_string_pretty(&played).unwrap() + "\n").unwrap();
        return;
    }
    assert!(cases.len() > 10, "{era}: the golden file has lost its cases");
    for (case, played) in cases.iter().zip(&played) {
        assert_eq!(case, played, "{era}: {}", case["name"]);
    }
}

#[test]
fn legacy() {
    check("legacy");
}

#[test]
fn modern() {
    check("modern");
}
