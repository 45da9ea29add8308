//! The requests that the connectors are known to make: the lab takes every one of them.

use crate::world::{CALENDAR, World};
use serde_json::Value;
use std::path::Path;

const SCOPES: [&str; 8] = [
    "https://mail.google.com/",
    "https://www.googleapis.com/auth/gmail.settings.basic",
    "https://www.googleapis.com/auth/gmail.settings.sharing",
    "https://www.googleapis.com/auth/gmail.insert",
    "https://www.googleapis.com/auth/gmail.labels",
    "https://www.googleapis.com/auth/contacts.readonly",
    "https://www.googleapis.com/auth/contacts.other.readonly",
    CALENDAR,
];

/// Golden files name messages, labels, events and pages that the lab does not have, name what it has by now, and ask
/// for what only administrators get: those requests get no further than that. What is written is taken as it is.
fn got_in(method: &str, path: &str, reply: &crate::world::Reply) -> bool {
    let mail = ["/send", "/drafts", "/import", "/messages"].iter().any(|end| path.ends_with(end)) && method == "POST";
    let names_nothing = || match reply.refused() {
        (404, reason) => reason == "notFound",
        (400, reason) => reason == "invalidArgument" && (!mail || reply.text().contains("labelId not found")),
        (409, reason) => reason == "aborted",
        (403, _) => reply.text().contains("domain-wide authority"),
        _ => false,
    };
    let other_page = || reply.json()["error"]["errors"][0]["location"] == "pageToken";
    reply.status.is_success() || names_nothing() || other_page()
}

#[tokio::test]
async fn every_golden_request_fits() {
    let world = World::new().await;
    let token = world.access(&SCOPES).await;
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
            assert!(got_in(method, url.path(), &reply), "{}: {request}: {}", file.display(), reply.text());
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
    for place in ["/body/raw", "/body/message/raw"] {
        if let Some(raw) = request.pointer_mut(place) {
            let lines: Vec<&str> = raw.as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
            *raw = crate::gmail::encode(lines.join("\r\n").as_bytes()).into();
        }
    }
    request
}
