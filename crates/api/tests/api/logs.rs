//! Tool calls' logs and sums where nothing was called yet, and what is wrong with a question. What was called is in
//! `tests/surfaces/test_tool_call_logs.py`.

use crate::kit::Kit;
use crate::walkthrough::set_up;
use prost::Message;
use serde_json::{Value, json};
use tonic::Code;
use valetkey_proto::v1::agentkit_logs as wire;

const LOGS: &str = "/api/v1/agentkit/tool_call_logs";
const SUMS: &str = "/api/v1/agentkit/analytics/overview";

#[tokio::test]
async fn where_nothing_was_called_lists_and_sums_are_empty() {
    let kit = Kit::new().await;
    let listed = kit.rest("GET", LOGS, Value::Null).await;
    assert_eq!((listed.status.as_u16(), &listed.json["tool_call_logs"]), (200, &json!([])), "{listed:?}");
    assert_eq!((&listed.json["total_size"], &listed.json["next_page_token"]), (&json!("0"), &json!("")));
    let day = "start_time=2026-09-20T00:00:00Z&end_time=2026-09-21T00:00:00Z";
    let sums = kit.rest("GET", &format!("{SUMS}?{day}"), Value::Null).await;
    assert_eq!((sums.status.as_u16(), &sums.json["total"]), (200, &json!("0")), "{sums:?}");
    let parts = sums.json["time_series"].as_array().unwrap();
    assert_eq!((parts.len(), &parts[0]["bucket_duration_seconds"]), (24, &json!("3600")));
    let path = "/scalekit.v1.agentkit_logs.AgentkitLogsService/ListToolCallLogs";
    let answer = kit.grpc(path, &[&kit.bearer()], &[0; 5]).await.unwrap();
    assert!(wire::ListToolCallLogsResponse::decode(answer).unwrap().tool_call_logs.is_empty());
}

#[tokio::test]
async fn what_is_wrong_is_named() {
    let kit = Kit::new().await;
    set_up(&kit).await;
    let times = "start_time=2026-02-01T00:00:00Z&end_time=2026-01-01T00:00:00Z";
    let years = "start_time=2020-01-01T00:00:00Z&end_time=2026-01-01T00:00:00Z";
    for (path, status, words) in [
        (
            format!("{LOGS}?status=failed"),
            400,
            "there is no 'failed'; there are: success, provider_error, platform_error",
        ),
        (format!("{LOGS}?source=CLI"), 400, "there is no 'CLI'"),
        (format!("{LOGS}?page_token=zebra"), 400, "page"),
        (format!("{LOGS}?{times}"), 400, "end_time must be after start_time"),
        (format!("{LOGS}?connection_name=MY_GMIAL"), 404, "MY_GMAIL"),
        (format!("{LOGS}?identifier={}", "x".repeat(256)), 400, "identifier"),
        (format!("{LOGS}/exec_1"), 404, "exec_1"),
        (format!("{LOGS}/zebra"), 404, "zebra"),
        (SUMS.to_owned(), 400, "start_time and end_time are required"),
        (format!("{SUMS}?{times}"), 400, "end_time must be after start_time"),
        (format!("{SUMS}?{years}"), 400, "a span of at most 210 days"),
        (format!("{SUMS}?{years}&connection_name={}", "x".repeat(256)), 400, "connection_name"),
    ] {
        let answer = kit.rest("GET", &path, Value::Null).await;
        let message = answer.json["message"].as_str().unwrap_or_default();
        assert!(answer.status.as_u16() == status && message.contains(words), "{path}: {answer:?}");
    }
    let path = "/scalekit.v1.agentkit_logs.AgentkitLogsService/GetToolCallLog";
    let refused = kit.grpc(path, &[&kit.bearer()], &[0; 5]).await.unwrap_err();
    assert!(refused.code() == Code::InvalidArgument && refused.message().contains("execution_id"), "{refused:?}");
}

#[tokio::test]
async fn what_cannot_fit_lists_nothing() {
    let kit = Kit::new().await;
    for query in ["agent_run_id=run-1", "connection_id=zebra", "connected_account_id=zebra", "provider=NOTHING"] {
        let listed = kit.rest("GET", &format!("{LOGS}?{query}"), Value::Null).await;
        assert_eq!((listed.status.as_u16(), &listed.json["tool_call_logs"]), (200, &json!([])), "{query}: {listed:?}");
    }
}
