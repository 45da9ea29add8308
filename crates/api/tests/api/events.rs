//! The list of events on both wires: what is in it, its pages, its filter, and what is wrong with a question.

use crate::kit::Kit;
use crate::walkthrough::set_up;
use prost::Message;
use serde_json::{Value, json};
use tonic::Code;
use valetkey_proto::v1::events as wire;

const ALL: &str = "/api/v1/events/paginated";
const GRPC: &str = "/scalekit.v1.events.EventsService/ListEventsPaginated";

fn types(listed: &Value) -> Vec<&str> {
    let events = listed["events"].as_array().unwrap();
    events.iter().map(|event| event["type"].as_str().unwrap().rsplit('.').next().unwrap()).collect()
}

async fn list(kit: &Kit, query: &str, filter: Value) -> Value {
    let answer = kit.rest("POST", &format!("{ALL}{query}"), filter).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json
}

#[tokio::test]
async fn what_happened_is_listed_newest_first_on_both_wires() {
    let kit = Kit::new().await;
    let made = set_up(&kit).await;
    kit.rest("POST", &format!("/api/v1/connected_accounts/{}:disconnect", made.account), json!({})).await;
    let listed = list(&kit, "", json!({})).await;
    assert_eq!(types(&listed), ["status_updated", "magic_link_generated", "created"], "{listed}");
    let event = &listed["events"][0];
    let data = &event["data"];
    assert_eq!((&data["id"], &data["old_status"]), (&json!(made.account), &json!("PENDING_AUTH")), "{event}");
    assert_eq!((&data["status"], &data["connector"]), (&json!("DISCONNECTED"), &json!("MY_GMAIL")));
    assert_eq!((&event["object"], &event["spec_version"]), (&json!("ConnectedAccount"), &json!("1")));
    assert!(event["id"].as_str().unwrap().starts_with("evt_") && event["occurred_at"].is_string(), "{event}");
    assert_eq!(event["display_name"], "Connected account's status updated");
    let answer = kit.grpc(GRPC, &[&kit.bearer()], &[0; 5]).await.unwrap();
    let message = wire::ListEventsPaginatedResponse::decode(answer).unwrap();
    let ids: Vec<_> = message.events.iter().map(|event| json!(event.id)).collect();
    assert_eq!(ids, listed["events"].as_array().unwrap().iter().map(|event| event["id"].clone()).collect::<Vec<_>>());
    assert_eq!(message.events[0].object(), wire::ObjectType::ConnectedAccount);
}

#[tokio::test]
async fn pages_lead_on_and_back() {
    let kit = Kit::new().await;
    let made = set_up(&kit).await;
    let change = |n: u32| json!({ "id": made.account, "connected_account": { "api_config": { "n": n } } });
    for n in 0..3 {
        assert_eq!(kit.rest("PUT", "/api/v1/connected_accounts", change(n)).await.status, 200);
    }
    let first = list(&kit, "?page_size=2", json!({})).await;
    assert_eq!((types(&first), &first["prev_page_token"]), (vec!["updated", "updated"], &json!("")));
    let token = |listed: &Value, which: &str| listed[which].as_str().unwrap().to_owned();
    let next = format!("?page_size=2&page_token={}", token(&first, "next_page_token"));
    let second = list(&kit, &next, json!({})).await;
    assert_eq!(types(&second)[0], "updated");
    let back = format!("?page_size=2&page_token={}", token(&second, "prev_page_token"));
    assert_eq!(list(&kit, &back, json!({})).await["events"], first["events"]);
}

#[tokio::test]
async fn each_member_of_the_filter_leaves_what_fits() {
    let kit = Kit::new().await;
    let made = set_up(&kit).await;
    let all = types(&list(&kit, "", json!({})).await).len();
    for (filter, left) in [
        (json!({ "event_types": ["connected_account.created"] }), 1),
        (json!({ "event_types": ["connected_account.created", "user.created"] }), 1),
        (json!({ "eventTypes": ["user.created"] }), 0),
        (json!({ "connected_account_id": made.account }), all),
        (json!({ "connection_id": made.connection }), all),
        (json!({ "organization_id": "org_1" }), 0),
        (json!({ "source": "SCALEKIT" }), all),
        (json!({ "source": "DIR_SYNC" }), 0),
        (json!({ "auth_request_id": "auth_1" }), 0),
        (json!({ "interceptor_id": "int_1" }), 0),
        (json!({ "interceptor_status": "failed" }), 0),
        (json!({ "interceptor_decision": "DENY" }), 0),
        (json!({ "start_time": "2000-01-01T00:00:00Z" }), all),
        (json!({ "end_time": "2000-01-01T00:00:00Z" }), 0),
    ] {
        assert_eq!(types(&list(&kit, "", filter.clone()).await).len(), left, "{filter}");
    }
    kit.rest("POST", "/api/v1/connected_accounts:delete", json!({ "id": made.account })).await;
    let of_the_gone = list(&kit, "", json!({ "connected_account_id": made.account })).await;
    assert_eq!(types(&of_the_gone)[0], "deleted", "what is gone can still be asked for");
}

#[tokio::test]
async fn what_is_wrong_is_named() {
    let kit = Kit::new().await;
    set_up(&kit).await;
    for (query, filter, status, words) in [
        ("?page_token=zebra", json!({}), 400, "page"),
        ("?page_token=eyJvZmZzZXQiOjEwfQ", json!({}), 400, "page"),
        ("?page_size=-1", json!({}), 400, "page_size"),
        ("", json!({ "event_types": ["connected_account.create"] }), 400, "connected_account.created"),
        ("", json!({ "event_types": vec!["user.created"; 51] }), 400, "at most 50"),
        ("", json!({ "event_types": "connected_account.created" }), 400, "event_types"),
        ("", json!({ "source": "CLOCK" }), 400, "source"),
        ("", json!({ "source": 9 }), 400, "filter.source"),
        ("", json!({ "start_time": "yesterday" }), 400, "start_time"),
        (
            "",
            json!({ "start_time": "2026-02-01T00:00:00Z", "end_time": "2026-01-01T00:00:00Z" }),
            400,
            "filter.end_time",
        ),
        ("", json!({ "connected_account_id": "ca_none" }), 404, "ca_none"),
        ("", json!({ "connected_account_id": "zebra" }), 404, "zebra"),
        ("", json!({ "connection_id": "conn_none" }), 404, "conn_none"),
        ("", json!({ "account": "ca_none" }), 400, "account"),
    ] {
        let answer = kit.rest("POST", &format!("{ALL}{query}"), filter.clone()).await;
        let message = answer.json["message"].as_str().unwrap_or_default();
        assert!(answer.status.as_u16() == status && message.contains(words), "{query} {filter}: {answer:?}");
    }
    let asked = wire::ListEventsPaginatedRequest { page_token: "zebra".into(), ..Default::default() };
    let refused = kit.grpc(GRPC, &[&kit.bearer()], &framed(&asked)).await.unwrap_err();
    assert!(refused.code() == Code::InvalidArgument && refused.message().contains("page"), "{refused:?}");
}

fn framed(message: &impl Message) -> Vec<u8> {
    let body = message.encode_to_vec();
    let length = u32::try_from(body.len()).unwrap().to_be_bytes();
    [&[0_u8], length.as_slice(), &body].concat()
}
