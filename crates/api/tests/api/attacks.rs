//! Attacks 78, 79, 82: answers larger than their question, work for nobodies, requests that outlive their right.

use crate::kit::{Answer, Kit};
use crate::walkthrough::set_up;
use axum::body::Body;
use futures::future::{join_all, ready};
use futures::stream::{self, StreamExt as _};
use http::{HeaderMap, Request};
use http_body_util::BodyExt;
use prost::Message;
use serde_json::{Value, json};
use std::time::Duration;
use tonic::{Code, Status};
use valetkey_api::{Wire, doors};
use valetkey_app::tenancy::clients;
use valetkey_proto::v1::mcp;
use valetkey_testkit::GatedBody;

/// More than any client takes of headers, and than a person reads of an error.
const LARGE: usize = 8_000;

fn size(headers: &HeaderMap) -> usize {
    headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 32).sum()
}

fn framed(message: &impl Message) -> Vec<u8> {
    let message = message.encode_to_vec();
    [&[0][..], &u32::try_from(message.len()).unwrap().to_be_bytes(), &message].concat()
}

fn grpc(path: &str, bearer: &str, body: impl Into<Body>) -> Request<Body> {
    let request = Request::post(path).header("content-type", "application/grpc").header("te", "trailers");
    request.header("authorization", bearer).body(body.into()).unwrap()
}

#[tokio::test]
async fn attack_78_a_grpc_message_full_of_faults_is_answered_in_a_few_headers() {
    let kit = Kit::new().await;
    let mapping =
        |name: &str| mcp::McpConfigConnectionToolMapping { connection_name: name.into(), ..Default::default() };
    for (mapping, count, told) in [
        (mapping(""), 90_000, " more"),
        (mapping(""), 225_000, "the request holds more than 100000 values"),
        (mapping("é/"), 40_000, "it has 40000"),
        (mapping(&"x".repeat(5_000)), 179, "it has 179"),
    ] {
        let request =
            mcp::UpdateMcpConfigRequest { connection_tool_mappings: vec![mapping; count], ..Default::default() };
        let path = "/scalekit.v1.mcp.McpService/UpdateMcpConfig";
        let answer = kit.send(grpc(path, &kit.bearer(), framed(&request))).await;
        assert!(size(answer.headers()) < LARGE, "{} bytes", size(answer.headers()));
        let status = Status::from_header_map(answer.headers()).unwrap();
        assert_eq!(status.code(), Code::InvalidArgument);
        assert!(status.message().ends_with(told), "{}", status.message());
    }
}

#[tokio::test]
async fn attack_78_whatever_is_long_is_not_repeated_at_any_rest_door() {
    let kit = Kit::new().await;
    let long = "é".repeat(400_000);
    let bodies = [
        json!({ &long: 1 }),
        json!({ "name": &long, "config_name": &long, "identifier": &long }),
        json!({ "connection_tool_mappings": [{ &long: 1 }] }),
        json!({ "connection_tool_mappings": &long, "connected_account": &long, "connection": &long }),
        json!({ "config": { "type": &long }, "connection": { "type": &long }, "type": &long }),
        json!({ "mcp_config_id": &long, "connector": &long, "id": &long }),
        json!({ "filter": vec![&"x"; 40_000] }),
        json!(&long),
        json!(vec![1; 90_000]),
    ];
    let small = |answer: &Answer, what: &str| {
        // A list of what there is may be long, of what was sent there is nothing in it.
        let list = answer.status == 200 && !answer.json.to_string().contains(&"é".repeat(40));
        assert!(list || answer.size + size(&answer.headers) < LARGE, "{what}: {} bytes", answer.size);
    };
    for door in doors().unwrap().into_iter().filter(|door| door.wire == Wire::Rest && door.implemented) {
        let path = door.sample_path("sample");
        for body in &bodies {
            small(&kit.rest(door.verb.as_str(), &path, body.clone()).await, &path);
        }
        let name = "%C3%A9".repeat(5_000);
        for path in [
            door.sample_path(&name),
            format!("{path}?{name}=1"),
            format!("{path}?name={name}&filter.{name}=1"),
            format!("{path}/{name}"),
        ] {
            small(&kit.rest(door.verb.as_str(), &path, Value::Null).await, &door.path);
        }
        small(&kit.rest(&"X".repeat(30_000), &path, Value::Null).await, &path);
    }
}

fn polled(gates: &[GatedBody]) -> usize {
    gates.iter().filter(|gate| gate.polled()).count()
}

/// Returns when so many are read.
async fn until_polled(gates: &[GatedBody], count: usize) {
    until(|| polled(gates) >= count).await;
}

/// Returns when it is so.
async fn until(so: impl Fn() -> bool) {
    let becoming = async {
        while !so() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), becoming).await.expect("it comes to be so");
}

/// How many questions a door reads at a time, how much of each has come, and how one is made of its body.
type Door<'a> = (usize, usize, &'a dyn Fn(Body) -> Request<Body>);

/// Of long questions so many are read at once as there is room for, whatever door they come by; a short one passes.
#[tokio::test]
async fn attack_78_long_questions_are_not_read_before_there_is_room() {
    let kit = Kit::new().await;
    let beginning = |bytes: usize| stream::once(ready(Ok(" ".repeat(bytes).into())));
    let rest = |path, body| Request::post(path).header("authorization", kit.bearer()).body(body).unwrap();
    let proxied = |body| {
        let request = Request::post("/proxy/x").header("authorization", kit.bearer());
        request.header("connection_name", "NONE").header("identifier", "ann").body(body).unwrap()
    };
    let by_grpc = |body| grpc("/scalekit.v1.tools.ToolService/ExecuteTool", &kit.bearer(), body);
    // What an environment may hold of questions, by what a body of unknown length may come to: 1 MiB, or 64 KiB held.
    let doors: [Door<'_>; 3] =
        [(8, 20_000, &|body| rest("/api/v1/execute_tool", body)), (8, 20_000, &by_grpc), (128, 0, &proxied)];
    for (number, (room, begun, request)) in doors.into_iter().enumerate() {
        let gates: Vec<GatedBody> = (0..=room).map(|_| GatedBody::default()).collect();
        let sent = gates.iter().map(|gate| {
            let body = beginning(begun).chain(gate.stream("{}"));
            kit.send(request(Body::from_stream(body)))
        });
        let script = async {
            // Which of them comes first is the database's business.
            until_polled(&gates, room).await;
            tokio::time::sleep(Duration::from_millis(100)).await;
            assert_eq!(polled(&gates), room, "door {number}: it is read though there is no room");
            let short = kit.rest("GET", "/api/v1/connections", Value::Null).await;
            assert_eq!(short.status, 200, "{short:?}");
            gates.iter().find(|gate| gate.polled()).unwrap().release();
            until_polled(&gates, room + 1).await;
            gates.iter().for_each(GatedBody::release);
        };
        let (answers, ()) = tokio::join!(join_all(sent), script);
        assert!(answers.iter().all(|answer| answer.status() != 429), "door {number}");
    }
}

#[tokio::test]
async fn attack_78_paths_and_symbols_are_not_repeated_on_grpc() {
    let kit = Kit::new().await;
    let long = "x".repeat(30_000);
    for path in [format!("/scalekit.v1.mcp.McpService/{long}"), "/scalekit.v1.mcp.McpService/%C3%A9".repeat(900)] {
        let answer = kit.send(grpc(&path, &kit.bearer(), "")).await;
        assert!(size(answer.headers()) < LARGE);
        let headers = [("content-type", "application/grpc")];
        let headers = headers.into_iter().map(|(k, v)| (k.parse().unwrap(), v.parse().unwrap())).collect();
        assert!(size(valetkey_api::unknown_method(&path, &headers).unwrap().headers()) < LARGE);
    }
    // Field 4, file_containing_symbol.
    let asked = [&[0x22, 0xb0, 0xea, 0x01][..], long.as_bytes()].concat();
    let frame = [&[0][..], &u32::try_from(asked.len()).unwrap().to_be_bytes(), &asked].concat();
    let reflection = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
    let (head, body) = kit.send(grpc(reflection, &kit.bearer(), frame)).await.into_parts();
    let body = body.collect().await.unwrap();
    let trailers = body.trailers().cloned().unwrap_or_default();
    assert!(size(&head.headers) + size(&trailers) + body.to_bytes().len() < LARGE, "{trailers:?}");
}

#[tokio::test]
async fn attack_79_of_who_shows_no_valid_token_no_byte_is_read() {
    let kit = Kit::new().await;
    for door in doors().unwrap() {
        let asks_for_a_token =
            door.wire == Wire::Rest || door.path.contains("Reflection") || door.path.contains("scalekit");
        if !asks_for_a_token {
            continue;
        }
        for token in ["", "Bearer x", "Bearer a.b.c", "Basic eDp5"] {
            let gated = GatedBody::default();
            let body = Body::from_stream(gated.stream("never"));
            let path = door.sample_path("sample");
            let mut request = Request::builder().method(door.verb.clone()).uri(&path).header("authorization", token);
            if door.wire == Wire::Grpc {
                request = request.header("content-type", "application/grpc").header("te", "trailers");
            }
            let answered = tokio::time::timeout(Duration::from_secs(5), kit.send(request.body(body).unwrap())).await;
            let answer = answered.unwrap_or_else(|_| panic!("{path} waits for a body of {token:?}"));
            let unauthenticated =
                answer.status() == 401 || answer.headers().get("grpc-status").is_some_and(|code| code == "16");
            assert!(unauthenticated && !gated.polled(), "{path} {token:?}: {answer:?}");
        }
    }
}

/// What a request gets whose client is gone while its body is still on the way.
async fn overtaken(kit: &Kit, request: impl FnOnce(Body) -> Request<Body>, bytes: Vec<u8>) -> http::Response<Body> {
    let gated = GatedBody::default();
    let request = request(Body::from_stream(gated.stream(bytes)));
    let meanwhile = async {
        gated.until_polled().await;
        clients::delete(&kit.app, &kit.ours.ctx, &kit.ours.id).await.unwrap();
        tokio::time::sleep(Duration::from_millis(250)).await;
        gated.release();
    };
    tokio::join!(kit.send(request), meanwhile).0
}

#[tokio::test]
async fn attack_82_a_call_whose_client_was_deleted_before_its_body_came_does_nothing() {
    let wanted = mcp::EnsureMcpInstanceRequest {
        config_name: "email-agent".into(),
        user_identifier: "somebody".into(),
        ..Default::default()
    };
    for rest in [false, true] {
        let kit = Kit::new().await;
        set_up(&kit).await;
        let bearer = kit.bearer();
        let answer = if rest {
            let request = |body| {
                let request = Request::post("/api/v1/mcp/instances").header("authorization", &bearer);
                request.body(body).unwrap()
            };
            let body = json!({ "config_name": "email-agent", "user_identifier": "somebody" });
            let answer = overtaken(&kit, request, body.to_string().into()).await;
            assert_eq!(answer.status(), 401);
            answer
        } else {
            let path = "/scalekit.v1.mcp.McpService/EnsureMcpInstance";
            let answer = overtaken(&kit, |body| grpc(path, &bearer, body), framed(&wanted)).await;
            assert_eq!(answer.headers()["grpc-status"], "16");
            answer
        };
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        assert!(!String::from_utf8_lossy(&body).contains("vkm_"));
        let page = valetkey_app::Page { size: 10, after: None };
        let there =
            valetkey_app::servers::instances::list(&kit.app, &kit.ours.ctx, &Default::default(), &page).await.unwrap();
        assert_eq!(there.items.len(), 1, "only the one of before");
    }
}

#[tokio::test]
async fn attack_82_who_is_gone_when_the_body_comes_is_told_of_no_rule() {
    let kit = Kit::new().await;
    let bearer = kit.bearer();
    let request = |body| Request::post("/api/v1/mcp/configs").header("authorization", &bearer).body(body).unwrap();
    let answer = overtaken(&kit, request, b"{\"nme\":1}".to_vec()).await;
    assert_eq!(answer.status(), 401);
}

#[tokio::test]
async fn attack_82_a_reading_that_took_long_is_kept_from_who_may_not_have_it_any_more() {
    let (kit, store) = Kit::on_sqlite().await;
    let made = set_up(&kit).await;
    let path = format!("/api/v1/mcp/instances/{}", made.instance);
    assert_eq!(kit.rest("GET", &path, Value::Null).await.status, 200);
    let shown = async || {
        let mut tx = store.read().await.unwrap();
        let records = valetkey_storage::journal::newest(&kit.ours.ctx, &mut tx, None, 100).await.unwrap();
        records.iter().filter(|record| record.action == "instance.url_shown").count()
    };
    let before = shown().await;
    let waiting = || valetkey_app::upkeep::readiness::journal(&kit.app).waiting;
    until(|| waiting() == 0).await;
    // Its URL is shown only once the journal has it, which waits for this write.
    let tx = store.write().await.unwrap();
    let meanwhile = async {
        until(|| waiting() == 1).await;
        kit.clock.advance(Duration::from_secs(86_400));
        // Longer than what it was let in by holds, which is measured by a clock that nobody moves.
        tokio::time::sleep(Duration::from_millis(2_200)).await;
        drop(tx);
    };
    let (answer, ()) = tokio::join!(kit.rest("GET", &path, Value::Null), meanwhile);
    assert_eq!(answer.status, 401, "{answer:?}");
    assert_eq!(shown().await, before + 1, "it was in before its token ended");
}

#[tokio::test]
async fn attack_82_a_stream_ends_with_its_token() {
    let kit = Kit::new().await;
    let gated = GatedBody::default();
    let reflection = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
    let answer = kit.send(grpc(reflection, &kit.bearer(), Body::from_stream(gated.stream("")))).await;
    assert!(answer.headers().get("grpc-status").is_none(), "{answer:?}");
    clients::delete(&kit.app, &kit.ours.ctx, &kit.ours.id).await.unwrap();
    let body = tokio::time::timeout(Duration::from_secs(5), answer.into_body().collect()).await.unwrap().unwrap();
    assert_eq!(body.trailers().unwrap()["grpc-status"], "16");
}
