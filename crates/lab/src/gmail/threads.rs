//! `users.threads.get`.

use super::{mailbox, messages, mime, missing};
use crate::api::call::Call;
use crate::api::error::ApiError;
use crate::api::outcome::Outcome;
use crate::cite;
use crate::state::{Mail, State};
use serde_json::{Value, json};
use valetkey_domain::Timestamp;

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
