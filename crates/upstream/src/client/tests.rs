//! What a server that never answers, or never ends, costs.

use super::*;
use crate::carrier::tests::Answers;
use bytes::Bytes;
use futures::{StreamExt as _, stream};
use http::{Request, Response};
use http_body_util::{
    BodyExt as _, Full, StreamBody,
    combinators::{BoxBody, UnsyncBoxBody},
};
use std::io;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// A legacy server with a session, whose tool never answers. It remembers what it was sent.
#[derive(Default)]
struct Silent(Mutex<Vec<Value>>);

impl Answers for Silent {
    type Body = UnsyncBoxBody<Bytes, io::Error>;

    async fn answer(&self, request: Request<Bytes>) -> Result<Response<Self::Body>, io::Error> {
        let sent: Value = serde_json::from_slice(request.body()).unwrap();
        let method = sent["method"].as_str().unwrap().to_owned();
        self.0.lock().unwrap().push(sent);
        let opened = r#"{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"2025-06-18","capabilities":{}}}"#;
        let (status, kind, text) = match method.as_str() {
            "server/discover" => (400, "application/json", "{}"),
            "initialize" => (200, "application/json", opened),
            "tools/call" => (200, "text/event-stream", ""),
            _ => (202, "text/plain", ""),
        };
        let whole = stream::once(async move { Ok(http_body::Frame::data(Bytes::from(text))) });
        let body = match method.as_str() {
            "tools/call" => StreamBody::new(whole.chain(stream::pending()).boxed()),
            _ => StreamBody::new(whole.boxed()),
        };
        let answer = Response::builder().status(status).header("content-type", kind).header("mcp-session-id", "s");
        Ok(answer.body(UnsyncBoxBody::new(body)).unwrap())
    }
}

#[tokio::test]
async fn a_call_that_nobody_waits_for_is_stopped_by_its_own_id() {
    let (silent, url) = (Silent::default(), "https://mcp.acme.example/".parse().unwrap());
    let client = Client { carrier: &silent, url: &url, transport: Transport::Http };
    let mut session = None;
    let (first, second) = (UnderWay::default(), UnderWay::default());
    for under_way in [&first, &second] {
        let nothing = Map::new();
        let call = client.call(&mut session, ("wait", &[]), &nothing, (&|_, _, _| {}, under_way));
        tokio::time::timeout(Duration::from_millis(50), call).await.expect_err("it never answers");
    }
    client.stop(&first).await.unwrap();
    client.stop(&first).await.unwrap();
    let sent = silent.0.lock().unwrap().clone();
    let of = |method: &str| sent.iter().filter(|one| one["method"] == method).cloned().collect::<Vec<_>>();
    let calls = of("tools/call");
    assert_eq!((of("initialize").len(), calls.len()), (1, 2));
    assert_ne!(calls[0]["id"], calls[1]["id"], "side by side in one session");
    let stopped = of("notifications/cancelled");
    assert_eq!(stopped.len(), 1, "once");
    assert_eq!(stopped[0]["params"]["requestId"], calls[0]["id"]);
}

/// A modern server whose list has no end: each page has this many tools of this size, and leads to another.
struct Endless {
    tools: usize,
    bytes: usize,
    asked: AtomicUsize,
}

impl Answers for Endless {
    type Body = BoxBody<Bytes, io::Error>;

    async fn answer(&self, request: Request<Bytes>) -> Result<Response<Self::Body>, io::Error> {
        let sent: Value = serde_json::from_slice(request.body()).unwrap();
        let result = if sent["method"] == "server/discover" {
            json!({ "supportedVersions": ["2026-07-28"] })
        } else {
            let page = self.asked.fetch_add(1, Ordering::Relaxed);
            let tool = |n| json!({ "name": format!("t{page}_{n}"), "description": "x".repeat(self.bytes) });
            json!({ "tools": (0..self.tools).map(tool).collect::<Vec<_>>(), "nextCursor": page.to_string() })
        };
        let body = json!({ "jsonrpc": "2.0", "id": sent["id"], "result": result }).to_string();
        let body = Full::new(Bytes::from(body)).map_err(|never| match never {}).boxed();
        Ok(Response::builder().header("content-type", "application/json").body(body).unwrap())
    }
}

#[tokio::test]
async fn attack_53_a_list_without_an_end_is_cut_and_that_is_said() {
    // By the number of tools, by their size, and by the number of pages.
    for (tools, bytes, taken, pages) in [(300, 10, 1_000, 4), (100, 40_000, 209, 3), (0, 0, 0, 100)] {
        let (endless, url) =
            (Endless { tools, bytes, asked: AtomicUsize::new(0) }, "https://mcp.acme.example/".parse().unwrap());
        let client = Client { carrier: &endless, url: &url, transport: Transport::Http };
        let listed = client.tools(&mut None).await.unwrap();
        assert!(listed.cut && listed.tools.len().abs_diff(taken) <= 2, "{}", listed.tools.len());
        assert_eq!(endless.asked.load(Ordering::Relaxed), pages);
    }
}
