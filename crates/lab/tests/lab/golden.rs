//! The requests that the connectors are known to make: the lab takes every one of them.

use crate::world::{CALENDAR, GMAIL, World};
use serde_json::Value;
use std::path::Path;

/// Golden files name messages, events and pages that the lab does not have: those requests get no further than that.
fn got_in(method: &str, reply: &crate::world::Reply) -> bool {
    let names_nothing = || match reply.refused() {
        (404, reason) => reason == "notFound",
        (400, reason) => method == "GET" && reason == "invalidArgument",
        _ => false,
    };
    let other_page = || reply.json()["error"]["errors"][0]["location"] == "pageToken";
    reply.status.is_success() || names_nothing() || other_page()
}

#[tokio::test]
async fn every_golden_request_fits() {
    let world = World::new().await;
    let token = world.access(&[GMAIL, CALENDAR]).await;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../catalogue/golden");
    let mut sent = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let file = file.unwrap().path();
        let cases: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
        for request in requests(&cases) {
            let url: url::Url = request["url"].as_str().unwrap().parse().unwrap();
            let path = format!("{}?{}", url.path(), url.query().unwrap_or_default());
            let method = request["method"].as_str().unwrap();
            let reply = world.call(method, &path, &token, &request["body"]).await;
            assert!(got_in(method, &reply), "{}: {request}: {}", file.display(), reply.text());
            sent += 1;
        }
    }
    assert!(sent > 10, "only {sent} requests were found");
}

fn requests(cases: &Value) -> Vec<Value> {
    let exchanges =
        cases.as_array().unwrap().iter().flat_map(|case| case["exchange"].as_array().cloned().unwrap_or_default());
    exchanges.flat_map(|exchange| exchange["send"].as_array().cloned().unwrap_or_default()).map(encoded).collect()
}

/// Golden files show a message as its lines, for those who read them.
fn encoded(mut request: Value) -> Value {
    if let Some(lines) = request["body"]["raw"].as_array() {
        let lines: Vec<&str> = lines.iter().map(|line| line.as_str().unwrap()).collect();
        request["body"]["raw"] = crate::gmail::encode(lines.join("\r\n").as_bytes()).into();
    }
    request
}
