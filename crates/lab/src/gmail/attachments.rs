//! `users.messages.attachments.get`.

use super::{mail, mailbox, mime, raw};
use crate::api::call::Call;
use crate::api::error::ApiError;
use crate::api::outcome::Outcome;
use crate::cite;
use crate::state::State;
use serde_json::json;
use valetkey_domain::Timestamp;

/// The bytes of one attachment. Any id that a reading of the message gave names it; the next reading gives another.
pub(crate) fn get(state: &State, _: Timestamp, call: &Call) -> Outcome {
    let mail = mail(mailbox(state, call)?, call.path("messageId"))?;
    let invalid = || ApiError::invalid("Invalid attachment token", cite::reference(&call.operation));
    let bytes = mime::attachment(mail, call.path("id")).ok_or_else(invalid)?;
    Ok(json!({"size": bytes.len(), "data": raw::encode(&bytes)}).into())
}
