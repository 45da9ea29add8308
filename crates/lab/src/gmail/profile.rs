//! `users.getProfile`.

use super::mailbox;
use crate::api::call::Call;
use crate::api::outcome::Outcome;
use crate::state::State;
use serde_json::json;
use std::collections::BTreeSet;
use valetkey_domain::Timestamp;

/// Whose mailbox it is and how much is in it.
pub(crate) fn get(state: &State, _: Timestamp, call: &Call) -> Outcome {
    let user = mailbox(state, call)?;
    let threads: BTreeSet<&str> = user.mail.iter().map(|mail| mail.thread.as_str()).collect();
    Ok(json!({
        "emailAddress": user.email,
        "messagesTotal": user.mail.len(),
        "threadsTotal": threads.len(),
        "historyId": state.history.to_string(),
    })
    .into())
}
