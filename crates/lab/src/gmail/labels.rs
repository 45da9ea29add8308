//! `users.labels`, and which labels messages may get.

use super::{mailbox, owned};
use crate::api::call::Call;
use crate::api::error::ApiError;
use crate::api::outcome::{Answer, Outcome};
use crate::cite;
use crate::json::put;
use crate::state::{State, User};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use valetkey_domain::Timestamp;

const SYSTEM: [&str; 14] = [
    "INBOX",
    "SENT",
    "DRAFT",
    "TRASH",
    "SPAM",
    "UNREAD",
    "STARRED",
    "IMPORTANT",
    "CHAT",
    "CATEGORY_PERSONAL",
    "CATEGORY_SOCIAL",
    "CATEGORY_PROMOTIONS",
    "CATEGORY_UPDATES",
    "CATEGORY_FORUMS",
];
/// Those that say what a message is; nobody puts them on or takes them off.
const FIXED: [&str; 3] = ["SENT", "DRAFT", "CHAT"];
const WRITTEN: [&str; 4] = ["name", "labelListVisibility", "messageListVisibility", "color"];

/// All labels, Gmail's own first.
pub(crate) fn list(state: &State, _: Timestamp, call: &Call) -> Outcome {
    let user = mailbox(state, call)?;
    let system = SYSTEM.iter().map(|id| system(id));
    let own = user.mailbox.labels.values().map(|label| Value::Object(label.clone()));
    Ok(json!({"labels": system.chain(own).collect::<Vec<_>>()}).into())
}

/// One label with its numbers.
pub(crate) fn get(state: &State, _: Timestamp, call: &Call) -> Outcome {
    let user = mailbox(state, call)?;
    let id = call.path("id");
    let own = user.mailbox.labels.get(id).map(|label| Value::Object(label.clone()));
    let mut label = own.or_else(|| SYSTEM.contains(&id).then(|| system(id))).ok_or_else(missing)?;
    let mails: Vec<_> = user.mail.iter().filter(|mail| mail.labels.contains(id)).collect();
    let threads = |unread: bool| {
        let counted = mails.iter().filter(|mail| !unread || mail.labels.contains("UNREAD"));
        counted.map(|mail| mail.thread.as_str()).collect::<BTreeSet<_>>().len()
    };
    put(&mut label, "messagesTotal", mails.len());
    put(&mut label, "messagesUnread", mails.iter().filter(|mail| mail.labels.contains("UNREAD")).count());
    put(&mut label, "threadsTotal", threads(false));
    put(&mut label, "threadsUnread", threads(true));
    Ok(label.into())
}

/// Makes a label.
pub(crate) fn create(state: &mut State, _: Timestamp, call: &Call) -> Outcome {
    let mut label = written(&call.members());
    check_name(mailbox(state, call)?, &label, "")?;
    let id = format!("Label_{}", state.next_history());
    label.insert("id".to_owned(), id.clone().into());
    label.insert("type".to_owned(), "user".into());
    for (name, default) in [("messageListVisibility", "show"), ("labelListVisibility", "labelShow")] {
        label.entry(name).or_insert_with(|| default.into());
    }
    owned(state, call)?.mailbox.labels.insert(id, label.clone());
    Ok(Value::Object(label).into())
}

/// Changes what is given.
pub(crate) fn patch(state: &mut State, _: Timestamp, call: &Call) -> Outcome {
    let (id, changes) = (call.path("id"), written(&call.members()));
    changeable(mailbox(state, call)?, id)?;
    if changes.contains_key("name") {
        check_name(mailbox(state, call)?, &changes, id)?;
    }
    let label = owned(state, call)?.mailbox.labels.get_mut(id).ok_or_else(missing)?;
    label.extend(changes);
    Ok(Value::Object(label.clone()).into())
}

/// Deletes a label and takes it off every message.
pub(crate) fn delete(state: &mut State, _: Timestamp, call: &Call) -> Outcome {
    let id = call.path("id");
    changeable(mailbox(state, call)?, id)?;
    let user = owned(state, call)?;
    user.mailbox.labels.remove(id);
    for mail in &mut user.mail {
        mail.labels.remove(id);
    }
    Ok(Answer::default())
}

/// Whether the mailbox has this label.
pub(crate) fn exists(user: &User, label: &str) -> bool {
    SYSTEM.contains(&label) || user.mailbox.labels.contains_key(label)
}

/// # Errors
/// One of the labels is not there, or is none that anybody puts on or takes off.
pub(crate) fn usable(user: &User, labels: &[String]) -> Result<(), ApiError> {
    if labels.iter().any(|label| !exists(user, label)) {
        return Err(ApiError::invalid("labelId not found", cite::GMAIL_LABELS));
    }
    match labels.iter().find(|label| FIXED.contains(&label.as_str())) {
        Some(fixed) => Err(ApiError::invalid(format!("Invalid label: {fixed}"), cite::GMAIL_LABELS)),
        None => Ok(()),
    }
}

fn system(id: &str) -> Value {
    json!({"id": id, "name": id, "type": "system"})
}

fn written(members: &Map<String, Value>) -> Map<String, Value> {
    let kept = members.iter().filter(|(name, _)| WRITTEN.contains(&name.as_str()));
    kept.map(|(name, value)| (name.clone(), value.clone())).collect()
}

fn check_name(user: &User, label: &Map<String, Value>, own: &str) -> Result<(), ApiError> {
    let name = label.get("name").and_then(Value::as_str).unwrap_or_default().trim();
    let same = |known: &Value| known.as_str().is_some_and(|known| known.eq_ignore_ascii_case(name));
    if name.is_empty() || name.len() > 225 || SYSTEM.iter().any(|known| known.eq_ignore_ascii_case(name)) {
        return Err(ApiError::invalid("Invalid label name", cite::GMAIL_LABELS));
    }
    let taken = user.mailbox.labels.iter().any(|(id, known)| id != own && known.get("name").is_some_and(same));
    if taken { Err(ApiError::conflict("Label name exists or conflicts", cite::GMAIL_LABELS)) } else { Ok(()) }
}

fn changeable(user: &User, id: &str) -> Result<(), ApiError> {
    if SYSTEM.contains(&id) {
        return Err(ApiError::invalid("Cannot modify or delete a system label", cite::GMAIL_LABELS));
    }
    if user.mailbox.labels.contains_key(id) { Ok(()) } else { Err(missing()) }
}

fn missing() -> ApiError {
    ApiError::not_found("Requested entity was not found.", cite::GMAIL_LABELS)
}
