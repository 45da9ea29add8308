//! `users.history.list`, and `users.watch` and `users.stop`, which tell nobody here.

use super::{labels, mailbox, owned};
use crate::api::call::Call;
use crate::api::error::ApiError;
use crate::api::outcome::{Answer, Outcome};
use crate::cite;
use crate::json::put;
use crate::mailbox::{Change, Kind};
use crate::state::State;
use jiff::SignedDuration;
use serde_json::{Value, json};
use valetkey_domain::Timestamp;

/// Where the history of a new lab begins; what is older is not known any more.
const OLDEST: u64 = 1_000;

/// What changed after a point.
pub(crate) fn list(state: &State, _: Timestamp, call: &Call) -> Outcome {
    let user = mailbox(state, call)?;
    let start = call.query("startHistoryId").and_then(|text| text.parse::<u64>().ok());
    let start = start.ok_or_else(|| ApiError::invalid("Missing startHistoryId", cite::reference(&call.operation)))?;
    if !(OLDEST..=state.history).contains(&start) {
        return Err(ApiError::not_found("Requested entity was not found.", cite::GMAIL_SYNC));
    }
    let kinds = call.all("historyTypes");
    let label = call.query("labelId");
    let begin = match call.query("pageToken") {
        None => start,
        Some(token) => {
            let invalid = || ApiError::invalid("Invalid pageToken", cite::GMAIL_ERRORS).at("pageToken");
            token.parse().map_err(|_| invalid())?
        }
    };
    let wanted = |change: &&Change| {
        change.history > begin
            && (kinds.is_empty() || kinds.contains(&type_of(change.kind)))
            && label.is_none_or(|label| change.labels.iter().chain(&change.changed).any(|known| known == label))
    };
    let found: Vec<&Change> = user.mailbox.changes.iter().filter(wanted).collect();
    let size = call.page_size("maxResults", 100, 500);
    let mut answer = json!({"historyId": state.history.to_string()});
    let shown: Vec<Value> = found.iter().take(size).map(|change| record(change)).collect();
    if !shown.is_empty() {
        put(&mut answer, "history", shown);
    }
    if let (Some(last), true) = (found.get(size.saturating_sub(1)), found.len() > size) {
        put(&mut answer, "nextPageToken", last.history.to_string());
    }
    Ok(answer.into())
}

/// Notes the topic.
pub(crate) fn watch(state: &mut State, now: Timestamp, call: &Call) -> Outcome {
    let body = call.members();
    let topic = body.get("topicName").and_then(Value::as_str).unwrap_or_default();
    let named = topic.strip_prefix("projects/").and_then(|rest| rest.split_once("/topics/"));
    if named.is_none_or(|(project, topic)| project.is_empty() || topic.is_empty()) {
        return Err(ApiError::invalid("Invalid topicName does not match projects/*/topics/*", cite::GMAIL_PUSH));
    }
    let listed = body.get("labelIds").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    let user = mailbox(state, call)?;
    if listed.into_iter().any(|label| !labels::exists(user, label)) {
        return Err(ApiError::invalid("labelId not found", cite::GMAIL_PUSH));
    }
    let history = state.history;
    owned(state, call)?.mailbox.watched_by = Some(topic.to_owned());
    let ends = (now + SignedDuration::from_hours(7 * 24)).as_millisecond();
    Ok(json!({"historyId": history.to_string(), "expiration": ends.to_string()}).into())
}

/// Forgets the topic.
pub(crate) fn stop(state: &mut State, _: Timestamp, call: &Call) -> Outcome {
    owned(state, call)?.mailbox.watched_by = None;
    Ok(Answer::default())
}

fn type_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Added => "messageAdded",
        Kind::Deleted => "messageDeleted",
        Kind::Labelled => "labelAdded",
        Kind::Unlabelled => "labelRemoved",
    }
}

fn record(change: &Change) -> Value {
    let message = json!({"id": change.message, "threadId": change.thread});
    let mut told = json!({"message": {"id": change.message, "threadId": change.thread, "labelIds": change.labels}});
    if !change.changed.is_empty() {
        put(&mut told, "labelIds", change.changed.clone());
    }
    let member = match change.kind {
        Kind::Added => "messagesAdded",
        Kind::Deleted => "messagesDeleted",
        Kind::Labelled => "labelsAdded",
        Kind::Unlabelled => "labelsRemoved",
    };
    json!({"id": change.history.to_string(), "messages": [message], member: [told]})
}
