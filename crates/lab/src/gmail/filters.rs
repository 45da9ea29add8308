//! `users.settings.filters`: kept and checked as Gmail does, not applied to what is delivered.

use super::{labels, mailbox, missing, owned};
use crate::api::call::Call;
use crate::api::error::ApiError;
use crate::api::outcome::{Answer, Outcome};
use crate::state::State;
use crate::{cite, random};
use serde_json::{Value, json};
use valetkey_domain::Timestamp;

/// All filters; without any, Gmail's answer is empty.
pub(crate) fn list(state: &State, _: Timestamp, call: &Call) -> Outcome {
    let filters: Vec<&Value> = mailbox(state, call)?.mailbox.filters.values().collect();
    Ok(if filters.is_empty() { json!({}) } else { json!({"filter": filters}) }.into())
}

/// One filter.
pub(crate) fn get(state: &State, _: Timestamp, call: &Call) -> Outcome {
    let found = mailbox(state, call)?.mailbox.filters.get(call.path("id"));
    Ok(found.cloned().ok_or_else(missing)?.into())
}

/// Makes a filter.
pub(crate) fn create(state: &mut State, _: Timestamp, call: &Call) -> Outcome {
    let user = mailbox(state, call)?;
    let body = call.members();
    let part = |name: &str| body.get(name).cloned().unwrap_or_else(|| json!({}));
    let (criteria, action) = (part("criteria"), part("action"));
    let refused = |said: &str| ApiError::invalid(said, cite::GMAIL_FILTERS);
    if criteria.as_object().is_none_or(serde_json::Map::is_empty) {
        return Err(refused("Filter doesn't have any criteria"));
    }
    if action.as_object().is_none_or(serde_json::Map::is_empty) {
        return Err(refused("Filter doesn't have any actions"));
    }
    let listed = |name: &str| action.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    let named: Vec<Value> = listed("addLabelIds").into_iter().chain(listed("removeLabelIds")).collect();
    let known = |label: &Value| label.as_str().is_some_and(|label| labels::exists(user, label));
    if !named.iter().all(known) {
        return Err(refused("Invalid label id in filter action"));
    }
    if action.get("forward").is_some() {
        return Err(refused("Unrecognized forwarding address"));
    }
    let same = |known: &Value| known.get("criteria") == Some(&criteria) && known.get("action") == Some(&action);
    if user.mailbox.filters.values().any(same) {
        return Err(refused("Filter already exists"));
    }
    let id = format!("ANe1Bm{}", random::hex16()?);
    let filter = json!({"id": id, "criteria": criteria, "action": action});
    owned(state, call)?.mailbox.filters.insert(id, filter.clone());
    Ok(filter.into())
}

/// Deletes a filter.
pub(crate) fn delete(state: &mut State, _: Timestamp, call: &Call) -> Outcome {
    let gone = owned(state, call)?.mailbox.filters.remove(call.path("id"));
    gone.map(|_| Answer::default()).ok_or_else(missing)
}
