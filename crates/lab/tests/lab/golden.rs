//! The requests that the connectors are known to make: the lab takes every one of them.

use crate::world::{CALENDAR, World};
use serde_json::Value;
use std::collections::BTreeSet;
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

/// What the connectors send and this lab does not play: operations, and parameters of some.
const NOT_PLAYED: [&str; 5] = [
    "calendar.calendarList.list; pageToken",
    "calendar.calendarList.list; syncToken",
    "calendar.events.move",
    "calendar.events.quickAdd",
    "calendar.settings.list; syncToken",
];

/// What is not played, if that is why a request was refused.
fn unplayed(reply: &crate::world::Reply) -> Option<String> {
    if reply.status != 501 {
        return None;
    }
    let error = &reply.json()["error"];
    let said = error["message"].as_str().unwrap().to_owned();
    let operation = said.split([' ', ';']).find(|word| word.starts_with("calendar.")).unwrap().to_owned();
    let parameter = error["errors"][0]["location"].as_str().map(|name| format!("; {name}"));
    Some(format!("{operation}{}", parameter.unwrap_or_default()))
}

/// Golden files name messages, labels, events and pages that the lab does not have, name what it has by now, and ask
/// for what only administrators get: those requests get no further than that. What is written is taken as it is.
fn got_in(method: &str, path: &str, reply: &crate::world::Reply) -> bool {
    let mail = ["/send", "/drafts", "/import", "/messages"].iter().any(|end| path.ends_with(end)) && method == "POST";
    let names_nothing = || match reply.refused() {
        (404, reason) => reason == "notFound",
        (400, reason) if reason != "invalid" => {
            reason == "invalidArgument" && (!mail || reply.text().contains("labelId not found"))
        }
        (400, reason) => reason == "invalid" && method == "DELETE",
        (409, reason) => reason == "aborted" || reason == "duplicate",
        (403, _) => reply.text().contains("domain-wide authority") || path.ends_with("/transferOwnership"),
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
    let mut waiting = BTreeSet::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let file = file.unwrap().path();
        let cases: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
        for request in requests(&cases) {
            let url: url::Url = request["url"].as_str().unwrap().parse().unwrap();
            // Drive comes to the lab with its own state.
            let drive = file.file_name().unwrap().to_str().unwrap().starts_with("googledrive_");
            if drive || !url.host_str().unwrap().ends_with(".googleapis.com") {
                continue;
            }
            let path = format!("{}?{}", url.path(), url.query().unwrap_or_default());
            let method = request["method"].as_str().unwrap();
            let reply = world.call(method, &path, &token, &request["body"]).await;
            if let Some(unplayed) = unplayed(&reply) {
                waiting.insert(unplayed);
                continue;
            }
            assert!(got_in(method, url.path(), &reply), "{}: {request}: {}", file.display(), reply.text());
            sent += 1;
        }
    }
    assert_eq!(waiting.iter().map(String::as_str).collect::<Vec<_>>(), NOT_PLAYED);
    assert!(sent > 100, "only {sent} requests were found");
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
