//! Attack 78: long answers that their callers read slowly, or never.

use crate::kit::{Kit, post};
use axum::body::Body;
use bytes::Bytes;
use http_body_util::BodyExt;
use serde_json::json;
use std::time::Duration;
use tower::ServiceExt;
use valetkey_app::Bounds;
use valetkey_core::AnswerRoom;

/// A call of which the answer has 50 KB, and half of that more once it is quoted.
fn long() -> String {
    let params = json!({ "name": "fakeapp_get_item", "arguments": { "id": "quoted" } });
    json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params }).to_string()
}

/// The beginning of an answer, which is not read any further.
async fn begun(kit: &Kit, headers: &[(&str, &str)], body: String) -> (Bytes, Body) {
    let response = kit.router.clone().oneshot(post(&kit.path, headers, body)).await.unwrap();
    assert_eq!(response.status(), 200);
    let mut body = response.into_body();
    (body.frame().await.unwrap().unwrap().into_data().unwrap(), body)
}

/// All room for answers that there is.
async fn all(kit: &Kit) -> AnswerRoom {
    let mut all = AnswerRoom::default();
    all.fit(&kit.memory, &kit.ctx.environment, 1 << 30, Duration::from_secs(5)).await.unwrap();
    all
}

#[tokio::test]
async fn attack_78_a_long_answer_has_its_room_until_its_last_byte_was_taken() {
    let kit = Kit::connected().await;
    let json = ("accept", "application/json");
    for headers in [[json], [("accept", "text/event-stream")]] {
        let (first, mut body) = begun(&kit, &headers, long()).await;
        kit.at_rest().await;
        let (held, _) = kit.memory.used();
        assert!(held > 65_536 && held < 110_000, "{held}: it is counted as long as it is");
        let mut taken = first.to_vec();
        drop(first);
        while let Some(frame) = body.frame().await {
            taken.extend(frame.unwrap().into_data().unwrap());
        }
        drop(body);
        assert!(held >= taken.len() && held < taken.len() + 2_000, "{held}: of {}", taken.len());
        assert_eq!(kit.memory.used(), (0, 0), "{headers:?}");
        drop(begun(&kit, &headers, long()).await);
        kit.at_rest().await;
        assert_eq!(kit.memory.used(), (0, 0), "{headers:?}: whoever hung up");
    }
}

#[tokio::test]
async fn attack_78_an_answer_that_can_not_be_given_is_refused_by_name_and_a_write_says_that_it_was_done() {
    let kit = Kit::within(Bounds { mcp_time: Duration::from_secs(3), ..Bounds::default() }).await;
    kit.consent().await;
    let room = all(&kit).await;
    let read = kit.failing("fakeapp_get_item", json!({ "id": "quoted" })).await;
    assert!(read.contains("(bytes_in_flight_per_environment)") && read.contains("try again"), "{read}");
    let written = kit.failing("fakeapp_add_item", json!({ "name": "x".repeat(29_000) })).await;
    assert!(written.contains("the app has done it") && written.contains("don't repeat the call"), "{written}");
    assert!(written.contains("(bytes_in_flight_per_environment)"), "{written}");
    let short = kit.call("fakeapp_get_item", json!({ "id": "a" })).await;
    assert_eq!(short["isError"], false, "what is short needs none: {short}");
    kit.legacy("tools/list", json!({})).await;
    drop(room);
    assert_eq!(kit.call("fakeapp_get_item", json!({ "id": "quoted" })).await["isError"], false);
    assert_eq!(kit.memory.used(), (0, 0));
}

#[tokio::test]
async fn attack_78_who_waits_for_readers_keeps_nobody_from_shaping_and_gets_the_same_answer() {
    let kit = Kit::connected().await;
    let usual = kit.call("fakeapp_get_item", json!({ "id": "quoted" })).await;
    let room = all(&kit).await;
    let others = async {
        // They all wait for the room that this holds.
        tokio::time::sleep(Duration::from_millis(500)).await;
        let shaping = kit.memory.to_shape(&kit.ctx.environment, 1 << 30, Duration::from_secs(5)).await;
        shaping.expect("all that there is to shape with");
        drop(room);
    };
    let calls = futures::future::join_all((0..8).map(|_| kit.call("fakeapp_get_item", json!({ "id": "quoted" }))));
    let (answers, ()) = tokio::join!(calls, others);
    assert!(answers.iter().all(|answer| *answer == usual && answer["isError"] == false));
    assert_eq!(kit.memory.used(), (0, 0));
}
