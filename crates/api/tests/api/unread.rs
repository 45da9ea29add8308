//! Attack 78: long answers that their callers read slowly, or never, over gRPC, REST and `/proxy`.

use crate::executing::info;
use crate::shelf::Shelf;
use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt as _;
use prost::Message as _;
use serde_json::{Value, json};
use std::time::Duration;
use tonic::Code;
use valetkey_app::tenancy::{clients, tokens};
use valetkey_core::AnswerRoom;
use valetkey_proto::v1::tools as wire;
use valetkey_proto::well_known::Struct;

const EXECUTE: &str = "/scalekit.v1.tools.ToolService/ExecuteTool";

impl Shelf {
    fn by_rest(&self, tool: &str, params: &Value) -> Request<Body> {
        let body = json!({ "tool_name": tool, "connected_account_id": self.account, "params": params });
        let request = Request::post("/api/v1/execute_tool").header("authorization", self.kit.bearer());
        request.body(body.to_string().into()).unwrap()
    }

    pub(crate) fn message(&self, tool: &str, name: &str, value: &str) -> wire::ExecuteToolRequest {
        wire::ExecuteToolRequest {
            tool_name: tool.into(),
            connected_account_id: Some(self.account.clone()),
            params: Some(Struct { fields: [(name.to_owned(), value.to_owned().into())].into() }),
            ..Default::default()
        }
    }

    pub(crate) fn by_grpc(&self, message: &wire::ExecuteToolRequest) -> Request<Body> {
        let mut frame = vec![0];
        frame.extend(u32::try_from(message.encoded_len()).unwrap().to_be_bytes());
        frame.extend(message.encode_to_vec());
        let request = Request::post(EXECUTE).header("content-type", "application/grpc").header("te", "trailers");
        request.header("authorization", self.kit.bearer()).body(frame.into()).unwrap()
    }

    /// The same shelf, proxied for a client that may not read users' tokens: its answers are looked through.
    async fn by_proxy(&self, verb: &str, path: &str, body: String) -> Request<Body> {
        let (app, ctx) = (&self.kit.app, &self.kit.ours.ctx);
        let issued = clients::create(app, ctx, "plain", Vec::new()).await.unwrap();
        let token = tokens::token(app, issued.client.id.as_str(), &issued.secret).await.unwrap();
        let request = Request::builder().method(verb).uri(path).header("content-type", "application/json");
        let request = request.header("authorization", format!("Bearer {}", token.access_token.expose()));
        request.header("connection_name", "MY_SHELF").header("identifier", "ann").body(body.into()).unwrap()
    }

    /// The beginning of an answer, which is not read any further.
    async fn begun(&self, request: Request<Body>) -> (Bytes, Body) {
        let response = self.kit.send(request).await;
        assert_eq!(response.status(), 200, "{response:?}");
        let mut body = response.into_body();
        (body.frame().await.unwrap().unwrap().into_data().unwrap(), body)
    }

    /// What is taken, once no call goes on any more.
    async fn taken(&self) -> usize {
        tokio::time::sleep(Duration::from_millis(100)).await;
        self.kit.memory.used().0
    }

    async fn all(&self) -> AnswerRoom {
        let mut all = AnswerRoom::default();
        all.fit(&self.kit.memory, &self.kit.ours.ctx.environment, 1 << 30, Duration::ZERO).await.unwrap();
        all
    }
}

/// The refusal of a call whose answer is not given.
async fn not_given(response: http::Response<Body>, status: u16, words: &str) {
    assert_eq!(response.status(), status);
    let json: Value = serde_json::from_slice(&response.into_body().collect().await.unwrap().to_bytes()).unwrap();
    let told = &json["details"][0];
    let tool = &told["tool_error_info"];
    assert_eq!((&told["error_code"], &tool["tool_error_code"]), (&json!("TOOL_ERROR"), &json!("not_given")), "{json}");
    assert!(json["message"].as_str().unwrap().contains(words) && tool["execution_id"].is_string(), "{json}");
}

async fn refusal(response: http::Response<Body>) -> (StatusCode, HeaderMap, String) {
    let (head, body) = response.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    let json: Value = serde_json::from_slice(&bytes).unwrap();
    (head.status, head.headers, json["message"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn attack_78_on_every_wire_a_long_answer_has_its_room_until_its_last_byte_was_taken() {
    let shelf = Shelf::new().await;
    for wire in ["rest", "grpc", "proxy"] {
        for reads in [true, false] {
            let request = match wire {
                "rest" => tools_listed(&shelf),
                "grpc" => shelf.by_grpc(&shelf.message("shelf_get_book", "id", "long")),
                _ => shelf.by_proxy("POST", "/proxy/books", json!({ "title": "x".repeat(200_000) }).to_string()).await,
            };
            let (first, mut body) = shelf.begun(request).await;
            let taken = shelf.taken().await;
            let length = first.len();
            assert!(length > 65_536 && taken >= length && taken < length + 2_000, "{wire}: {taken} of {length}");
            while reads && let Some(frame) = body.frame().await {
                frame.unwrap();
            }
            drop(body);
            assert_eq!(shelf.taken().await, taken, "{wire}: its bytes are on their way");
            drop(first);
            assert_eq!(shelf.taken().await, 0, "{wire}");
        }
    }
}

#[tokio::test]
async fn attack_78_on_every_wire_an_answer_that_can_not_be_given_is_refused_by_name() {
    let shelf = Shelf::new().await;
    let room = shelf.all().await;
    let name = "(bytes_in_flight_per_environment)";
    let long = "x".repeat(29_000);
    let hurried = |mut request: Request<Body>| {
        request.headers_mut().insert("grpc-timeout", "3S".parse().unwrap());
        request
    };

    let read = hurried(shelf.by_grpc(&shelf.message("shelf_get_book", "id", "long")));
    let refused = shelf.kit.grpc_request(read).await.unwrap_err();
    assert_eq!(refused.code(), Code::ResourceExhausted);
    assert!(refused.message().contains(name) && refused.message().contains("try again"), "{refused}");
    let write = hurried(shelf.by_grpc(&shelf.message("shelf_add_book", "title", &long)));
    let refused = shelf.kit.grpc_request(write).await.unwrap_err();
    assert_eq!(refused.code(), Code::ResourceExhausted);
    assert!(refused.message().contains(name) && refused.message().contains("the app has done it"), "{refused}");
    assert!(refused.message().contains("don't repeat the call"), "{refused}");
    assert_eq!(info(&refused).error_code, "TOOL_ERROR");

    // What is short as the app has it, and long on the wire.
    let wide = || shelf.by_rest("shelf_get_book", &json!({ "id": "wide" }));
    let refused = shelf.kit.grpc_request(hurried(shelf.by_grpc(&shelf.message("shelf_get_book", "id", "wide")))).await;
    let refused = refused.unwrap_err();
    let tool = info(&refused).tool_error_info.expect("no SDK repeats it");
    assert_eq!((info(&refused).error_code.as_str(), tool.tool_error_code.as_str()), ("TOOL_ERROR", "not_given"));
    assert!(tool.execution_id.starts_with("exec_") && tool.tool_error_message == refused.message(), "{tool:?}");
    not_given(shelf.kit.send(hurried(wide())).await, 504, "the call has begun").await;

    let started = std::time::Instant::now();
    let (listed, wide) = tokio::join!(shelf.kit.send(tools_listed(&shelf)), shelf.kit.send(wide()));
    not_given(wide, 429, name).await;
    let (status, _, words) = refusal(listed).await;
    assert_eq!(status, 429);
    assert!(words.contains(name) && words.contains("try again"), "{words}");
    assert!(started.elapsed() > Duration::from_secs(5), "it was waited for");

    let short = shelf.kit.send(shelf.by_rest("shelf_get_book", &json!({ "id": "emma" }))).await;
    assert_eq!(short.status(), 200, "what is short needs none");
    drop(room);
    assert_eq!(shelf.kit.send(tools_listed(&shelf)).await.status(), 200);
    assert_eq!(shelf.taken().await, 0);
}

/// A request for a list that is longer than 64 KB.
fn tools_listed(shelf: &Shelf) -> Request<Body> {
    let request = Request::get("/api/v1/tools?page_size=100").header("authorization", shelf.kit.bearer());
    request.body(Body::empty()).unwrap()
}
