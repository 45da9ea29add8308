//! `gmail_listed_thread`: one conversation of a list. The saved `thread` is users.threads.get's answer in the format
//! `metadata`.
//!
//! Gives `{id, subject, from, date, messages, drafts?, unread, snippet}`: the first subject, everybody who wrote (each
//! once, in the order in which they did), the newest date, how many mails there are, whether one is unread, and the
//! beginning of the newest one. What the mails do not say is left out. An answer that was begun and not sent is no mail:
//! it is counted as a draft, unless there is nothing else.

use super::headers::{decoded, decoded_addresses, find};
use super::part::weight;
use super::scope::{Scope, member, needed};
use crate::{Failure, Setting};
use serde_json::{Map, Value};
use std::collections::HashSet;

/// The most people that are named.
const MAX_SENDERS: usize = 20;

pub(super) fn run(scope: &Scope, setting: &Setting) -> Result<Value, Failure> {
    let thread = needed(scope, "thread")?;
    let messages = thread.get("messages").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let (mut known, mut from, mut subject) = (HashSet::new(), Vec::new(), None);
    let (mut sent, mut unread) = (Vec::new(), false);
    for message in messages {
        let labels = message.get("labelIds").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        setting.work.spend(1 + labels.len())?;
        unread |= labels.iter().any(|label| label == "UNREAD");
        if !labels.iter().any(|label| label == "DRAFT") {
            sent.push(message);
        }
    }
    let drafts = messages.len() - sent.len();
    let mails = if sent.is_empty() { messages.iter().collect() } else { sent };
    for message in &mails {
        let payload = message.get("payload").unwrap_or(&Value::Null);
        setting.work.spend(weight(payload))?;
        subject = subject.or_else(|| find(payload, "Subject").map(decoded));
        if let Some(sender) = find(payload, "From").map(decoded_addresses)
            && from.len() < MAX_SENDERS
            && known.insert(sender.clone())
        {
            from.push(sender);
        }
    }
    let newest = mails.last();
    let date = newest.and_then(|newest| find(newest.get("payload")?, "Date")).map(decoded);
    let snippet = newest.and_then(|newest| member(newest, "snippet"));
    let mut row = Map::new();
    let mut say = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            row.insert(name.to_owned(), value);
        }
    };
    say("id", thread.get("id").cloned());
    say("subject", subject.map(Value::from));
    say("from", (!from.is_empty()).then(|| from.into()));
    say("date", date.map(Value::from));
    say("messages", Some((messages.len() - drafts).into()));
    say("drafts", (drafts > 0).then(|| drafts.into()));
    say("unread", Some(unread.into()));
    say("snippet", snippet.map(Value::from));
    Ok(Value::Object(row))
}
