//! The requests that the connectors are known to make: the lab takes every one of them.

use crate::world::{CALENDAR, World};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;

const SCOPES: [&str; 10] = [
    crate::drive::DRIVE,
    "https://www.googleapis.com/auth/drive.activity.readonly",
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
const NOT_PLAYED: &[&str] = &[
    "calendar.acl.list; pageToken",
    "calendar.calendarList.list; pageToken",
    "calendar.calendarList.list; syncToken",
    "calendar.events.move",
    "calendar.events.quickAdd",
    "calendar.settings.list; pageToken",
    "calendar.settings.list; syncToken",
    "drive.accessproposals.get",
    "drive.accessproposals.list",
    "drive.accessproposals.resolve",
    "drive.changes.getStartPageToken",
    "drive.changes.list",
    "drive.comments.list; pageToken",
    "drive.drives.create",
    "drive.drives.delete",
    "drive.drives.get",
    "drive.drives.hide",
    "drive.drives.list",
    "drive.drives.unhide",
    "drive.drives.update",
    "drive.permissions.list; pageToken",
    "drive.replies.list; pageToken",
    "drive.revisions.delete",
    "drive.revisions.get",
    "drive.revisions.list",
    "drive.revisions.update",
    "driveactivity.activity.query",
    "gmail.users.messages.import; deleted",
];

/// What is not played, if that is why a request was refused.
fn unplayed(reply: &crate::world::Reply) -> Option<String> {
    if reply.status != 501 {
        return None;
    }
    let error = &reply.json()["error"];
    let said = error["message"].as_str().unwrap().to_owned();
    let operation = said
        .split([' ', ';'])
        .find(|word| ["calendar.", "drive", "gmail."].iter().any(|api| word.starts_with(api)))
        .unwrap()
        .to_owned();
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
        for (request, written) in requests(&cases) {
            let url: url::Url = request["url"].as_str().unwrap().parse().unwrap();
            if !url.host_str().unwrap().ends_with(".googleapis.com") {
                continue;
            }
            let path = format!("{}?{}", url.path(), url.query().unwrap_or_default());
            let method = request["method"].as_str().unwrap();
            let reply = match &request["file"] {
                Value::Null => world.call(method, &path, &token, &request["body"]).await,
                file => {
                    let (kind, content) = (file["type"].as_str().unwrap(), file["content"].as_str().unwrap());
                    crate::drive::upload(&world, &path, &token, &request["body"], kind, content.as_bytes()).await
                }
            };
            if let Some(unplayed) = unplayed(&reply) {
                waiting.insert(unplayed);
                continue;
            }
            // What the vendor is known to refuse may be refused.
            let refused = written >= 400 && reply.status.as_u16() == written;
            assert!(refused || got_in(method, url.path(), &reply), "{}: {request}: {}", file.display(), reply.text());
            sent += 1;
        }
    }
    assert_eq!(waiting.iter().map(String::as_str).collect::<Vec<_>>(), NOT_PLAYED);
    assert!(sent > 100, "only {sent} requests were found");
}

/// What is sent, and the status of the vendor's answer.
fn requests(cases: &Value) -> Vec<(Value, u16)> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let exchanges = list(cases).into_iter().flat_map(|case| list(&case["exchange"]));
    let pairs = exchanges.flat_map(|exchange| list(&exchange["send"]).into_iter().zip(list(&exchange["answer"])));
    pairs
        .map(|(sent, answer)| {
            (encoded(sent), answer["status"].as_u64().map_or(200, |status| u16::try_from(status).unwrap()))
        })
        .collect()
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
