//! What comments and replies have in common: they are shown alike, and only with members that somebody names.

use super::view::person;
use crate::api::call::Call;
use crate::api::error::ApiError;
use crate::drive_files::Said;
use crate::state::State;
use crate::{cite, random};
use serde_json::{Value, json};
use valetkey_domain::Timestamp;

/// Google refuses these methods where the caller names no members.
pub(super) fn need_fields(call: &Call) -> Result<(), ApiError> {
    if call.query("fields").is_some() {
        return Ok(());
    }
    let said = "The 'fields' parameter is required for this method.";
    Err(ApiError::calendar("required", said, cite::DRIVE_FIELDS).at("fields"))
}

/// Words of somebody's.
pub(super) fn new(call: &Call, now: Timestamp, content: String) -> Result<Said, ApiError> {
    let id = format!("AAAA{}", random::hex16()?);
    Ok(Said { id, author: call.caller.user.clone(), content, created: now, modified: now, deleted: false })
}

/// Other words; only who said something changes it.
pub(super) fn reworded(said: &mut Said, call: &Call, now: Timestamp) -> Result<(), ApiError> {
    own(said, call)?;
    said.content = content(call).unwrap_or_default();
    said.modified = now;
    Ok(())
}

/// # Errors
/// Somebody else said it.
pub(super) fn own(said: &Said, call: &Call) -> Result<(), ApiError> {
    if said.author == call.caller.user {
        return Ok(());
    }
    let message = "The user does not have sufficient permissions for this file.";
    Err(ApiError::forbidden("insufficientFilePermissions", message, cite::DRIVE_ERRORS))
}

/// What the body says.
pub(super) fn content(call: &Call) -> Option<String> {
    call.members().get("content").and_then(Value::as_str).map(str::to_owned)
}

/// What was said, as somebody sees it. Of what was deleted the words are gone.
pub(super) fn shown(state: &State, said: &Said, kind: &str, call: &Call) -> Value {
    let mut shown = json!({
        "kind": kind, "id": said.id, "deleted": said.deleted,
        "author": person(state, &said.author, &call.caller.user),
        "createdTime": said.created.to_string(), "modifiedTime": said.modified.to_string(),
    });
    if !said.deleted {
        crate::json::put(&mut shown, "content", said.content.as_str());
        crate::json::put(&mut shown, "htmlContent", said.content.as_str());
    }
    shown
}

pub(super) fn missing(what: &str, named: &str) -> ApiError {
    ApiError::not_found(format!("{what} not found: {named}."), cite::DRIVE_COMMENTS)
}
