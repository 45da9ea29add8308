//! `users.messages.import` and `users.messages.insert`: a message is filed, nothing is sent.

use super::{labels, mailbox, mime, owned, send};
use crate::api::call::Call;
use crate::api::outcome::Outcome;
use crate::state::State;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use valetkey_domain::Timestamp;

/// Google takes the Date header for an imported message unless told otherwise, the time of the call for an inserted one.
pub(crate) fn file(state: &mut State, now: Timestamp, call: &Call) -> Outcome {
    call.refuse_unplayed_value("deleted", "true")?;
    let body = call.members();
    let listed = body.get("labelIds").and_then(Value::as_array);
    let wanted: BTreeSet<String> = listed.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
    labels::usable(mailbox(state, call)?, &wanted.iter().cloned().collect::<Vec<_>>())?;
    let filed = send::keep(state, now, call, &body, wanted)?;
    let default = if call.operation.ends_with("import") { "dateHeader" } else { "receivedTime" };
    if call.query("internalDateSource").unwrap_or(default) == "dateHeader" {
        let written = mime::parse(&filed.raw).date().map(mail_parser::DateTime::to_timestamp);
        let user = owned(state, call)?;
        let mail = user.mail.iter_mut().find(|mail| mail.id == filed.id);
        if let (Some(mail), Some(written)) = (mail, written.and_then(|at| Timestamp::from_second(at).ok())) {
            mail.at = written;
        }
    }
    Ok(json!({"id": filed.id, "threadId": filed.thread, "labelIds": filed.labels}).into())
}
