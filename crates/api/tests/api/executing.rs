//! ExecuteTool: whose account, what comes back, and how a failure is told so that no SDK repeats it.

use crate::kit::Answer;
use crate::shelf::Shelf;
use prost::Message;
use serde_json::{Map, Value, json};
use tonic::{Code, Status};
use valetkey_app::insight::audit;
use valetkey_proto::google::rpc;
use valetkey_proto::v1::errdetails::ErrorInfo;
use valetkey_proto::v1::tools as wire;

const EXECUTE: &str = "/scalekit.v1.tools.ToolService/ExecuteTool";

impl Shelf {
    async fn execute(&self, body: Value) -> Answer {
        self.kit.rest("POST", "/api/v1/execute_tool", body).await
    }

    /// A call by ann's account that must fail as a tool's: its message and the details.
    async fn failing(&self, tool: &str, params: Value) -> (u16, Value) {
        let body = json!({ "tool_name": tool, "connected_account_id": self.account, "params": params });
        let answer = self.execute(body).await;
        let info = answer.json["details"][0].clone();
        assert_eq!(info["error_code"], "TOOL_ERROR", "{answer:?}");
        assert_eq!(info["tool_error_info"]["tool_error_message"], answer.json["message"]);
        assert!(info["tool_error_info"]["execution_id"].as_str().unwrap().starts_with("exec_"));
        (answer.status.as_u16(), answer.json)
    }

    /// The details of the newest record of a call.
    async fn recorded(&self) -> Map<String, Value> {
        // The newest head comes behind everything that waits to be written.
        audit::head(&self.kit.app).await.unwrap();
        let lines = audit::newest(&self.kit.app, &self.kit.ours.ctx, None, 20).await.unwrap();
        lines.into_iter().find(|line| line.action == "tool.call" && line.phase != "intent").unwrap().detail
    }
}

/// The one detail of a refusal.
pub(crate) fn info(refused: &Status) -> ErrorInfo {
    let envelope = rpc::Status::decode(refused.details()).unwrap();
    ErrorInfo::decode(envelope.details[0].value.as_slice()).unwrap()
}

fn message(answer: &Answer) -> &str {
    answer.json["message"].as_str().unwrap_or_default()
}

#[tokio::test]
async fn an_account_is_named_by_id_by_connection_and_user_or_by_the_user_alone() {
    let shelf = Shelf::new().await;
    let params = json!({ "id": "emma", "page": 3.0 });
    for account in [
        json!({ "connected_account_id": shelf.account }),
        json!({ "connector": "my_shelf", "identifier": "ann" }),
        json!({ "identifier": "ann" }),
        json!({ "connected_account_id": shelf.account, "connector": "NONE", "identifier": "bob" }),
    ] {
        let mut body = json!({ "tool_name": "shelf_get_book", "params": params });
        body.as_object_mut().unwrap().extend(account.as_object().unwrap().clone());
        let answer = shelf.execute(body).await;
        assert_eq!(answer.status, 200, "{account}: {answer:?}");
        let data = json!({ "id": "9007199254740993", "title": "emma", "pages": 3 });
        assert_eq!(answer.json["data"], data, "what no double holds comes as text");
        assert!(answer.json["execution_id"].as_str().unwrap().starts_with("exec_"));
        assert_eq!(shelf.asked(), ["GET /api/books/emma?page=3"]);
    }
}

#[tokio::test]
async fn by_grpc_it_is_the_same_call() {
    let shelf = Shelf::new().await;
    let request = wire::ExecuteToolRequest {
        tool_name: "shelf_add_book".into(),
        connected_account_id: Some(shelf.account.clone()),
        params: Some(valetkey_proto::well_known::Struct {
            fields: [("title".to_owned(), "emma".to_owned().into())].into(),
        }),
        agent_run_id: Some("run-7".into()),
        ..Default::default()
    };
    let answer: wire::ExecuteToolResponse = shelf.kit.call(EXECUTE, &request).await.unwrap();
    let data = answer.data.unwrap();
    assert_eq!(data.fields["title"].kind, valetkey_proto::well_known::Value::from("emma".to_owned()).kind);
    assert_eq!(shelf.asked(), ["POST emma"]);
    let said = shelf.recorded().await;
    assert_eq!((&said["source"], &said["agent_run"]), (&json!("API"), &json!("run-7")));
    assert_eq!((&said["account"], &said["outcome"]), (&json!(shelf.account), &json!("ok")));
    assert!(said["arguments_hmac"].is_string() && !json!(said).to_string().contains("emma"));
    for (run, count) in [("run-7", 1), ("run-8", 0)] {
        let query = format!("agent_run_id={run}&source=API&identifier=ann&provider=SHELF&status=success");
        let listed = shelf.kit.rest("GET", &format!("/api/v1/agentkit/tool_call_logs?{query}"), Value::Null).await;
        let calls = listed.json["tool_call_logs"].as_array().unwrap();
        assert_eq!(calls.len(), count, "{listed:?}");
        assert!(calls.iter().all(|call| call["agent_run_id"] == "run-7" && call["identifier"] == "ann"), "{listed:?}");
    }
}

#[tokio::test]
async fn an_account_that_is_not_the_one_is_refused_before_anything_leaves() {
    let shelf = Shelf::new().await;
    let get = |account: Value| {
        let mut body = json!({ "tool_name": "shelf_get_book", "params": { "id": "emma" } });
        body.as_object_mut().unwrap().extend(account.as_object().unwrap().clone());
        body
    };
    let gmail = json!({ "provider_key": "GMAIL", "type": "OAUTH", "key_id": "MY_GMAIL" });
    shelf.kit.rest("POST", "/api/v1/connections", gmail).await;
    let mail = shelf.connected("MY_GMAIL", "ann").await;
    shelf.connection("OTHER_SHELF").await;
    let second = shelf.connected("OTHER_SHELF", "ann").await;
    let cases = [
        (json!({ "connected_account_id": mail }), 400, "tool 'shelf_get_book' is of SHELF"),
        (json!({ "connector": "MY_GMAIL", "identifier": "ann" }), 400, "and connection 'MY_GMAIL' of GMAIL"),
        (json!({ "connector": "MY_SHLEF", "identifier": "ann" }), 404, "did you mean 'MY_SHELF'?"),
        (json!({ "connector": "MY_SHELF", "identifier": "bob" }), 404, "GetMagicLinkForConnectedAccount"),
        (json!({ "connected_account_id": "ca_none" }), 404, "ca_none"),
        (json!({ "connected_account_id": "zebra" }), 404, "zebra"),
        (json!({ "identifier": "bob" }), 400, "no connected account for SHELF"),
        (json!({ "identifier": "ann" }), 400, "OTHER_SHELF"),
        (json!({ "connector": "MY_SHELF" }), 400, "whose account?"),
        (json!({}), 400, "whose account?"),
    ];
    for (account, status, told) in cases {
        let answer = shelf.execute(get(account.clone())).await;
        assert_eq!(answer.status, status, "{account}: {answer:?}");
        assert!(message(&answer).contains(told), "{account}: {}", message(&answer));
        assert_eq!(answer.json["details"][0].get("tool_error_info"), None, "{answer:?}");
    }
    let both = shelf.execute(get(json!({ "identifier": "ann" }))).await;
    assert!(message(&both).contains(&shelf.account) && message(&both).contains(&second), "{}", message(&both));
    let theirs =
        json!({ "tool_name": "shelf_get_book", "connected_account_id": shelf.account, "params": { "id": "a" } });
    let stranger = shelf.kit.rest_as(Some(&shelf.kit.theirs.token), "POST", "/api/v1/execute_tool", theirs).await;
    assert_eq!(stranger.status, 404, "{stranger:?}");
    let unknown = json!({ "tool_name": "shelf_book_get", "identifier": "ann" });
    let unknown = shelf.execute(unknown).await;
    assert_eq!((unknown.status.as_u16(), unknown.json["code"].as_i64()), (400, Some(3)));
    assert!(
        message(&unknown).contains("tool not found") && message(&unknown).contains("shelf_get_book"),
        "{unknown:?}"
    );
    assert_eq!(shelf.asked(), Vec::<String>::new());
}

#[tokio::test]
async fn what_the_app_answers_is_a_tool_error_of_one_of_four_classes_and_nothing_is_sent_twice() {
    let shelf = Shelf::new().await;
    for (book, code, why) in
        [("403", 7, "forbidden"), ("429", 8, "rate_limited"), ("404", 5, "not_found"), ("500", 2, "app_failed")]
    {
        let (_, said) = shelf.failing("shelf_add_book", json!({ "title": book })).await;
        let info = &said["details"][0]["tool_error_info"];
        assert_eq!((said["code"].as_i64(), info["tool_error_code"].as_str()), (Some(code), Some(why)), "{said}");
        assert_eq!(shelf.asked(), [format!("POST {book}")]);
        assert_ne!(code, 14, "some clients repeat that");
    }
    let (status, said) = shelf.failing("shelf_get_book", json!({ "id": "a", "pag": 2 })).await;
    assert_eq!((status, said["code"].as_i64()), (400, Some(3)), "{said}");
    assert!(said["message"].as_str().unwrap().contains("page"), "the nearest argument is named: {said}");
    assert_eq!(shelf.asked(), Vec::<String>::new());
    // Without a refresh token, a 401 of the app ends the sign-in: 16, marked as a tool's, with the link that mends it.
    let request = wire::ExecuteToolRequest {
        tool_name: "shelf_add_book".into(),
        connected_account_id: Some(shelf.account.clone()),
        params: Some(valetkey_proto::well_known::Struct {
            fields: [("title".to_owned(), "401".to_owned().into())].into(),
        }),
        ..Default::default()
    };
    for _ in 0..2 {
        let refused = shelf.kit.call::<wire::ExecuteToolResponse>(EXECUTE, &request).await.unwrap_err();
        let info = info(&refused);
        assert_eq!((refused.code(), info.error_code.as_str()), (Code::Unauthenticated, "TOOL_ERROR"), "{refused:?}");
        assert_eq!(info.tool_error_info.unwrap().tool_error_code, "not_connected");
        let links = info.help_info.unwrap().links;
        assert!(refused.message().contains(&links[0].url), "{links:?}");
        assert!(refused.message().contains("Link for the user: http://localhost:8080/connect/"), "{refused:?}");
    }
    assert_eq!(shelf.asked(), ["POST 401"], "the second call saw that the account had ended");
    // Our own 401 is none of a tool.
    let ours = shelf.kit.grpc(EXECUTE, &["Bearer nonsense"], &[0, 0, 0, 0, 0]).await.unwrap_err();
    let info = info(&ours);
    assert_eq!(
        (ours.code(), info.error_code.as_str(), info.tool_error_info),
        (Code::Unauthenticated, "UNAUTHENTICATED", None)
    );
}

impl Shelf {
    /// A call by ann's account as an SDK of this version makes it; how it failed, if it did.
    async fn as_sdk(&self, version: &str, tool: &str, argument: (&str, &str)) -> Option<(Code, ErrorInfo)> {
        let message = self.message(tool, argument.0, argument.1);
        let mut request = self.by_grpc(&message);
        request.headers_mut().insert("x-sdk-version", version.parse().unwrap());
        let refused = self.kit.grpc_request(request).await.err()?;
        Some((refused.code(), info(&refused)))
    }
}

#[tokio::test]
async fn an_sdk_that_repeats_what_failed_does_it_once_and_gets_no_code_that_it_repeats() {
    let shelf = Shelf::new().await;
    let execution = |(_, info): &(Code, ErrorInfo)| info.tool_error_info.as_ref().unwrap().execution_id.clone();
    let (old, new, node) = ("Scalekit-Python/2.4.11", "Scalekit-Python/2.13.0", "Scalekit-Node/2.5.1");
    let write = async |version, title| shelf.as_sdk(version, "shelf_add_book", ("title", title)).await.unwrap();

    let first = write(old, "500").await;
    let second = write(old, "500").await;
    assert_eq!((first.0, &first.1.error_code), (Code::Unknown, &"TOOL_ERROR".to_owned()));
    assert_eq!((execution(&first), first.0), (execution(&second), second.0));
    assert_eq!(shelf.asked(), ["POST 500"], "the second one is told how the first one ended");
    assert_ne!(execution(&write(old, "503").await), execution(&first), "another call");
    assert_eq!(shelf.asked(), ["POST 503"]);
    shelf.kit.clock.advance(std::time::Duration::from_secs(6));
    assert_ne!(execution(&write(old, "500").await), execution(&first), "that was a while ago");
    assert_eq!(shelf.asked(), ["POST 500"]);
    for version in [new, node] {
        write(version, "500").await;
        assert_eq!(shelf.asked(), ["POST 500"], "{version} repeats no such thing, so who sends it means it");
    }
    for _ in 0..2 {
        assert!(shelf.as_sdk(old, "shelf_get_book", ("id", "500")).await.is_some());
        assert_eq!(shelf.asked(), ["GET /api/books/500"], "what only reads may be tried again");
        assert!(shelf.as_sdk(old, "shelf_add_book", ("title", "emma")).await.is_none());
        assert_eq!(shelf.asked(), ["POST emma"], "so may what worked");
    }
    for (title, code) in [("429", Code::ResourceExhausted), ("401", Code::Unauthenticated)] {
        // Who calls first finds the account signed in still.
        for (version, code) in [(old, Code::FailedPrecondition), (node, Code::FailedPrecondition), (new, code)] {
            let (got, info) = write(version, title).await;
            assert_eq!((got, info.error_code.as_str()), (code, "TOOL_ERROR"), "{version}: {title}");
        }
    }
}
