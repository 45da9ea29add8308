//! Answers of any shape, from servers that mean ill or know no better: whatever comes, a request ends.
//!
//! `PROPTEST_CASES=100000 cargo test -p valetkey-upstream --release fuzz` looks for longer.

use crate::carrier::tests::Answers;
use crate::message::{self, Incoming};
use crate::{Client, Error, Outcome, Parameter, QuestionPolicy, Transport, UnderWay};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full, combinators::BoxBody};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};
use std::convert::Infallible;
use std::io;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::vec::IntoIter;

/// What a server answers to one request.
#[derive(Clone, Debug)]
struct Answer {
    status: u16,
    kind: String,
    session: Option<String>,
    body: Vec<u8>,
}

/// A server that answers one after the other, then hangs up.
struct Scripted(Mutex<IntoIter<Answer>>);

impl Answers for Scripted {
    type Body = BoxBody<Bytes, io::Error>;

    async fn answer(&self, _: Request<Bytes>) -> Result<Response<Self::Body>, io::Error> {
        let next = self.0.lock().unwrap().next().ok_or(io::ErrorKind::ConnectionReset)?;
        let Answer { status, kind, session, body } = next;
        let mut answer = Response::builder().status(status).header("content-type", kind);
        for (name, value) in
            [("mcp-session-id", session.clone()), ("www-authenticate", session.clone()), ("retry-after", session)]
        {
            if let Some(value) = value {
                answer = answer.header(name, value);
            }
        }
        let body = Full::new(Bytes::from(body)).map_err(|never| match never {}).boxed();
        Ok(answer.body(body).unwrap())
    }
}

/// JSON of a few levels.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec(("[a-zA-Z_]{0,8}", inner), 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// A result near to one of those that are asked for.
fn any_result() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(json!({ "protocolVersion": "2025-06-18", "capabilities": {} })),
        Just(json!({ "supportedVersions": ["2026-07-28"], "resultType": "complete" })),
        prop::collection::vec(any_json(), 0..4).prop_map(|tools| json!({ "tools": tools })),
        ("\\PC{0,8}", any_json()).prop_map(|(cursor, tool)| json!({ "tools": [tool], "nextCursor": cursor })),
        (any_json(), any_json()).prop_map(|(content, kind)| json!({ "content": content, "resultType": kind })),
        any_json(),
    ]
}

/// A message near to one that a server sends.
fn any_message() -> impl Strategy<Value = Value> {
    let id = prop_oneof![(0_u64..6).prop_map(Value::from), "[0-9]{1,2}".prop_map(Value::from), any_json()];
    let methods =
        ["ping", "notifications/progress", "elicitation/create", "roots/list", "notifications/tools/list_changed"];
    prop_oneof![
        4 => (id.clone(), any_result()).prop_map(|(id, result)| json!({ "jsonrpc": "2.0", "id": id, "result": result })),
        1 => (id.clone(), any_json()).prop_map(|(id, error)| json!({ "jsonrpc": "2.0", "id": id, "error": error })),
        1 => (id.clone(), any::<i64>(), "\\PC{0,20}")
            .prop_map(|(id, code, words)| json!({ "id": id, "error": { "code": code, "message": words } })),
        1 => (id, select(methods.to_vec()), any_json())
            .prop_map(|(id, method, params)| json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params })),
        1 => any_json(),
    ]
}

/// A body: messages as JSON or events, or any bytes.
fn any_body() -> impl Strategy<Value = Vec<u8>> {
    let event = (any_message(), select(&["message", "endpoint", "x"][..]), "[0-9a-z]{0,4}", 0_u32..2).prop_map(
        |(message, kind, id, retry)| {
            format!("event: {kind}\nid: {id}\nretry: {retry}\ndata: {message}\n\n").into_bytes()
        },
    );
    prop_oneof![
        3 => any_message().prop_map(|message| message.to_string().into_bytes()),
        3 => prop::collection::vec(event, 0..4).prop_map(|events| events.concat()),
        1 => Just(b"event: endpoint\ndata: /messages\n\n".to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..200),
    ]
}

fn any_answer() -> impl Strategy<Value = Answer> {
    let kinds = ["application/json", "text/event-stream", "application/json; charset=utf-8", "text/html", ""];
    let status = prop_oneof![6 => Just(200_u16), 1 => select(&[202_u16, 204, 400, 401, 403, 404, 429, 500, 503][..])];
    let session = prop::option::of("[!-~]{0,20}");
    (status, select(kinds.to_vec()), session, any_body()).prop_map(|(status, kind, session, body)| Answer {
        status,
        kind: kind.to_owned(),
        session,
        body,
    })
}

proptest! {
    #[test]
    fn fuzz_whatever_is_answered_a_request_ends(answers in prop::collection::vec(any_answer(), 0..10), sse in any::<bool>()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let scripted = Scripted(Mutex::new(answers.into_iter()));
            let url = "https://mcp.acme.example/mcp".parse().unwrap();
            let transport = if sse { Transport::Sse } else { Transport::Http };
            let client = Client { carrier: &scripted, url: &url, transport };
            let mut session = None;
            if let Ok(listed) = client.tools(&mut session).await {
                assert!(listed.tools.len() <= 1_000);
            }
            let under_way = UnderWay::default();
            let report = |_: f64, _: Option<f64>, words: &str| assert!(!words.chars().any(char::is_control));
            match client.call(&mut session, ("tool", &[]), &Map::new(), (&report, &under_way), &QuestionPolicy::NOTHING).await {
                Ok(Outcome::Asked(_)) => panic!("nobody may be asked"),
                Ok(Outcome::Done(held)) => assert!(held.result.is_object(), "{}", held.result),
                Err(Error::Refused { message, .. }) => assert!(!message.chars().any(char::is_control), "{message:?}"),
                Err(_) => {}
            }
        });
    }

    #[test]
    fn fuzz_no_bytes_are_more_than_a_message(bytes in prop::collection::vec(any::<u8>(), 0..300), id in 0_u64..4) {
        if let Ok(Incoming::Answer(result)) = message::read::<Infallible>(&bytes, id, &AtomicBool::new(false)) {
            prop_assert!(result.is_object());
        }
    }

    #[test]
    fn fuzz_no_schema_makes_more_headers_than_are_taken(schema in any_json()) {
        let named = json!({ "properties": { "a": { "type": "string", "x-mcp-header": schema }, "b": schema } });
        if let Ok(found) = Parameter::of(&named) {
            prop_assert!(found.len() <= 32);
        }
    }
}
