//! Messages in the format `raw`: whole in RFC 5322, in base64url. They are put into the form of `full`, so that there is
//! one way of reading a message.

use super::charset;
use super::part::MAX_DEPTH;
use super::work::Work;
use crate::Failure;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mail_parser::decoders::base64::base64_decode;
use mail_parser::decoders::quoted_printable::quoted_printable_decode;
use mail_parser::{Encoding, Message, MessageParser, MessagePart, MimeHeaders, PartType};
use serde_json::{Value, json};

/// The message's `payload`, if the bytes are a message.
pub(super) fn payload(bytes: &[u8], work: &Work) -> Result<Option<Value>, Failure> {
    work.spend(bytes.len())?;
    match MessageParser::default().parse(bytes) {
        Some(message) => part(&message, 0, MAX_DEPTH, work).map(Some),
        None => Ok(None),
    }
}

fn part(message: &Message<'_>, index: usize, depth: usize, work: &Work) -> Result<Value, Failure> {
    let Some(depth) = depth.checked_sub(1) else { return Ok(Value::Null) };
    let Some(part) = message.parts.get(index) else { return Ok(Value::Null) };
    work.spend(1)?;
    let headers = headers(message, part, work)?;
    if let PartType::Multipart(children) = &part.body {
        let mut parts = Vec::with_capacity(children.len());
        for child in children {
            parts.push(self::part(message, usize::try_from(*child).unwrap_or(usize::MAX), depth, work)?);
        }
        return Ok(json!({"mimeType": mime_type(part), "filename": "", "headers": headers, "parts": parts}));
    }
    let content = content(message, part, work)?;
    let body = json!({"size": content.len(), "data": URL_SAFE_NO_PAD.encode(content)});
    Ok(json!({"mimeType": mime_type(part), "filename": "", "headers": headers, "body": body}))
}

fn mime_type(part: &MessagePart<'_>) -> String {
    let kind = part.content_type().map(|kind| match kind.subtype() {
        Some(subtype) => format!("{}/{subtype}", kind.ctype()),
        None => kind.ctype().to_owned(),
    });
    kind.unwrap_or_else(|| "text/plain".to_owned()).to_ascii_lowercase()
}

fn headers(message: &Message<'_>, part: &MessagePart<'_>, work: &Work) -> Result<Value, Failure> {
    let mut headers = Vec::with_capacity(part.headers.len());
    for header in &part.headers {
        let value = slice(message, header.offset_start, header.offset_end);
        work.spend(value.len() + 1)?;
        headers.push(json!({"name": header.name(), "value": charset::to_text(value, None).trim()}));
    }
    Ok(headers.into())
}

/// The part's bytes without their transfer encoding, in whatever charset.
fn content(message: &Message<'_>, part: &MessagePart<'_>, work: &Work) -> Result<Vec<u8>, Failure> {
    let sent = slice(message, part.offset_body, part.offset_end);
    work.spend(sent.len())?;
    Ok(match part.encoding {
        Encoding::Base64 => base64_decode(sent),
        Encoding::QuotedPrintable => quoted_printable_decode(sent),
        Encoding::None => None,
    }
    .unwrap_or_else(|| sent.to_vec()))
}

fn slice<'a>(message: &'a Message<'_>, from: u32, to: u32) -> &'a [u8] {
    let place = |offset: u32| usize::try_from(offset).unwrap_or(usize::MAX);
    message.raw_message.get(place(from)..place(to)).unwrap_or_default()
}
