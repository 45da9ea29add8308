//! What Gmail lets one do to a mailbox: drafts, labels, the bin, filters, settings, and what the history tells of it.

use crate::gmail::encode;
use crate::world::{GMAIL, Reply, World};
use serde_json::{Value, json};

const ME: &str = "/gmail/v1/users/me";
const BASIC: &str = "https://www.googleapis.com/auth/gmail.settings.basic";
const SHARING: &str = "https://www.googleapis.com/auth/gmail.settings.sharing";

struct Alex {
    world: World,
    token: String,
}

impl Alex {
    async fn with(scopes: &[&str]) -> Self {
        let world = World::new().await;
        let token = world.access(scopes).await;
        Self { world, token }
    }

    async fn ask(&self, method: &str, path: &str, body: Value) -> Reply {
        self.world.call(method, &format!("{ME}{path}"), &self.token, &body).await
    }

    async fn done(&self, method: &str, path: &str, body: Value) -> Value {
        let reply = self.ask(method, path, body).await;
        assert!(reply.status.is_success(), "{method} {path}: {}", reply.text());
        if reply.body.is_empty() { Value::Null } else { reply.json() }
    }

    async fn get(&self, path: &str) -> Value {
        self.done("GET", path, Value::Null).await
    }

    async fn refused(&self, method: &str, path: &str, body: Value) -> (u16, String) {
        let (status, reason, page) = self.ask(method, path, body).await.refusal();
        assert!(page.starts_with("https://developers.google.com/"), "{page}");
        (status, reason)
    }

    async fn inbox(&self) -> Vec<String> {
        let listed = self.get("/messages?labelIds=INBOX").await;
        listed["messages"].as_array().unwrap().iter().map(text_of).collect()
    }
}

fn text_of(row: &Value) -> String {
    row["id"].as_str().unwrap().to_owned()
}

fn mail(subject: &str) -> Value {
    json!({"message": {"raw": encode(format!("To: sam@lab.example\r\nSubject: {subject}\r\n\r\nHello.").as_bytes())}})
}

#[tokio::test]
async fn a_draft_is_written_read_changed_and_sent() {
    let alex = Alex::with(&[GMAIL]).await;
    let made = alex.done("POST", "/drafts", mail("One")).await;
    let path = format!("/drafts/{}", text_of(&made));
    assert_eq!(made["message"]["labelIds"], json!(["DRAFT"]));
    assert_eq!(alex.get(&format!("{path}?format=metadata")).await["message"]["snippet"], "Hello.");
    let changed = alex.done("PUT", &path, mail("Two")).await;
    assert_eq!(changed["id"], made["id"]);
    assert_ne!(changed["message"]["id"], made["message"]["id"]);
    assert_eq!(alex.refused("GET", &format!("/messages/{}", text_of(&made["message"])), Value::Null).await.0, 404);
    assert_eq!(alex.get("/drafts").await["drafts"].as_array().unwrap().len(), 1);
    let sent = alex.done("POST", "/drafts/send", json!({"id": made["id"]})).await;
    assert_eq!(sent["labelIds"], json!(["SENT"]));
    assert!(alex.get("/drafts").await.get("drafts").is_none());
    let sam = alex.world.access_of("sam@lab.example", &[GMAIL]).await;
    let found = alex.world.get(&format!("{ME}/messages?q=subject:two"), &sam).await.json();
    assert_eq!(found["messages"].as_array().unwrap().len(), 1);
    assert_eq!(alex.refused("POST", "/drafts/send", json!({"id": made["id"]})).await, (404, "notFound".into()));
}

#[tokio::test]
async fn drafts_are_paged_deleted_and_may_lack_a_receiver() {
    let alex = Alex::with(&["https://www.googleapis.com/auth/gmail.compose"]).await;
    let unfinished = json!({"message": {"raw": encode(b"Subject: s\r\n\r\nx")}});
    for _ in 0..3 {
        alex.done("POST", "/drafts", unfinished.clone()).await;
    }
    let first = alex.get("/drafts?maxResults=2").await;
    assert_eq!(first["drafts"].as_array().unwrap().len(), 2);
    let rest = alex.get(&format!("/drafts?maxResults=2&pageToken={}", first["nextPageToken"].as_str().unwrap())).await;
    let last = text_of(&rest["drafts"][0]);
    assert!(rest.get("nextPageToken").is_none());
    assert_eq!(alex.refused("POST", "/drafts/send", json!({"id": last})).await, (400, "invalidArgument".into()));
    alex.done("DELETE", &format!("/drafts/{last}"), Value::Null).await;
    assert_eq!(alex.refused("DELETE", &format!("/drafts/{last}"), Value::Null).await, (404, "notFound".into()));
    assert_eq!(alex.refused("GET", "/drafts?pageToken=x", Value::Null).await, (400, "invalidArgument".into()));
    let broken = json!({"message": {"raw": encode(b"To: a\0b\r\n\r\n")}});
    assert_eq!(alex.refused("POST", "/drafts", broken).await, (400, "invalidArgument".into()));
    // The scope for drafts shows no mail.
    assert_eq!(alex.refused("GET", "/messages", Value::Null).await, (403, "insufficientPermissions".into()));
}

#[tokio::test]
async fn a_label_is_made_used_renamed_and_deleted() {
    let alex = Alex::with(&[GMAIL]).await;
    let named = |name: &str| json!({"name": name, "labelListVisibility": "labelShow", "messageListVisibility": "show"});
    let made = alex.done("POST", "/labels", named("Work")).await;
    let path = format!("/labels/{}", text_of(&made));
    assert_eq!((&made["type"], &made["labelListVisibility"]), (&json!("user"), &json!("labelShow")));
    assert_eq!(alex.refused("POST", "/labels", named("work")).await, (409, "aborted".into()));
    let ids = alex.inbox().await;
    let add = json!({"ids": ids, "addLabelIds": [made["id"]], "removeLabelIds": ["UNREAD"]});
    alex.done("POST", "/messages/batchModify", add).await;
    let counted = alex.get(&path).await;
    assert_eq!((&counted["messagesTotal"], &counted["messagesUnread"]), (&json!(ids.len()), &json!(0)));
    let renamed = alex.done("PATCH", &path, json!({"name": "Office", "messageListVisibility": "hide"})).await;
    assert_eq!((&renamed["name"], &renamed["messageListVisibility"]), (&json!("Office"), &json!("hide")));
    alex.done("DELETE", &path, Value::Null).await;
    assert_eq!(alex.refused("GET", &path, Value::Null).await, (404, "notFound".into()));
    let message = alex.get(&format!("/messages/{}?format=minimal", ids[0])).await;
    assert!(!message["labelIds"].as_array().unwrap().contains(&made["id"]), "{message}");
    assert_eq!(alex.refused("POST", "/labels", json!({"name": "x"})).await, (400, "required".into()));
    for (method, path, body) in [
        ("PATCH", "/labels/INBOX", json!({"name": "x"})),
        ("DELETE", "/labels/INBOX", Value::Null),
        ("POST", "/labels", named("inbox")),
        ("POST", "/labels", named(" ")),
    ] {
        assert_eq!(alex.refused(method, path, body).await, (400, "invalidArgument".into()), "{method} {path}");
    }
}

#[tokio::test]
async fn labels_of_messages_are_changed_as_far_as_gmail_lets() {
    let alex = Alex::with(&[GMAIL]).await;
    let path = format!("/messages/{}/modify", alex.inbox().await[0]);
    let starred = alex.done("POST", &path, json!({"addLabelIds": ["STARRED"]})).await;
    assert!(starred["labelIds"].as_array().unwrap().contains(&json!("STARRED")));
    for body in [
        json!({}),
        json!({"addLabelIds": ["Label_404"]}),
        json!({"addLabelIds": ["SENT"]}),
        json!({"addLabelIds": ["STARRED"], "removeLabelIds": ["STARRED"]}),
    ] {
        assert_eq!(alex.refused("POST", &path, body.clone()).await, (400, "invalidArgument".into()), "{body}");
    }
    assert_eq!(alex.refused("POST", "/messages/batchModify", json!({"addLabelIds": ["STARRED"]})).await.0, 400);
}

#[tokio::test]
async fn the_bin_gives_back_and_deleting_does_not() {
    let alex = Alex::with(&["https://mail.google.com/"]).await;
    let ids = alex.inbox().await;
    let one = format!("/messages/{}", ids[0]);
    let binned = alex.done("POST", &format!("{one}/trash"), Value::Null).await;
    assert!(binned["labelIds"].as_array().unwrap().contains(&json!("TRASH")));
    assert!(!alex.inbox().await.contains(&ids[0]));
    let back = alex.done("POST", &format!("{one}/untrash"), Value::Null).await;
    assert!(!back["labelIds"].as_array().unwrap().contains(&json!("TRASH")));
    let thread = format!("/threads/{}", back["threadId"].as_str().unwrap());
    for what in ["trash", "untrash"] {
        let moved = alex.done("POST", &format!("{thread}/{what}"), Value::Null).await;
        assert_eq!(moved["messages"][0]["labelIds"].as_array().unwrap().contains(&json!("TRASH")), what == "trash");
    }
    alex.done("DELETE", &thread, Value::Null).await;
    assert_eq!(alex.refused("GET", &one, Value::Null).await, (404, "notFound".into()));
    alex.done("POST", "/messages/batchDelete", json!({"ids": [ids[1], "00000000000000ff"]})).await;
    assert_eq!(alex.refused("GET", &format!("/messages/{}", ids[1]), Value::Null).await.0, 404);
    let narrow = alex.world.access(&[GMAIL]).await;
    let refused = alex.world.call("DELETE", &format!("{ME}/messages/{}", ids[2]), &narrow, &Value::Null).await;
    assert_eq!(refused.refused(), (403, "insufficientPermissions".into()));
}

#[tokio::test]
async fn threads_are_listed_once_each() {
    let alex = Alex::with(&[GMAIL]).await;
    let all = alex.get("/threads?includeSpamTrash=true").await;
    let ids: Vec<String> = all["threads"].as_array().unwrap().iter().map(text_of).collect();
    assert_eq!(ids.len(), 6);
    let first = alex.get("/threads?includeSpamTrash=true&maxResults=4").await;
    let token = first["nextPageToken"].as_str().unwrap();
    let rest = alex.get(&format!("/threads?includeSpamTrash=true&maxResults=4&pageToken={token}")).await;
    assert_eq!(rest["threads"].as_array().unwrap().iter().map(text_of).collect::<Vec<_>>(), ids[4..]);
}

#[tokio::test]
async fn the_history_tells_what_changed() {
    let alex = Alex::with(&[GMAIL]).await;
    let start = alex.get("/profile").await["historyId"].as_str().unwrap().to_owned();
    let list = |more: &str| format!("/history?startHistoryId={start}{more}");
    assert!(alex.get(&list("")).await.get("history").is_none());
    let id = alex.inbox().await[0].clone();
    alex.done("POST", &format!("/messages/{id}/modify"), json!({"removeLabelIds": ["INBOX"]})).await;
    let draft = alex.done("POST", "/drafts", mail("x")).await;
    alex.done("DELETE", &format!("/drafts/{}", text_of(&draft)), Value::Null).await;
    let told = alex.get(&list("")).await;
    let told = told["history"].as_array().unwrap();
    assert_eq!(told.len(), 3, "{told:?}");
    assert_eq!(told[0]["labelsRemoved"][0]["labelIds"], json!(["INBOX"]));
    assert_eq!(told[1]["messagesAdded"][0]["message"]["id"], draft["message"]["id"]);
    assert_eq!(told[2]["messagesDeleted"][0]["message"]["id"], draft["message"]["id"]);
    let drafts = alex.get(&list("&labelId=DRAFT&historyTypes=messageAdded&maxResults=1")).await;
    assert_eq!(drafts["history"].as_array().unwrap().len(), 1);
    assert_eq!(alex.refused("GET", "/history?startHistoryId=3", Value::Null).await, (404, "notFound".into()));
    assert_eq!(alex.refused("GET", "/history", Value::Null).await, (400, "invalidArgument".into()));
}

#[tokio::test]
async fn mail_is_filed_without_being_sent() {
    let alex = Alex::with(&[GMAIL]).await;
    let raw = encode(b"From: old@example.com\r\nDate: Mon, 1 Jan 2001 09:00:00 +0000\r\nSubject: Old\r\n\r\nx");
    let body = json!({"raw": raw, "labelIds": ["INBOX"]});
    let filed = alex.done("POST", "/messages/import", body.clone()).await;
    let kept = alex.get(&format!("/messages/{}?format=minimal", text_of(&filed))).await;
    assert_eq!(kept["internalDate"], "978339600000");
    let filed = alex.done("POST", "/messages", body).await;
    let kept = alex.get(&format!("/messages/{}?format=minimal", text_of(&filed))).await;
    assert_ne!(kept["internalDate"], "978339600000");
    let refused = alex.refused("POST", "/messages", json!({"raw": raw, "labelIds": ["DRAFT"]})).await;
    assert_eq!(refused, (400, "invalidArgument".into()));
    assert_eq!(alex.refused("POST", "/messages/import?deleted=true", json!({"raw": raw})).await.0, 501);
}

#[tokio::test]
async fn filters_are_kept_and_checked() {
    let alex = Alex::with(&[GMAIL, BASIC]).await;
    assert_eq!(alex.get("/settings/filters").await, json!({}));
    let wanted = json!({"criteria": {"from": "news@example.com"}, "action": {"removeLabelIds": ["INBOX"]}});
    let made = alex.done("POST", "/settings/filters", wanted.clone()).await;
    let path = format!("/settings/filters/{}", text_of(&made));
    assert_eq!(alex.get(&path).await, made);
    assert_eq!(alex.get("/settings/filters").await["filter"], json!([made]));
    for body in [
        wanted,
        json!({"criteria": {}, "action": {"addLabelIds": ["STARRED"]}}),
        json!({"criteria": {"from": "a"}}),
        json!({"criteria": {"from": "a"}, "action": {"addLabelIds": ["Label_404"]}}),
        json!({"criteria": {"from": "a"}, "action": {"forward": "a@example.com"}}),
    ] {
        assert_eq!(alex.refused("POST", "/settings/filters", body.clone()).await.0, 400, "{body}");
    }
    alex.done("DELETE", &path, Value::Null).await;
    assert_eq!(alex.refused("GET", &path, Value::Null).await, (404, "notFound".into()));
}

#[tokio::test]
async fn the_automatic_reply_and_the_own_address_are_set() {
    let alex = Alex::with(&[GMAIL, BASIC]).await;
    assert_eq!(alex.get("/settings/vacation").await["enableAutoReply"], false);
    let on = json!({"enableAutoReply": true, "responseSubject": "Away", "startTime": "1", "endTime": "2"});
    alex.done("PUT", "/settings/vacation", on).await;
    assert_eq!(alex.get("/settings/vacation").await["responseSubject"], "Away");
    for body in [json!({"enableAutoReply": true}), json!({"startTime": "2", "endTime": "2"})] {
        assert_eq!(alex.refused("PUT", "/settings/vacation", body).await, (400, "invalidArgument".into()));
    }
    let own = "/settings/sendAs/alex%40lab.example";
    alex.done("PATCH", own, json!({"signature": "<p>A</p>"})).await;
    assert_eq!(alex.get("/settings/sendAs").await["sendAs"][0]["signature"], "<p>A</p>");
    assert_eq!(alex.refused("PATCH", own, json!({"isDefault": false})).await, (400, "invalidArgument".into()));
    assert_eq!(alex.refused("GET", "/settings/sendAs/x%40y.z", Value::Null).await, (404, "notFound".into()));
}

/// Google's reference says so of each: only service accounts with domain-wide delegation.
#[tokio::test]
async fn what_is_for_administrators_is_refused() {
    let alex = Alex::with(&[GMAIL, SHARING]).await;
    for (method, path, body) in [
        ("POST", "/settings/sendAs", json!({"sendAsEmail": "a@example.com"})),
        ("DELETE", "/settings/sendAs/a%40example.com", Value::Null),
        ("POST", "/settings/forwardingAddresses", json!({"forwardingEmail": "a@example.com"})),
        ("PUT", "/settings/autoForwarding", json!({"enabled": false})),
        ("GET", "/settings/delegates", Value::Null),
        ("POST", "/settings/delegates", json!({"delegateEmail": "a@example.com"})),
    ] {
        assert_eq!(alex.refused(method, path, body).await, (403, "forbidden".into()), "{method} {path}");
    }
    assert_eq!(alex.get("/settings/forwardingAddresses").await, json!({}));
    assert_eq!(alex.get("/settings/autoForwarding").await, json!({"enabled": false}));
}

#[tokio::test]
async fn a_watch_is_noted_and_ended() {
    let alex = Alex::with(&[GMAIL]).await;
    let watch = json!({"topicName": "projects/p/topics/t", "labelIds": ["INBOX"]});
    let begun = alex.done("POST", "/watch", watch).await;
    assert!(begun["expiration"].as_str().unwrap().parse::<u64>().is_ok());
    for body in [json!({"topicName": "t"}), json!({"topicName": "projects/p/topics/t", "labelIds": ["Label_404"]})] {
        assert_eq!(alex.refused("POST", "/watch", body).await, (400, "invalidArgument".into()));
    }
    alex.done("POST", "/stop", Value::Null).await;
}
