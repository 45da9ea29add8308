//! A message as Gmail shows it: the tree of its parts with headers as they stand, text as UTF-8, attachments by an id
//! that is another one at each reading.

use super::raw;
use crate::json::put;
use crate::state::Mail;
use crate::{Error, random};
use mail_parser::{Message, MessageParser, MessagePart, MimeHeaders as _, PartType};
use serde_json::{Value, json};

/// How deep parts may nest before the rest is left out.
const MAX_DEPTH: usize = 16;
const ATTACHMENT_PREFIX: &str = "ANGjdJ";

/// How much of a message is asked for: `format` and `metadataHeaders`.
#[derive(Clone, Copy, Debug)]
pub(crate) enum View<'a> {
    Minimal,
    Full,
    Raw,
    /// These headers, or all if none is named.
    Metadata(&'a [&'a str]),
}

/// Parses a message; one empty part where it is beyond reading.
pub(crate) fn parse(raw: &[u8]) -> Message<'_> {
    let empty = || Message { parts: vec![MessagePart::default()], ..Message::default() };
    MessageParser::default().parse(raw).unwrap_or_else(empty)
}

/// The resource `Message`.
pub(crate) fn resource(mail: &Mail, view: View<'_>) -> Result<Value, Error> {
    let message = parse(&mail.raw);
    let mut resource = json!({
        "id": mail.id,
        "threadId": mail.thread,
        "labelIds": mail.labels,
        "snippet": snippet(&message),
        "sizeEstimate": mail.raw.len(),
        "historyId": mail.history.to_string(),
        "internalDate": mail.at.as_millisecond().to_string(),
    });
    match view {
        View::Minimal => {}
        View::Raw => put(&mut resource, "raw", raw::encode(&mail.raw)),
        View::Metadata(wanted) => {
            let shown = message
                .parts
                .first()
                .map(|root| json!({"mimeType": mime_type(root), "headers": headers(&message, root, Some(wanted))}));
            put(&mut resource, "payload", shown.unwrap_or_default());
        }
        View::Full => put(&mut resource, "payload", part(&mail.id, &message, 0, "", 0)?),
    }
    Ok(resource)
}

/// The decoded bytes of the attachment that this id names.
pub(crate) fn attachment(mail: &Mail, id: &str) -> Option<Vec<u8>> {
    let wanted = raw::decode(id.strip_prefix(ATTACHMENT_PREFIX)?)?;
    let mark = wanted.get(12..)?;
    let message = parse(&mail.raw);
    let found = (0..message.parts.len()).find(|&index| attachment_mark(&mail.id, index).as_bytes() == mark)?;
    message.parts.get(found).map(|part| content(&message, part))
}

/// Whether any part is an attachment.
pub(crate) fn has_attachment(message: &Message<'_>) -> bool {
    message.parts.iter().any(is_attachment)
}

/// The names of the attachments.
pub(crate) fn file_names(message: &Message<'_>) -> Vec<String> {
    message.parts.iter().filter_map(|part| part.attachment_name()).map(str::to_owned).collect()
}

fn part(mail: &str, message: &Message<'_>, index: usize, id: &str, depth: usize) -> Result<Value, Error> {
    let Some(part) = message.parts.get(index).filter(|_| depth < MAX_DEPTH) else { return Ok(json!({})) };
    let mut shown = json!({
        "partId": id,
        "mimeType": mime_type(part),
        "filename": part.attachment_name().unwrap_or_default(),
        "headers": headers(message, part, None),
        "body": body(mail, message, index, part)?,
    });
    if let PartType::Multipart(children) = &part.body {
        let parts: Result<Vec<Value>, Error> = children
            .iter()
            .enumerate()
            .map(|(place, &child)| {
                let child_id = if id.is_empty() { place.to_string() } else { format!("{id}.{place}") };
                self::part(mail, message, usize::try_from(child).unwrap_or(usize::MAX), &child_id, depth + 1)
            })
            .collect();
        put(&mut shown, "parts", parts?);
    }
    Ok(shown)
}

fn body(mail: &str, message: &Message<'_>, index: usize, part: &MessagePart<'_>) -> Result<Value, Error> {
    if matches!(part.body, PartType::Multipart(_)) {
        return Ok(json!({"size": 0}));
    }
    let content = content(message, part);
    if is_attachment(part) {
        return Ok(json!({"size": content.len(), "attachmentId": attachment_id(mail, index)?}));
    }
    Ok(json!({"size": content.len(), "data": raw::encode(&content)}))
}

/// The part's bytes without their transfer encoding; text in UTF-8.
fn content(message: &Message<'_>, part: &MessagePart<'_>) -> Vec<u8> {
    match &part.body {
        PartType::Text(text) | PartType::Html(text) => text.as_bytes().to_vec(),
        PartType::Binary(bytes) | PartType::InlineBinary(bytes) => bytes.to_vec(),
        PartType::Message(_) => slice(message, part.offset_body, part.offset_end).to_vec(),
        PartType::Multipart(_) => Vec::new(),
    }
}

fn is_attachment(part: &MessagePart<'_>) -> bool {
    match &part.body {
        PartType::Multipart(_) => false,
        PartType::Text(_) | PartType::Html(_) => {
            part.attachment_name().is_some() || part.content_disposition().is_some_and(|kind| kind.is_attachment())
        }
        _ => true,
    }
}

fn mime_type(part: &MessagePart<'_>) -> String {
    part.content_type().map_or_else(
        || "text/plain".to_owned(),
        |kind| format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or("plain")).to_ascii_lowercase(),
    )
}

/// Headers as they stand in the text, unfolded, encoded words left encoded.
fn headers(message: &Message<'_>, part: &MessagePart<'_>, wanted: Option<&[&str]>) -> Vec<Value> {
    let shown = |name: &str| {
        wanted.is_none_or(|wanted| wanted.is_empty() || wanted.iter().any(|one| one.eq_ignore_ascii_case(name)))
    };
    let pairs = part.headers.iter().map(|header| {
        let name = slice(message, header.offset_field, header.offset_start);
        let value = slice(message, header.offset_start, header.offset_end);
        let name = String::from_utf8_lossy(name).trim_end_matches([':', ' ', '\t']).to_owned();
        (name, unfold(&String::from_utf8_lossy(value)))
    });
    pairs.filter(|(name, _)| shown(name)).map(|(name, value)| json!({"name": name, "value": value})).collect()
}

fn unfold(value: &str) -> String {
    value.trim().replace("\r\n", "").replace('\n', "")
}

fn slice<'a>(message: &'a Message<'_>, from: u32, to: u32) -> &'a [u8] {
    let place = |offset: u32| usize::try_from(offset).unwrap_or(usize::MAX);
    message.raw_message.get(place(from)..place(to)).unwrap_or_default()
}

fn snippet(message: &Message<'_>) -> String {
    let text = message.body_text(0).unwrap_or_default();
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let short: String = words.chars().take(200).collect();
    short.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

fn attachment_id(mail: &str, index: usize) -> Result<String, Error> {
    let mut id = random::bytes::<12>()?.to_vec();
    id.extend_from_slice(attachment_mark(mail, index).as_bytes());
    Ok(format!("{ATTACHMENT_PREFIX}{}", raw::encode(&id)))
}

/// What an attachment's id says behind its random part.
fn attachment_mark(mail: &str, index: usize) -> String {
    random::digest(&format!("{mail} {index}"))
}
