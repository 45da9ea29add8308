//! `gmail_message` and `gmail_listed_message`: what users.messages.get answered (saved as `message`), made readable: one
//! that was asked for by itself, and one of many, of whose text less is given.
//!
//! Added, where Google has no member of the name: `subject`, `from`, `to`, `cc`, `bcc`, `reply_to`, `date` (decoded),
//! `text` (what a person reads, within its [`Length`]; `text_cut` where there was more), `attachments`
//! (`attachment_id`, `filename`, `mime_type`, `size`). What the chosen format leaves out is left out here as well.
//!
//! Google's own members stay, but in the format `text` (or none given) for two that say the same over again:
//! `payload`, which has every part in base64, and a `snippet` of the text.

use super::headers::{decoded, decoded_addresses, find};
use super::part::{attachments, weight};
use super::scope::{Scope, argument, needed};
use super::work::Work;
use super::{base64_text, raw, reading};
use crate::{Failure, Setting};
use serde_json::{Map, Value, json};

/// How much of a message's text is given.
#[derive(Debug)]
pub(super) struct Length {
    /// In characters.
    most: usize,
    /// What is said of more.
    more: &'static str,
}

/// Some 12,000 tokens.
pub(super) const ALONE: Length = Length { most: 48_000, more: "" };
/// Some 3,000 tokens.
pub(super) const LISTED: Length = Length { most: 12_000, more: "; gmail_get_message_by_id gives more" };

pub(super) fn run(scope: &Scope, setting: &Setting) -> Result<Value, Failure> {
    shown(needed(scope, "message")?, scope, &ALONE, &setting.work)
}

pub(super) fn run_listed(scope: &Scope, setting: &Setting) -> Result<Value, Failure> {
    shown(needed(scope, "message")?, scope, &LISTED, &setting.work)
}

/// A message of Gmail's as a person reads it, in the format that the scope's arguments name.
pub(super) fn shown(
    message: &Map<String, Value>,
    scope: &Scope,
    length: &Length,
    work: &Work,
) -> Result<Value, Failure> {
    work.spend(1)?;
    let format = argument(scope, "format").and_then(Value::as_str).unwrap_or("text");
    let kept = |name: &str| format != "text" || name != "payload";
    let mut shown: Map<String, Value> = Map::new();
    for (name, value) in message.iter().filter(|(name, _)| kept(name)) {
        shown.insert(name.clone(), value.clone());
    }
    if let Some(payload) = message.get("payload").filter(|payload| payload.is_object()) {
        add_payload(&mut shown, payload, length, work)?;
    } else if let Some(data) = message.get("raw").and_then(Value::as_str) {
        work.spend(data.len())?;
        if let Some(bytes) = base64_text::bytes(data)
            && let Some(payload) = raw::payload(&bytes, work)?
        {
            add_payload(&mut shown, &payload, length, work)?;
        }
    }
    if format == "text" && shown.get("text").and_then(Value::as_str).is_some_and(|text| !text.is_empty()) {
        shown.shift_remove("snippet");
    }
    Ok(Value::Object(shown))
}

fn add_payload(shown: &mut Map<String, Value>, payload: &Value, length: &Length, work: &Work) -> Result<(), Failure> {
    work.spend(weight(payload))?;
    add_headers(shown, payload);
    if payload.get("body").is_some() || payload.get("parts").is_some() {
        add_text(shown, reading::text(payload, work)?, length);
        add(shown, "attachments", listed(payload, work)?);
    }
    Ok(())
}

fn add(shown: &mut Map<String, Value>, name: &str, value: Value) {
    shown.entry(name).or_insert(value);
}

fn add_headers(shown: &mut Map<String, Value>, payload: &Value) {
    for (member, name) in [("subject", "Subject"), ("date", "Date")] {
        if let Some(value) = find(payload, name) {
            add(shown, member, decoded(value).into());
        }
    }
    for (member, name) in [("from", "From"), ("to", "To"), ("cc", "Cc"), ("bcc", "Bcc"), ("reply_to", "Reply-To")] {
        if let Some(value) = find(payload, name) {
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

fn listed(payload: &Value, work: &Work) -> Result<Value, Failure> {
    let described = attachments(payload, work)?.into_iter().map(|attachment| {
        let mut described = json!({
            "attachment_id": attachment.id,
            "filename": attachment.filename,
            "mime_type": attachment.mime_type,
            "size": attachment.size,
        });
        if let (None, Some(members)) = (attachment.id, described.as_object_mut()) {
            members.shift_remove("attachment_id");
        }
        described
    });
    Ok(described.collect())
}
