//! Composing: headers and body of one RFC 5322 message, as Gmail's `raw` wants it.
//!
//! There is no Date and no Message-ID in it: Gmail writes both when a message is sent, and a draft is sent later than
//! it is written. From is left out too unless given: Gmail fills in the account's own.

use super::address::{Mailbox, check_header_text, parse_list, to_header};
use super::html;
use super::scope::{Scope, argument, text};
use super::work::Work;
use crate::{Failure, Setting};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use mail_builder::MessageBuilder;
use mail_builder::headers::{
    Header, HeaderType, content_type::ContentType, message_id::MessageId, raw::Raw, text::Text,
};
use mail_builder::mime::{BodyPart, MimePart};
use serde_json::Value;

/// Gmail takes 25 MB with everything encoded; what an agent writes as a text is far below this.
const MAX_BODY: usize = 5 << 20;

/// What a message says beside its receivers and its body.
#[derive(Debug)]
pub(super) struct Heading {
    pub(super) subject: String,
    /// The message answered, without angle brackets.
    pub(super) in_reply_to: Option<String>,
    /// The messages before it, oldest first, without angle brackets.
    pub(super) references: Vec<String>,
}

/// Composes from the arguments `to`, `cc`, `bcc`, `from`, `body` and `content_type`, and gives base64url.
pub(super) fn compose(scope: &Scope, setting: &Setting, heading: Heading) -> Result<String, Failure> {
    let work = &setting.work;
    let mut raw = Vec::new();
    if let Some(from) = text(scope, "from")? {
        write(&mut raw, "From", &to_header(&one_sender(from, work)?));
    }
    let receivers = receivers(scope, work)?;
    let body = body(scope, setting)?;
    work.spend(heading.subject.len())?;
    for (name, mailboxes) in receivers.iter().filter(|(_, mailboxes)| !mailboxes.is_empty()) {
        write(&mut raw, name, &to_header(mailboxes));
    }
    write_subject(&mut raw, heading.subject);
    if let Some(answered) = heading.in_reply_to {
        write(&mut raw, "In-Reply-To", &MessageId::new(answered));
    }
    if !heading.references.is_empty() {
        write(&mut raw, "References", &MessageId::new_list(heading.references.into_iter()));
    }
    raw.extend_from_slice(b"MIME-Version: 1.0\r\n");
    MessageBuilder::new().body(body).serialize_body(&mut raw);
    work.spend(raw.len())?;
    Ok(URL_SAFE.encode(raw))
}

fn write(raw: &mut Vec<u8>, name: &str, value: &impl Header) {
    raw.extend_from_slice(name.as_bytes());
    raw.extend_from_slice(b": ");
    value.write_header(raw, name.len() + 2);
}

/// A subject that looks like an encoded word would be read as what it seems to encode, so it is encoded once more.
fn write_subject(raw: &mut Vec<u8>, subject: String) {
    /// As much as an encoded word of 75 characters holds (RFC 2047, 2), in whole groups of base64.
    const CHUNK: usize = 45;
    if !subject.contains("=?") {
        return write(raw, "Subject", &Text::new(subject));
    }
    let mut words = Vec::new();
    let mut rest = subject.as_str();
    while !rest.is_empty() {
        let (word, after) = rest.split_at(rest.floor_char_boundary(CHUNK));
        words.push(format!("=?utf-8?B?{}?=", STANDARD.encode(word)));
        rest = after;
    }
    write(raw, "Subject", &Raw::new(words.join(" ")));
}

fn one_sender(from: &str, work: &Work) -> Result<Vec<Mailbox>, Failure> {
    let senders = parse_list("from", from, work)?;
    if senders.len() == 1 { Ok(senders) } else { Err(Failure::invalid("`from` must be one address")) }
}

fn receivers(scope: &Scope, work: &Work) -> Result<[(&'static str, Vec<Mailbox>); 3], Failure> {
    let list = |name| text(scope, name)?.map_or_else(|| Ok(Vec::new()), |given| parse_list(name, given, work));
    let lists = [("To", list("to")?), ("Cc", list("cc")?), ("Bcc", list("bcc")?)];
    if lists.iter().all(|(_, mailboxes)| mailboxes.is_empty()) {
        return Err(Failure::invalid("`to` must name at least one address"));
    }
    Ok(lists)
}

/// The subject argument, if there is one.
pub(super) fn subject(scope: &Scope) -> Result<Option<String>, Failure> {
    let Some(subject) = text(scope, "subject")? else { return Ok(None) };
    check_header_text("subject", subject)?;
    Ok(Some(subject.trim().to_owned()))
}

fn body(scope: &Scope, setting: &Setting) -> Result<MimePart<'static>, Failure> {
    let text = match argument(scope, "body") {
        None => "",
        Some(Value::String(text)) => text,
        Some(_) => return Err(Failure::invalid("`body` must be a text")),
    };
    if text.len() > MAX_BODY {
        return Err(Failure::invalid(format!("`body` has {} bytes, {MAX_BODY} at most", text.len())));
    }
    setting.work.spend(text.len())?;
    // RFC 5322 knows one line ending; the encoder makes it of a bare LF, but not of a bare CR.
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    if is_html(scope, &setting.work)? { alternatives(text, setting) } else { Ok(leaf("text/plain", text)) }
}

fn is_html(scope: &Scope, work: &Work) -> Result<bool, Failure> {
    let given = text(scope, "content_type")?.unwrap_or("text/plain");
    work.spend(given.len())?;
    let kind = given.split(';').next().unwrap_or_default().trim();
    match kind.to_ascii_lowercase().as_str() {
        "text/plain" | "plain" => Ok(false),
        "text/html" | "html" => Ok(true),
        _ => Err(Failure::invalid("`content_type` must be `text/plain` or `text/html`")),
    }
}

/// The text first: of alternatives, the last is the best (RFC 2046, 5.1.4).
fn alternatives(html: String, setting: &Setting) -> Result<MimePart<'static>, Failure> {
    let parts = vec![leaf("text/plain", html::to_letter(&html, &setting.work)?), leaf("text/html", html)];
    let boundary = format!("=_valetkey_{:032x}", setting.nonce);
    let kind = ContentType::new("multipart/alternative").attribute("boundary", boundary);
    Ok(MimePart {
        headers: vec![("Content-Type".into(), HeaderType::ContentType(kind))],
        contents: BodyPart::Multipart(parts),
    })
}

fn leaf(kind: &'static str, text: String) -> MimePart<'static> {
    MimePart::new(ContentType::new(kind).attribute("charset", "utf-8"), text)
}
