//! `users.messages.send`: the sender's copy, and a delivery to every recipient who is one of the lab's people.
//! Nothing leaves the lab.

use super::headers::Headers;
use super::{change, mailbox, mime, missing, raw, threading};
use crate::api::call::Call;
use crate::api::error::ApiError;
use crate::api::outcome::Outcome;
use crate::mailbox::Kind;
use crate::state::{Mail, State, User};
use crate::{Error, cite, random};
use mail_parser::{Address, Message, PartType};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use valetkey_domain::Timestamp;

/// Sends the message in `raw`.
pub(crate) fn send(state: &mut State, now: Timestamp, call: &Call) -> Outcome {
    let body = call.members();
    let given = raw_member(&body)?;
    dispatch(state, now, call, &given, body.get("threadId").and_then(Value::as_str))
}

/// Sends a message that the API was given or a draft holds.
pub(crate) fn dispatch(state: &mut State, now: Timestamp, call: &Call, given: &[u8], named: Option<&str>) -> Outcome {
    let sender = mailbox(state, call)?;
    let (email, name) = (sender.email.clone(), sender.name.clone());
    let headers = check(given)?;
    if recipients(&mime::parse(given)).is_empty() {
        return Err(ApiError::invalid("Recipient address required", cite::GMAIL_SEND));
    }
    let (sent, delivered) = complete(headers, &email, &name, now)?;
    let message = mime::parse(&sent);
    let thread = sender_thread(sender, named, &message)?;
    let recipients = recipients(&message);
    let mail = file(state, &email, &sent, thread, labels(&recipients, &email), now, true)?;
    for recipient in recipients.iter().filter(|address| !address.eq_ignore_ascii_case(&email)) {
        deliver(state, recipient, &delivered, now)?;
    }
    Ok(json!({"id": mail.id, "threadId": mail.thread, "labelIds": mail.labels}).into())
}

/// Puts a message into the inbox of one of the lab's people; elsewhere it goes nowhere.
pub(crate) fn deliver(state: &mut State, recipient: &str, text: &[u8], now: Timestamp) -> Result<(), Error> {
    let Some(user) = state.user(recipient) else { return Ok(()) };
    let (email, thread) = (user.email.clone(), threading::of(user, &mime::parse(text)));
    let labels = ["INBOX", "UNREAD"].map(str::to_owned).into();
    file(state, &email, text, thread, labels, now, false).map(drop)
}

fn raw_member(body: &serde_json::Map<String, Value>) -> Result<Vec<u8>, ApiError> {
    let text = body.get("raw").and_then(Value::as_str).unwrap_or_default();
    if text.is_empty() {
        let said = "'raw' RFC822 payload message string or uploading message via /upload/* URL required";
        return Err(ApiError::invalid(said, cite::GMAIL_SEND));
    }
    raw::decode(text).ok_or_else(|| {
        let said = "Invalid value at 'message.raw' (TYPE_BYTES), Base64 decoding failed";
        ApiError::invalid(said, cite::GMAIL_SEND)
    })
}

/// Files a body's message in the caller's own mailbox, without sending it.
pub(crate) fn keep(
    state: &mut State,
    now: Timestamp,
    call: &Call,
    body: &serde_json::Map<String, Value>,
    labels: BTreeSet<String>,
) -> Result<Mail, ApiError> {
    let owner = mailbox(state, call)?;
    let (email, name) = (owner.email.clone(), owner.name.clone());
    let given = raw_member(body)?;
    let headers = check(&given)?;
    let is_draft = labels.contains("DRAFT");
    let kept = if is_draft { complete(headers, &email, &name, now)?.0 } else { given };
    let named = body.get("threadId").and_then(Value::as_str);
    let thread = sender_thread(owner, named, &mime::parse(&kept))?;
    Ok(file(state, &email, &kept, thread, labels, now, true)?)
}

/// Refuses what is no message.
fn check(given: &[u8]) -> Result<Headers, ApiError> {
    let broken = |why: String| ApiError::invalid(format!("Invalid message: it {why}"), cite::GMAIL_SEND);
    let headers = Headers::read(given).map_err(broken)?;
    let message = mime::parse(given);
    for (name, address) in [("To", message.to()), ("Cc", message.cc()), ("Bcc", message.bcc())] {
        if headers.has(&name.to_ascii_lowercase()) && !addresses(address).iter().all(|one| is_address(one)) {
            return Err(ApiError::invalid(format!("Invalid {name} header"), cite::GMAIL_SEND));
        }
    }
    if message.parts.iter().any(|part| part.is_encoding_problem) {
        return Err(broken("has a part whose transfer encoding or boundary is broken".into()));
    }
    if message.parts.iter().any(|part| matches!(&part.body, PartType::Multipart(parts) if parts.is_empty())) {
        return Err(broken("has a multipart without parts".into()));
    }
    Ok(headers)
}

/// Adds what Gmail adds; gives the sender's copy and the one for the recipients, which names no Bcc.
fn complete(mut headers: Headers, email: &str, name: &str, now: Timestamp) -> Result<(Vec<u8>, Vec<u8>), Error> {
    let from_self = addresses(mime::parse(&headers.write()).from()).iter().any(|from| from.eq_ignore_ascii_case(email));
    if !from_self {
        headers.set("From", &format!("{name} <{email}>"));
    }
    if !headers.has("date") {
        headers.set("Date", &now.strftime("%a, %d %b %Y %H:%M:%S +0000").to_string());
    }
    if !headers.has("message-id") {
        headers.set("Message-ID", &format!("<CA{}@mail.lab.example>", random::base32hex()?));
    }
    let sent = headers.write();
    headers.remove("bcc");
    Ok((sent, headers.write()))
}

/// The thread that the sender named, if the message really continues it; else none, and it begins one of its own.
fn sender_thread(sender: &User, named: Option<&str>, message: &Message<'_>) -> Result<Option<String>, ApiError> {
    let Some(thread) = named.filter(|named| !named.is_empty()) else { return Ok(None) };
    if !sender.mail.iter().any(|mail| mail.thread == thread) {
        return Err(missing());
    }
    Ok(threading::continues(sender, thread, message).then(|| thread.to_owned()))
}

fn labels(recipients: &BTreeSet<String>, email: &str) -> BTreeSet<String> {
    let to_self = recipients.iter().any(|address| address.eq_ignore_ascii_case(email));
    let labels: &[&str] = if to_self { &["SENT", "INBOX", "UNREAD"] } else { &["SENT"] };
    labels.iter().map(|label| (*label).to_owned()).collect()
}

fn file(
    state: &mut State,
    email: &str,
    text: &[u8],
    thread: Option<String>,
    labels: BTreeSet<String>,
    now: Timestamp,
    sent_by_api: bool,
) -> Result<Mail, Error> {
    let id = random::hex16()?;
    let thread = thread.unwrap_or_else(|| id.clone());
    let history = state.next_history();
    let mail = Mail { id, thread, labels, at: now, history, raw: text.to_vec(), sent_by_api };
    if let Some(user) = state.user_mut(email) {
        user.mailbox.changes.push(change::change(history, Kind::Added, &mail, &[]));
        user.mail.push(mail.clone());
    }
    Ok(mail)
}

fn recipients(message: &Message<'_>) -> BTreeSet<String> {
    [message.to(), message.cc(), message.bcc()].into_iter().flat_map(addresses).collect()
}

fn addresses(address: Option<&Address<'_>>) -> Vec<String> {
    let text = |one: &mail_parser::Addr<'_>| one.address.as_deref().unwrap_or_default().to_owned();
    address.map(|address| address.iter().map(text).collect()).unwrap_or_default()
}

fn is_address(text: &str) -> bool {
    let parts = text.rsplit_once('@');
    parts.is_some_and(|(local, domain)| {
        !local.is_empty() && !domain.is_empty() && !text.contains(char::is_whitespace) && !domain.contains('@')
    })
}
