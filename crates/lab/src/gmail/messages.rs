//! `users.messages.list` and `users.messages.get`.

use super::mime::{self, View};
use super::search::Search;
use super::{headers_only, labels, mail, mailbox, raw};
use crate::api::call::Call;
use crate::api::error::ApiError;
use crate::api::outcome::Outcome;
use crate::cite;
use crate::json::put;
use crate::state::{Mail, State, User};
use serde_json::{Value, json};
use std::cmp::Reverse;
use valetkey_domain::Timestamp;

/// Ids of the messages that fit, newest first.
pub(crate) fn list(state: &State, now: Timestamp, call: &Call) -> Outcome {
    let found = matching(mailbox(state, call)?, call, now)?;
    let from = start(&found, call.query("pageToken"))?;
    let size = call.page_size("maxResults", 100, 500);
    let page = found.get(from..).unwrap_or_default();
    let (shown, rest) = page.split_at(size.min(page.len()));
    let mut answer = json!({"resultSizeEstimate": found.len()});
    if !shown.is_empty() {
        let row = |mail: &&Mail| json!({"id": mail.id, "threadId": mail.thread});
        put(&mut answer, "messages", shown.iter().map(row).collect::<Vec<Value>>());
    }
    if let (Some(last), false) = (shown.last(), rest.is_empty()) {
        put(&mut answer, "nextPageToken", raw::encode(last.id.as_bytes()));
    }
    Ok(answer.into())
}

/// One message.
pub(crate) fn get(state: &State, _: Timestamp, call: &Call) -> Outcome {
    let mail = mail(mailbox(state, call)?, call.path("id"))?;
    let wanted = call.all("metadataHeaders");
    Ok(mime::resource(mail, view(call, &wanted)?)?.into())
}

/// The view that a call asks for, as far as its scopes allow it.
pub(crate) fn view<'a>(call: &Call, wanted: &'a [&'a str]) -> Result<View<'a>, ApiError> {
    let format = call.query("format").unwrap_or("full").to_ascii_lowercase();
    let view = match format.as_str() {
        "minimal" => View::Minimal,
        "metadata" => View::Metadata(wanted),
        "raw" => View::Raw,
        _ => View::Full,
    };
    if headers_only(call) && matches!(view, View::Raw | View::Full) {
        let said = format!("Metadata scope doesn't allow format {}", format.to_ascii_uppercase());
        return Err(ApiError::forbidden("forbidden", said, cite::GMAIL_SCOPES));
    }
    Ok(view)
}

/// The messages that a listing asks for, newest first.
pub(crate) fn matching<'a>(user: &'a User, call: &Call, now: Timestamp) -> Result<Vec<&'a Mail>, ApiError> {
    let query = call.query("q").unwrap_or_default();
    if headers_only(call) && !query.is_empty() {
        let said = "Metadata scope does not support 'q' parameter";
        return Err(ApiError::forbidden("forbidden", said, cite::GMAIL_SCOPES));
    }
    let search = Search::read(query, now)?;
    let labels = call.all("labelIds");
    if let Some(unknown) = labels.iter().find(|label| !labels::exists(user, label)) {
        return Err(ApiError::invalid(format!("Invalid label: {unknown}"), cite::GMAIL_ERRORS).at("labelIds"));
    }
    let hidden_too = call.flag("includeSpamTrash")
        || search.reaches_hidden()
        || labels.iter().any(|label| matches!(*label, "SPAM" | "TRASH"));
    let visible = |mail: &Mail| hidden_too || !(mail.labels.contains("SPAM") || mail.labels.contains("TRASH"));
    let labelled = |mail: &Mail| labels.iter().all(|label| mail.labels.contains(*label));
    let mut found: Vec<&Mail> =
        user.mail.iter().filter(|mail| visible(mail) && labelled(mail) && search.matches(mail)).collect();
    found.sort_by_key(|mail| Reverse((mail.at, mail.history)));
    Ok(found)
}

fn start(found: &[&Mail], token: Option<&str>) -> Result<usize, ApiError> {
    let Some(token) = token else { return Ok(0) };
    let last = raw::decode(token).unwrap_or_default();
    let place = found.iter().position(|mail| mail.id.as_bytes() == last);
    let invalid = || ApiError::invalid("Invalid pageToken", cite::GMAIL_ERRORS).at("pageToken");
    place.map(|place| place + 1).ok_or_else(invalid)
}
