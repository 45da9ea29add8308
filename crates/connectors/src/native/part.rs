//! Parts of a message as Gmail gives it (`payload`, format `full`): transfer encodings are undone, charsets are not.

use super::headers::{decoded, find};
use super::parameter::parameter;
use super::scope::member;
use super::work::Work;
use super::{base64_text, charset};
use crate::Failure;
use serde_json::Value;

/// The deepest nesting of multiparts that is followed.
pub(super) const MAX_DEPTH: usize = 32;

/// An attachment as a message describes it.
#[derive(Debug)]
pub(super) struct Attachment<'m> {
    /// Changes with every reading of the message; not there if the part is so small that it came along.
    pub(super) id: Option<&'m str>,
    pub(super) filename: String,
    pub(super) mime_type: &'m str,
    /// In bytes.
    pub(super) size: u64,
    /// Its bytes in base64url, where they came with the message.
    pub(super) data: Option<&'m str>,
}

/// All attachments under a part, in the order of the message. Inline images count: they have names and ids too.
pub(super) fn attachments<'m>(payload: &'m Value, work: &Work) -> Result<Vec<Attachment<'m>>, Failure> {
    let mut found = Vec::new();
    collect(payload, MAX_DEPTH, work, &mut found)?;
    Ok(found)
}

fn collect<'m>(part: &'m Value, depth: usize, work: &Work, found: &mut Vec<Attachment<'m>>) -> Result<(), Failure> {
    let Some(depth) = depth.checked_sub(1) else { return Ok(()) };
    work.spend(weight(part))?;
    if is_attachment(part) {
        found.push(attachment(part));
        return Ok(());
    }
    children(part).iter().try_for_each(|part| collect(part, depth, work, found))
}

/// What looking at a part's own headers costs.
pub(super) fn weight(part: &Value) -> usize {
    let headers = part.get("headers").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let texts = headers.iter().filter_map(|header| member(header, "value")).map(str::len);
    1 + headers.len() + texts.sum::<usize>()
}

fn attachment(part: &Value) -> Attachment<'_> {
    let body = part.get("body").unwrap_or(&Value::Null);
    let mime_type = member(part, "mimeType").unwrap_or("application/octet-stream");
    let filename = Some(filename(part)).filter(|name| !name.is_empty());
    Attachment {
        id: member(body, "attachmentId"),
        filename: filename.unwrap_or_else(|| nameless(mime_type).to_owned()),
        mime_type,
        size: body.get("size").and_then(Value::as_u64).unwrap_or(0),
        data: member(body, "data"),
    }
}

fn nameless(mime_type: &str) -> &'static str {
    match mime_type {
        "message/rfc822" => "message.eml",
        "text/calendar" => "invite.ics",
        "text/plain" => "body.txt",
        "text/html" => "body.html",
        _ => "unnamed",
    }
}

/// A part with a name, a part said to be one, or one whose bytes are kept apart: of a very long mail that is its text.
pub(super) fn is_attachment(part: &Value) -> bool {
    let kind = member(part, "mimeType").unwrap_or_default();
    let apart = part.get("body").is_some_and(|body| body.get("attachmentId").is_some());
    let disposed =
        find(part, "Content-Disposition").is_some_and(|value| starts_with_ignoring_case(value, "attachment"));
    let whole = kind == "message/rfc822" || !kind.starts_with("multipart/");
    whole && (!filename(part).is_empty() || disposed || kind == "message/rfc822" || apart)
}

fn starts_with_ignoring_case(value: &str, start: &str) -> bool {
    value.trim_start().get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start))
}

/// Gmail's `filename`; where it found none, what the headers say (RFC 2231 and its continuations, or RFC 2047, which
/// is wrong there and common).
fn filename(part: &Value) -> String {
    let given = member(part, "filename").unwrap_or_default();
    if !given.is_empty() {
        return decoded(given);
    }
    let name = parameter(part, "Content-Disposition", "filename").or_else(|| parameter(part, "Content-Type", "name"));
    name.map(|name| decoded(&name)).unwrap_or_default()
}

pub(super) fn children(part: &Value) -> &[Value] {
    part.get("parts").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// A part's own text, if it came along.
pub(super) fn decoded_body(part: &Value, work: &Work) -> Result<Option<String>, Failure> {
    let Some(data) = part.get("body").and_then(|body| member(body, "data")) else { return Ok(None) };
    work.spend(data.len())?;
    let Some(bytes) = base64_text::bytes(data) else { return Ok(None) };
    let label = parameter(part, "Content-Type", "charset");
    let text = match member(part, "mimeType") {
        Some("text/html") => charset::page_to_text(&bytes, label.as_deref()),
        _ => charset::to_text(&bytes, label.as_deref()),
    };
    work.spend(text.len())?;
    Ok(Some(text.replace("\r\n", "\n")))
}
