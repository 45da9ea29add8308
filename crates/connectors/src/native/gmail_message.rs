//! `gmail_message` and `gmail_listed_message`: what users.messages.get answered (saved as `message`), made readable: one
//! that was asked for by itself, and one of many, of whose text less is given.
//!
//! All of Google's members stay as they are. Added, where Google has no member of the name: `subject`, `from`, `to`,
//! `cc`, `date` (decoded), `text` (the message as text, within its [`Length`]; `text_cut` where there was more),
//! `attachments` (`attachment_id`, `filename`, `mime_type`, `size`). What the chosen format leaves out is left out here
//! as well.

use super::headers::{decoded, decoded_addresses, find};
use super::part::{attachments, base64_bytes, text};
use super::raw;
use super::scope::{Scope, needed};
use crate::{Failure, Setting};
use serde_json::{Map, Value, json};

/// How much of a message's text is given.
struct Length {
    /// In characters.
    most: usize,
    /// What is said of more.
    more: &'static str,
}

/// Some 12,000 tokens.
const ALONE: Length = Length { most: 48_000, more: "" };
/// Some 3,000 tokens.
const LISTED: Length = Length { most: 12_000, more: "; gmail_get_message_by_id gives more" };

pub(super) fn run(scope: &Scope, _: &Setting) -> Result<Value, Failure> {
    shown(scope, &ALONE)
}

pub(super) fn run_listed(scope: &Scope, _: &Setting) -> Result<Value, Failure> {
    shown(scope, &LISTED)
}

fn shown(scope: &Scope, length: &Length) -> Result<Value, Failure> {
    let message = needed(scope, "message")?;
    let mut shown = message.clone();
    if let Some(payload) = message.get("payload").filter(|payload| payload.is_object()) {
        add_headers(&mut shown, |name| find(payload, name));
        if payload.get("body").is_some() || payload.get("parts").is_some() {
            add_text(&mut shown, text(payload), length);
            add(&mut shown, "attachments", listed(payload));
        }
    } else if let Some(bytes) = message.get("raw").and_then(Value::as_str).and_then(base64_bytes)
        && let Some(parsed) = raw::parse(&bytes)
    {
        add_headers(&mut shown, |name| parsed.header_raw(name));
        add_text(&mut shown, raw::text(&parsed), length);
        add(&mut shown, "attachments", raw::attachments(&parsed).into());
    }
    Ok(Value::Object(shown))
}

fn add(shown: &mut Map<String, Value>, name: &str, value: Value) {
    shown.entry(name).or_insert(value);
}

fn add_headers<'h>(shown: &mut Map<String, Value>, header: impl Fn(&'static str) -> Option<&'h str>) {
    for (member, name) in [("subject", "Subject"), ("date", "Date")] {
        if let Some(value) = header(name) {
            add(shown, member, decoded(value).into());
        }
    }
    for (member, name) in [("from", "From"), ("to", "To"), ("cc", "Cc")] {
        if let Some(value) = header(name) {
            add(shown, member, decoded_addresses(value).into());
        }
    }
}

fn add_text(shown: &mut Map<String, Value>, text: Option<String>, length: &Length) {
    let Some(text) = text else { return };
    let Length { most, more } = length;
    let Some((end, _)) = text.char_indices().nth(*most) else {
        return add(shown, "text", text.into());
    };
    let all = text.chars().count();
    let kept = text.get(..end).unwrap_or_default();
    add(shown, "text", format!("{kept}\n[cut here: {most} of {all} characters{more}]").into());
    add(shown, "text_cut", true.into());
}

fn listed(payload: &Value) -> Value {
    let described = attachments(payload).into_iter().map(|attachment| {
        json!({
            "attachment_id": attachment.id,
            "filename": attachment.filename,
            "mime_type": attachment.mime_type,
            "size": attachment.size,
        })
    });
    described.collect()
}
