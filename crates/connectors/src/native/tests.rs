//! The natives together: what is composed is read back by another's parser, nasty messages are read, and nothing
//! panics whatever an app answers.

mod attachments;
mod calendar;
mod changes;
mod compose;
mod fuzz;
mod growth;
mod message;
mod notion;
mod worst;

use super::*;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};
use mail_parser::{Message, MessageParser, MimeHeaders};
use serde_json::json;
use valetkey_domain::Timestamp;

/// A setting that is always the same.
pub(super) fn setting() -> Setting {
    Setting {
        base_url: None,
        now: Timestamp::UNIX_EPOCH,
        nonce: 0x1234_5678_9abc_def0,
        api_config: Map::new(),
        work: Work::default(),
    }
}

fn run(name: &str, scope: &Value) -> Result<Value, String> {
    let native = by_name(name).unwrap();
    native(scope.as_object().unwrap(), &setting()).map_err(|failure| failure.message)
}

fn raw(answer: &Value) -> Vec<u8> {
    URL_SAFE.decode(answer["raw"].as_str().unwrap()).unwrap()
}

fn composed(input: &Value) -> Vec<u8> {
    raw(&run("gmail_compose", &json!({"input": input})).unwrap())
}

fn parsed(bytes: &[u8]) -> Message<'_> {
    MessageParser::default().parse(bytes).unwrap()
}

#[test]
fn every_native_is_found_by_its_name() {
    let names: Vec<_> = NATIVES.iter().map(|(name, _)| *name).collect();
    assert!(names.is_sorted() && names.iter().all(|name| by_name(name).is_some()));
    assert!(by_name("exec").is_none());
    let page = include_str!("../../../../docs/CONNECTORS.md");
    let (_, listed) = page.split_once("a file of your own may name none").unwrap();
    let (listed, _) = listed.split_once("They see what").unwrap();
    let mut listed: Vec<&str> = listed.split('`').skip(1).step_by(2).collect();
    listed.sort_unstable();
    assert_eq!(listed, names, "docs/CONNECTORS.md");
}

fn part(kind: &str, body: &[u8], headers: &[(&str, &str)]) -> Value {
    let headers: Vec<_> = headers.iter().map(|(name, value)| json!({"name": name, "value": value})).collect();
    json!({"mimeType": kind, "filename": "", "headers": headers, "body": {"size": body.len(), "data": URL_SAFE_NO_PAD.encode(body)}})
}

fn multipart(kind: &str, parts: &[Value]) -> Value {
    json!({"mimeType": kind, "filename": "", "headers": [], "body": {"size": 0}, "parts": parts})
}

fn file(name: &str, kind: &str, id: &str, size: u64) -> Value {
    json!({"mimeType": kind, "filename": name, "headers": [{"name": "Content-Disposition", "value": "attachment"}],
        "body": {"attachmentId": id, "size": size}})
}

fn viewed(payload: &Value) -> Value {
    run("gmail_message", &json!({"message": {"id": "m", "threadId": "t", "labelIds": ["INBOX"], "payload": payload}}))
        .unwrap()
}
