//! `users.threads.list` and `users.threads.get`.

use super::{mailbox, messages, mime, missing, raw};
use crate::api::call::Call;
use crate::api::error::ApiError;
use crate::api::outcome::Outcome;
use crate::cite;
use crate::json::put;
use crate::state::{Mail, State};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use valetkey_domain::Timestamp;

/// The threads with a message that fits, the one with the newest first.
pub(crate) fn list(state: &State, now: Timestamp, call: &Call) -> Outcome {
    let found = messages::matching(mailbox(state, call)?, call, now)?;
    let mut seen = BTreeSet::new();
    let newest: Vec<&Mail> = found.into_iter().filter(|mail| seen.insert(mail.thread.as_str())).collect();
    let from = match call.query("pageToken") {
        None => 0,
        Some(token) => {
            let last = raw::decode(token).unwrap_or_default();
            let place = newest.iter().position(|mail| mail.thread.as_bytes() == last);
            place.ok_or_else(|| ApiError::invalid("Invalid pageToken", cite::GMAIL_ERRORS).at("pageToken"))? + 1
        }
    };
    let size = call.page_size("maxResults", 100, 500);
    let page = newest.get(from..).unwrap_or_default();
    let (shown, rest) = page.split_at(size.min(page.len()));
    let mut answer = json!({"resultSizeEstimate": newest.len()});
    if !shown.is_empty() {
        let rows: Result<Vec<Value>, ApiError> = shown.iter().map(|mail| row(mail)).collect();
        put(&mut answer, "threads", rows?);
    }
    if let (Some(last), false) = (shown.last(), rest.is_empty()) {
        put(&mut answer, "nextPageToken", raw::encode(last.thread.as_bytes()));
    }
    Ok(answer.into())
}

fn row(newest: &Mail) -> Result<Value, ApiError> {
    let shown = mime::resource(newest, mime::View::Minimal)?;
    let snippet = shown.get("snippet").cloned().unwrap_or_default();
    Ok(json!({"id": newest.thread, "snippet": snippet, "historyId": newest.history.to_string()}))
}

/// One thread with its messages, oldest first.
pub(crate) fn get(state: &State, _: Timestamp, call: &Call) -> Outcome {
    let user = mailbox(state, call)?;
    if call.query("format") == Some("raw") {
        return Err(ApiError::invalid("Invalid format: raw is for messages", cite::reference(&call.operation)));
    }
    let id = call.path("id");
    let mut mails: Vec<&Mail> = user.mail.iter().filter(|mail| mail.thread == id).collect();
    mails.sort_by_key(|mail| (mail.at, mail.history));
    let newest = mails.iter().map(|mail| mail.history).max().ok_or_else(missing)?;
    let wanted = call.all("metadataHeaders");
    let view = messages::view(call, &wanted)?;
    let shown: Result<Vec<Value>, _> = mails.iter().map(|mail| mime::resource(mail, view)).collect();
    Ok(json!({"id": id, "historyId": newest.to_string(), "messages": shown?}).into())
}
