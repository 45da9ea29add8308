//! `gmail_attachment_data`: an attachment with its content.
//!
//! Joins what `gmail_attachment` gave (saved as `attachment`) with users.messages.attachments.get's answer (saved as
//! `content`; absent where the attachment brought its data along). Gives `{filename, mime_type, size, data}` with `data`
//! in standard base64, and `text` where it is text, at most [`MAX_TEXT`] characters (`text_cut` where there was more).

use super::gmail_attachment::{MAX_BYTES, too_large};
use super::scope::{Scope, member, needed, saved};
use super::{base64_text, charset};
use crate::{Failure, FailureKind, Setting};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// The most characters of text.
const MAX_TEXT: usize = 50_000;

pub(super) fn run(scope: &Scope, setting: &Setting) -> Result<Value, Failure> {
    let attachment = Value::Object(needed(scope, "attachment")?.clone());
    let name = member(&attachment, "filename").unwrap_or("unnamed");
    let kind = member(&attachment, "mime_type").unwrap_or("application/octet-stream");
    let encoded = saved(scope, "content").and_then(|content| member(content, "data")).or(member(&attachment, "data"));
    setting.work.spend(1 + encoded.map_or(0, str::len))?;
    let bytes = encoded.and_then(base64_text::bytes).ok_or_else(|| {
        Failure::new(FailureKind::Upstream, format!("Gmail answered no readable content for {name}; try again"))
    })?;
    let size = bytes.len() as u64;
    if size > MAX_BYTES {
        return Err(too_large(name, size));
    }
    let mut shown = json!({"filename": name, "mime_type": kind, "size": size, "data": STANDARD.encode(&bytes)});
    if is_text(kind) {
        setting.work.spend(bytes.len())?;
        add_text(&mut shown, said(kind, &bytes));
    }
    Ok(shown)
}

fn add_text(shown: &mut Value, text: String) {
    match text.char_indices().nth(MAX_TEXT) {
        None => shown["text"] = text.into(),
        Some((end, _)) => {
            shown["text"] = text.get(..end).unwrap_or_default().into();
            shown["text_cut"] = true.into();
        }
    }
}

/// A page may say its charset itself.
fn said(kind: &str, bytes: &[u8]) -> String {
    if kind.to_ascii_lowercase().contains("html") {
        charset::page_to_text(bytes, None)
    } else {
        charset::to_text(bytes, None)
    }
}

fn is_text(kind: &str) -> bool {
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind.starts_with("text/")
        || kind.ends_with("+json")
        || kind.ends_with("+xml")
        || matches!(
            kind.as_str(),
            "application/json" | "application/xml" | "application/yaml" | "application/x-yaml" | "application/csv"
        )
}
