//! Gmail.

use crate::world::{CALENDAR, GMAIL, World};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const MAIL: &str = "/gmail/v1/users/me";
const METADATA: &str = "https://www.googleapis.com/auth/gmail.metadata";

pub(crate) fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn decode(value: &Value) -> String {
    String::from_utf8(URL_SAFE_NO_PAD.decode(value.as_str().unwrap()).unwrap()).unwrap()
}

struct Mailbox {
    world: World,
    token: String,
}

impl Mailbox {
    async fn of(email: &str) -> Self {
        let world = World::new().await;
        let token = world.access_of(email, &[GMAIL]).await;
        Self { world, token }
    }

    async fn get(&self, path: &str) -> Value {
        let reply = self.world.get(&format!("{MAIL}{path}"), &self.token).await;
        assert_eq!(reply.status, 200, "{path}: {}", reply.text());
        reply.json()
    }

    async fn refused(&self, path: &str) -> (u16, String) {
        self.world.get(&format!("{MAIL}{path}"), &self.token).await.refused()
    }

    async fn search(&self, query: &str) -> Vec<Value> {
        let query: String = form_urlencoded::byte_serialize(query.as_bytes()).collect();
        let found = self.get(&format!("/messages?q={query}")).await;
        let listed = found["messages"].as_array().cloned().unwrap_or_default();
        let mut messages = Vec::new();
        for row in listed {
            messages.push(self.get(&format!("/messages/{}", row["id"].as_str().unwrap())).await);
        }
        messages
    }

    async fn send(&self, raw: &str, thread: Option<&str>) -> crate::world::Reply {
        let mut body = json!({"raw": encode(raw.replace('\n', "\r\n").as_bytes())});
        if let Some(thread) = thread {
            body["threadId"] = json!(thread);
        }
        self.world.call("POST", &format!("{MAIL}/messages/send"), &self.token, &body).await
    }
}

fn header(message: &Value, name: &str) -> String {
    let headers = message["payload"]["headers"].as_array().unwrap();
    let found = headers.iter().find(|header| header["name"].as_str().unwrap().eq_ignore_ascii_case(name));
    found.map(|header| header["value"].as_str().unwrap().to_owned()).unwrap_or_default()
}

#[tokio::test]
async fn a_call_needs_a_token_of_the_right_width() {
    let world = World::new().await;
    let none = world.get(&format!("{MAIL}/profile"), "").await;
    assert_eq!(none.refusal(), (401, "required".into(), "https://www.rfc-editor.org/rfc/rfc6750#section-3.1".into()));
    assert!(none.header("www-authenticate").starts_with("Bearer realm="));
    assert_eq!(world.get(&format!("{MAIL}/profile"), "ya29.nonsense").await.refused(), (401, "authError".into()));
    let narrow = world.access(&[CALENDAR]).await;
    let refused = world.get(&format!("{MAIL}/profile"), &narrow).await;
    assert_eq!(refused.refused(), (403, "insufficientPermissions".into()));
    let error = &refused.json()["error"];
    assert_eq!(error["status"], "PERMISSION_DENIED");
    assert_eq!(error["details"][0]["reason"], "ACCESS_TOKEN_SCOPE_INSUFFICIENT");
    assert!(refused.header("www-authenticate").contains("insufficient_scope"));
}

#[tokio::test]
async fn what_the_description_does_not_have_is_refused() {
    let alex = Mailbox::of("alex@lab.example").await;
    for (path, reason) in [
        ("/messages?maxresults=5", "badRequest"),
        ("/messages?maxResults=many", "badRequest"),
        ("/messages/1?format=fancy", "badRequest"),
        ("/messages?pageToken=nonsense", "invalidArgument"),
        ("/messages?labelIds=NOPE", "invalidArgument"),
        ("/messages?q=list:news", "invalidArgument"),
        ("/messages/xyz", "invalidArgument"),
    ] {
        assert_eq!(alex.refused(path).await, (400, reason.into()), "{path}");
    }
    assert_eq!(alex.refused("/messages/00000000000000ff").await, (404, "notFound".into()));
    assert_eq!(alex.refused("/nothing").await, (404, "notFound".into()));
    assert_eq!(alex.refused("/profile?alt=media").await, (501, "notImplemented".into()));
    let foreign = alex.world.get("/gmail/v1/users/sam@lab.example/profile", &alex.token).await;
    assert_eq!(foreign.refused(), (403, "forbidden".into()));
}

#[tokio::test]
async fn the_profile_counts_what_is_there() {
    let alex = Mailbox::of("alex@lab.example").await;
    let profile = alex.get("/profile").await;
    assert_eq!(profile["emailAddress"], "alex@lab.example");
    assert_eq!((&profile["messagesTotal"], &profile["threadsTotal"]), (&json!(8), &json!(6)));
    assert_eq!(alex.get("/profile?fields=emailAddress").await, json!({"emailAddress": "alex@lab.example"}));
    assert_eq!(alex.refused("/profile?fields=mailAddress").await, (400, "invalidParameter".into()));
    let named = alex.world.get("/gmail/v1/users/Alex@lab.example/profile", &alex.token).await;
    assert_eq!(named.json(), profile);
}

#[tokio::test]
async fn a_list_gives_ids_newest_first_in_pages_without_spam() {
    let alex = Mailbox::of("alex@lab.example").await;
    let whole = alex.get("/messages").await;
    let ids: Vec<&str> = whole["messages"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap()).collect();
    assert_eq!((ids.len(), &whole["resultSizeEstimate"]), (7, &json!(7)));
    assert!(whole["nextPageToken"].is_null());
    let mut paged = Vec::new();
    let mut token = String::new();
    loop {
        let page = alex.get(&format!("/messages?maxResults=3{token}")).await;
        paged.extend(page["messages"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()));
        let Some(next) = page["nextPageToken"].as_str() else { break };
        token = format!("&pageToken={next}");
    }
    assert_eq!(paged, ids);
    assert_eq!(alex.get("/messages?includeSpamTrash=true").await["resultSizeEstimate"], 8);
    assert_eq!(alex.get("/messages?labelIds=SPAM").await["resultSizeEstimate"], 1);
    assert_eq!(alex.get("/messages?labelIds=INBOX&labelIds=UNREAD").await["resultSizeEstimate"], 3);
    let nothing = alex.get("/messages?q=from:nobody").await;
    assert_eq!(nothing, json!({"resultSizeEstimate": 0}));
}

#[tokio::test]
async fn search_finds_words_in_every_encoding() {
    let alex = Mailbox::of("alex@lab.example").await;
    for (query, subject) in [
        ("from:mei subject:café", "=?utf-8?q?Treffpunkt"),
        ("from:田中芽依", "=?utf-8?q?Treffpunkt"),
        ("tromsø", "Three days by the sea"),
        ("has:attachment", "Invoice 2026-118"),
        ("filename:pdf is:starred", "Invoice 2026-118"),
        ("in:spam", "You have WON!!!"),
        ("in:sent", "Re: Plan"),
    ] {
        let found = alex.search(query).await;
        assert_eq!(found.len(), 1, "{query}");
        assert!(header(&found[0], "Subject").starts_with(subject), "{query}");
    }
    assert_eq!(alex.search("newer_than:3d from:sam").await.len(), 2);
}

#[tokio::test]
async fn a_message_is_shown_as_a_tree_of_decoded_parts() {
    let alex = Mailbox::of("alex@lab.example").await;
    let message = &alex.search("from:mei").await[0];
    assert_eq!(message["payload"]["mimeType"], "multipart/alternative");
    assert_eq!(message["payload"]["body"], json!({"size": 0}));
    let parts = message["payload"]["parts"].as_array().unwrap();
    assert_eq!((&parts[0]["partId"], &parts[1]["mimeType"]), (&json!("0"), &json!("text/html")));
    let text = decode(&parts[0]["body"]["data"]);
    assert!(text.contains("Café gegenüber vom Bahnhof. また明日!"), "{text}");
    assert_eq!(parts[0]["body"]["size"], text.len());
    assert!(message["snippet"].as_str().unwrap().starts_with("Hallo Alex Winter, wir treffen uns am Café"));
    assert!(header(message, "From").starts_with("=?utf-8?b?"), "headers stay as they stand in the text");
    let html = &alex.search("subject:sea").await[0];
    assert_eq!(html["payload"]["mimeType"], "text/html");
    assert!(decode(&html["payload"]["body"]["data"]).contains("Tromsø from 199"));
}

#[tokio::test]
async fn formats_show_what_they_are_for() {
    let alex = Mailbox::of("alex@lab.example").await;
    let id = alex.search("has:attachment").await[0]["id"].as_str().unwrap().to_owned();
    let minimal = alex.get(&format!("/messages/{id}?format=minimal")).await;
    assert!(minimal["payload"].is_null() && minimal["raw"].is_null() && minimal["snippet"].is_string());
    let raw = alex.get(&format!("/messages/{id}?format=raw")).await;
    let text = decode(&raw["raw"]);
    assert!(text.starts_with("From: Baker & Sons Accounts") && raw["payload"].is_null());
    assert_eq!(raw["sizeEstimate"], text.len());
    let path = format!("/messages/{id}?format=metadata&metadataHeaders=subject&metadataHeaders=From");
    let metadata = alex.get(&path).await;
    let names: Vec<&str> =
        metadata["payload"]["headers"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["From", "Subject"]);
    assert!(metadata["payload"]["parts"].is_null());
}

#[tokio::test]
async fn the_metadata_scope_shows_headers_only() {
    let world = World::new().await;
    let token = world.access(&[METADATA]).await;
    let listed = world.get(&format!("{MAIL}/messages"), &token).await.json();
    let path = format!("{MAIL}/messages/{}", listed["messages"][0]["id"].as_str().unwrap());
    assert_eq!(world.get(&format!("{path}?format=metadata"), &token).await.status, 200);
    assert_eq!(world.get(&path, &token).await.refused(), (403, "forbidden".into()));
    assert_eq!(world.get(&format!("{path}?format=raw"), &token).await.refused(), (403, "forbidden".into()));
    assert_eq!(world.get(&format!("{MAIL}/messages?q=plan"), &token).await.refused(), (403, "forbidden".into()));
    let wider = world.access(&[METADATA, GMAIL]).await;
    assert_eq!(world.get(&path, &wider).await.status, 200);
}

#[tokio::test]
async fn attachments_have_another_id_at_each_reading_and_all_of_them_work() {
    let alex = Mailbox::of("alex@lab.example").await;
    let mut ids = BTreeSet::new();
    let mut id = String::new();
    for _ in 0..3 {
        let message = &alex.search("has:attachment").await[0];
        let part = &message["payload"]["parts"][1];
        assert_eq!((&part["filename"], &part["mimeType"]), (&json!("invoice-2026-118.pdf"), &json!("application/pdf")));
        assert!(part["body"]["data"].is_null());
        id = message["id"].as_str().unwrap().to_owned();
        ids.insert(part["body"]["attachmentId"].as_str().unwrap().to_owned());
    }
    assert_eq!(ids.len(), 3);
    for attachment in &ids {
        let read = alex.get(&format!("/messages/{id}/attachments/{attachment}")).await;
        assert!(decode(&read["data"]).starts_with("%PDF-1.4"));
        assert_eq!(read["size"], decode(&read["data"]).len());
    }
    assert_eq!(
        alex.refused(&format!("/messages/{id}/attachments/ANGjdJnonsense")).await,
        (400, "invalidArgument".into())
    );
    let other = alex.search("from:mei").await[0]["id"].as_str().unwrap().to_owned();
    let foreign = format!("/messages/{other}/attachments/{}", ids.first().unwrap());
    assert_eq!(alex.refused(&foreign).await, (400, "invalidArgument".into()));
}

#[tokio::test]
async fn a_thread_holds_its_messages_oldest_first() {
    let alex = Mailbox::of("alex@lab.example").await;
    let thread = alex.search("subject:plan in:sent").await[0]["threadId"].as_str().unwrap().to_owned();
    let shown = alex.get(&format!("/threads/{thread}?format=metadata&metadataHeaders=Message-ID")).await;
    let ids: Vec<String> =
        shown["messages"].as_array().unwrap().iter().map(|message| header(message, "Message-ID")).collect();
    assert_eq!(ids, ["<plan-1@lab.example>", "<plan-2@lab.example>", "<plan-3@lab.example>"]);
    assert_eq!(alex.refused("/threads/00000000000000ff").await, (404, "notFound".into()));
    assert_eq!(alex.refused(&format!("/threads/{thread}?format=raw")).await.0, 400);
}

#[tokio::test]
async fn what_is_sent_is_in_sent_and_reaches_the_labs_people_only() {
    let alex = Mailbox::of("alex@lab.example").await;
    let raw = "To: Sam <sam@lab.example>, stranger@else.example\nBcc: alex@lab.example\n\
        Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\nContent-Type: text/plain; charset=utf-8\n\nHallo\n";
    let sent = alex.send(raw, None).await.json();
    assert_eq!(sent["labelIds"], json!(["INBOX", "SENT", "UNREAD"]), "it was also to Alex");
    assert_eq!(sent["threadId"], sent["id"]);
    let own = alex.get(&format!("/messages/{}", sent["id"].as_str().unwrap())).await;
    assert_eq!(header(&own, "From"), "Alex Winter <alex@lab.example>");
    assert_eq!(header(&own, "Bcc"), "alex@lab.example");
    assert!(!header(&own, "Date").is_empty() && header(&own, "Message-ID").starts_with('<'));
    let token = alex.world.access_of("sam@lab.example", &[GMAIL]).await;
    let sam = Mailbox { world: alex.world, token };
    let arrived = &sam.search("in:inbox is:unread subject:grüße from:alex").await[0];
    assert_eq!(header(arrived, "Bcc"), "", "nobody sees the blind copies");
    assert_eq!(header(arrived, "Message-ID"), header(&own, "Message-ID"));
    let told = sam.world.control("GET", "/mail", Value::Null).await.json();
    assert_eq!(told["sent"].as_array().unwrap().len(), 1);
    assert_eq!((&told["sent"][0]["subject"], &told["sent"][0]["user"]), (&json!("Grüße"), &json!("alex@lab.example")));
}

#[tokio::test]
async fn a_forged_sender_is_replaced() {
    let alex = Mailbox::of("alex@lab.example").await;
    let sent = alex.send("From: Boss <boss@corp.example>\nTo: sam@lab.example\nSubject: x\n\nx\n", None).await.json();
    let own = alex.get(&format!("/messages/{}", sent["id"].as_str().unwrap())).await;
    assert_eq!(header(&own, "From"), "Alex Winter <alex@lab.example>");
}

#[tokio::test]
async fn a_reply_joins_its_thread_only_by_id_reference_and_subject() {
    let alex = Mailbox::of("alex@lab.example").await;
    let thread = alex.search("subject:plan in:sent").await[0]["threadId"].as_str().unwrap().to_owned();
    let reply = |subject: &str, reference: &str| {
        format!("To: sam@lab.example\nSubject: {subject}\nIn-Reply-To: {reference}\nReferences: {reference}\n\nyes\n")
    };
    let right = reply("Re: Plan for the first quarter", "<plan-3@lab.example>");
    assert_eq!(alex.send(&right, Some(&thread)).await.json()["threadId"], thread);
    for (raw, named) in [
        (reply("Another plan", "<plan-3@lab.example>"), Some(thread.as_str())),
        (reply("Re: Plan for the first quarter", "<other@lab.example>"), Some(thread.as_str())),
        (right.clone(), None),
    ] {
        assert_ne!(alex.send(&raw, named).await.json()["threadId"], thread, "{raw}");
    }
    assert_eq!(alex.send(&right, Some("00000000000000ff")).await.refused(), (404, "notFound".into()));
    let token = alex.world.access_of("sam@lab.example", &[GMAIL]).await;
    let sam = Mailbox { world: alex.world, token };
    let plan = sam.search("rfc822msgid:plan-1@lab.example").await[0]["threadId"].as_str().unwrap().to_owned();
    let joined = sam.get(&format!("/threads/{plan}?format=minimal")).await;
    assert_eq!(joined["messages"].as_array().unwrap().len(), 5, "three of the seed, two that refer to them");
}

#[tokio::test]
async fn broken_messages_are_refused_with_a_page() {
    let alex = Mailbox::of("alex@lab.example").await;
    for raw in [
        "Subject: nobody\n\nx\n",
        "To: \nSubject: nobody\n\nx\n",
        "To: not an address\nSubject: x\n\nx\n",
        "To: sam@lab.example\nSubject: x\nno header line\n\nx\n",
        "To: sam@lab.example\nTo: alex@lab.example\nSubject: x\n\nx\n",
        "To: sam@lab.example\nSubject: x\0\n\nx\n",
        "just words",
    ] {
        let reply = alex.send(raw, None).await;
        let (status, reason, page) = reply.refusal();
        assert_eq!((status, reason.as_str()), (400, "invalidArgument"), "{raw}");
        assert!(page.ends_with("/guides/sending"), "{page}");
    }
    let path = format!("{MAIL}/messages/send");
    for body in [json!({}), json!({"raw": ""}), json!({"raw": "A"}), json!({"raw": 5}), json!({"rwa": "AAAA"})] {
        let reply = alex.world.call("POST", &path, &alex.token, &body).await;
        assert_eq!(reply.refused().0, 400, "{body}");
    }
    assert_eq!(alex.search("in:sent").await.len(), 1, "only the seed's");
}

#[tokio::test]
async fn a_message_of_some_megabytes_is_taken() {
    let alex = Mailbox::of("alex@lab.example").await;
    let big = format!("To: sam@lab.example\nSubject: big\n\n{}", "0123456789abcdef\n".repeat(250_000));
    assert_eq!(alex.send(&big, None).await.status, 200);
    assert_eq!(alex.search("in:sent larger:4M").await.len(), 1);
}

#[tokio::test]
async fn both_base64_alphabets_are_read() {
    let alex = Mailbox::of("alex@lab.example").await;
    let raw = "To: sam@lab.example\r\nSubject: \u{fb}\u{ff}\u{fe}>>???\r\n\r\nx\r\n".as_bytes();
    let standard = base64::engine::general_purpose::STANDARD.encode(raw);
    assert!(standard.contains(['+', '/']));
    let reply = alex.world.call("POST", &format!("{MAIL}/messages/send"), &alex.token, &json!({"raw": standard})).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
}
