//! Messages in the format `raw`: whole in RFC 5322, in base64url.

use super::html;
use mail_parser::{Message, MessageParser, MimeHeaders, PartType};
use serde_json::{Value, json};

/// The parsed message, if the bytes are one.
pub(super) fn parse(bytes: &[u8]) -> Option<Message<'_>> {
    MessageParser::default().parse(bytes)
}

/// Its text, by the same preference as for parsed ones: plain where there is something in it, else HTML.
pub(super) fn text(message: &Message<'_>) -> Option<String> {
    let plain = message.text_bodies().find_map(|part| match &part.body {
        PartType::Text(text) if !text.trim().is_empty() => Some(text.trim_end().replace("\r\n", "\n")),
        _ => None,
    });
    plain.or_else(|| {
        message.html_bodies().find_map(|part| match &part.body {
            PartType::Html(source) => Some(html::to_text(source)),
            _ => None,
        })
    })
}

/// Its attachments. They have no ids: their bytes are in the message.
pub(super) fn attachments(message: &Message<'_>) -> Vec<Value> {
    let described = |part: &mail_parser::MessagePart<'_>| {
        let kind = part.content_type().map_or_else(
            || "application/octet-stream".to_owned(),
            |kind| kind.subtype().map_or_else(|| kind.ctype().to_owned(), |sub| format!("{}/{sub}", kind.ctype())),
        );
        json!({"filename": part.attachment_name().unwrap_or("unnamed"), "mime_type": kind, "size": part.len()})
    };
    message.attachments().map(described).collect()
}
