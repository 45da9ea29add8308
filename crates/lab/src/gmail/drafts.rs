//! `users.drafts`: each holds a message with the label DRAFT; a change puts another message into it.

use super::{change, mailbox, messages, mime, missing, owned, raw, send};
use crate::api::call::Call;
use crate::api::error::ApiError;
use crate::api::outcome::{Answer, Outcome};
use crate::json::put;
use crate::mailbox::Draft;
use crate::state::{Mail, State, User};
use crate::{cite, random};
use serde_json::{Map, Value, json};
use valetkey_domain::Timestamp;

/// The drafts, the newest first.
pub(crate) fn list(state: &State, _: Timestamp, call: &Call) -> Outcome {
    call.refuse_unplayed(&["q", "includeSpamTrash"])?;
    let drafts: Vec<&Draft> = mailbox(state, call)?.mailbox.drafts.iter().rev().collect();
    let from = match call.query("pageToken") {
        None => 0,
        Some(token) => {
            let last = raw::decode(token).unwrap_or_default();
            let place = drafts.iter().position(|draft| draft.id.as_bytes() == last);
            place.ok_or_else(|| ApiError::invalid("Invalid pageToken", cite::GMAIL_ERRORS).at("pageToken"))? + 1
        }
    };
    let size = call.page_size("maxResults", 100, 500);
    let page = drafts.get(from..).unwrap_or_default();
    let (shown, rest) = page.split_at(size.min(page.len()));
    let mut answer = json!({"resultSizeEstimate": drafts.len()});
    if !shown.is_empty() {
        let user = mailbox(state, call)?;
        let rows: Result<Vec<Value>, _> = shown.iter().map(|draft| row(user, draft)).collect();
        put(&mut answer, "drafts", rows?);
    }
    if let (Some(last), false) = (shown.last(), rest.is_empty()) {
        put(&mut answer, "nextPageToken", raw::encode(last.id.as_bytes()));
    }
    Ok(answer.into())
}

/// One draft.
pub(crate) fn get(state: &State, _: Timestamp, call: &Call) -> Outcome {
    let user = mailbox(state, call)?;
    let draft = draft_of(user, call.path("id"))?;
    let shown = mime::resource(mail_of(user, draft)?, messages::view(call, &[])?)?;
    Ok(json!({"id": draft.id, "message": shown}).into())
}

/// Writes a draft.
pub(crate) fn create(state: &mut State, now: Timestamp, call: &Call) -> Outcome {
    let draft = Draft { id: format!("r-{}", random::hex16()?), message: write(state, now, call)? };
    let user = owned(state, call)?;
    user.mailbox.drafts.push(draft.clone());
    Ok(row(user, &draft)?.into())
}

/// Replaces the message of a draft.
pub(crate) fn update(state: &mut State, now: Timestamp, call: &Call) -> Outcome {
    let before = draft_of(mailbox(state, call)?, call.path("id"))?.clone();
    let message = write(state, now, call)?;
    let user = owned(state, call)?;
    let draft = user.mailbox.drafts.iter_mut().find(|draft| draft.id == before.id).ok_or_else(missing)?;
    draft.message = message;
    let draft = draft.clone();
    change::remove(state, call, &[before.message].into())?;
    Ok(row(mailbox(state, call)?, &draft)?.into())
}

/// Sends a draft as it is: it leaves the drafts, and its message gets another id.
pub(crate) fn send(state: &mut State, now: Timestamp, call: &Call) -> Outcome {
    let id = call.members().get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
    if id.is_empty() {
        return Err(ApiError::invalid("Missing draft id", cite::reference(&call.operation)));
    }
    let user = mailbox(state, call)?;
    let draft = draft_of(user, &id)?.clone();
    let mail = mail_of(user, &draft)?.clone();
    let sent = send::dispatch(state, now, call, &mail.raw, Some(&mail.thread))?;
    change::remove(state, call, &[draft.message].into())?;
    Ok(sent)
}

/// Deletes a draft for good.
pub(crate) fn delete(state: &mut State, _: Timestamp, call: &Call) -> Outcome {
    let message = draft_of(mailbox(state, call)?, call.path("id"))?.message.clone();
    change::remove(state, call, &[message].into())?;
    Ok(Answer::default())
}

/// Files the body's message, and gives its id. A draft need not have a receiver.
fn write(state: &mut State, now: Timestamp, call: &Call) -> Result<String, ApiError> {
    let body: Map<String, Value> =
        call.members().get("message").and_then(Value::as_object).cloned().unwrap_or_default();
    let labels = ["DRAFT".to_owned()].into();
    Ok(send::keep(state, now, call, &body, labels)?.id)
}

fn draft_of<'a>(user: &'a User, id: &str) -> Result<&'a Draft, ApiError> {
    user.mailbox.drafts.iter().find(|draft| draft.id == id).ok_or_else(missing)
}

fn mail_of<'a>(user: &'a User, draft: &Draft) -> Result<&'a Mail, ApiError> {
    user.mail.iter().find(|mail| mail.id == draft.message).ok_or_else(missing)
}

fn row(user: &User, draft: &Draft) -> Result<Value, ApiError> {
    let mail = mail_of(user, draft)?;
    Ok(json!({"id": draft.id, "message": {"id": mail.id, "threadId": mail.thread, "labelIds": mail.labels}}))
}
