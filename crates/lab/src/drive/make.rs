//! `files.create` and `files.copy`.

use super::find::{folder, root, seen};
use super::view;
use crate::api::call::Call;
use crate::api::error::ApiError;
use crate::api::outcome::Outcome;
use crate::drive_files::{DOCUMENTS, DriveFile};
use crate::state::State;
use crate::{cite, random};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use valetkey_domain::Timestamp;

const WRITTEN: [&str; 3] = ["name", "mimeType", "description"];
const UNPLAYED: [&str; 5] =
    ["ignoreDefaultVisibility", "includeLabels", "includePermissionsForView", "keepRevisionForever", "ocrLanguage"];

/// Makes a file, with what came beside the body in it.
pub(crate) fn create(state: &mut State, now: Timestamp, call: &Call) -> Outcome {
    call.refuse_unplayed(&UNPLAYED)?;
    let mut written = written(call)?;
    written.entry("name").or_insert_with(|| "Untitled".into());
    let (kind, content) = call.media.clone().unwrap_or_default();
    let unsaid = if kind.is_empty() { "application/octet-stream" } else { &kind };
    written.entry("mimeType").or_insert_with(|| unsaid.into());
    let into = written.get("mimeType").and_then(Value::as_str).unwrap_or_default();
    if into.starts_with(DOCUMENTS) && !content.is_empty() && !kind.starts_with("text/") {
        return Err(ApiError::invalid("Bad Request: the content cannot be converted.", cite::DRIVE_UPLOADS));
    }
    let parent = parent(state, call)?.unwrap_or_else(|| root(&call.caller.user));
    add(state, now, call, written, content, parent)
}

/// Copies a file; who may see the old one does not see the new one.
pub(crate) fn copy(state: &mut State, now: Timestamp, call: &Call) -> Outcome {
    call.refuse_unplayed(&UNPLAYED)?;
    let old = seen(state, call, call.path("fileId"))?.clone();
    if old.is_folder() {
        return Err(ApiError::forbidden(
            "cannotCopyFile",
            "This file cannot be copied by the user.",
            cite::DRIVE_ERRORS,
        ));
    }
    let mut written = old.written.clone();
    written.insert("name".to_owned(), format!("Copy of {}", old.text("name")).into());
    written.extend(self::written(call)?);
    let own = folder(state, call, &old.parent).unwrap_or_else(|_| root(&call.caller.user));
    let parent = parent(state, call)?.unwrap_or(own);
    add(state, now, call, written, old.content, parent)
}

fn add(
    state: &mut State,
    now: Timestamp,
    call: &Call,
    written: Map<String, Value>,
    content: Vec<u8>,
    parent: String,
) -> Outcome {
    let id = format!("1{}", random::base32hex()?);
    let file = DriveFile {
        id: id.clone(),
        owner: call.caller.user.clone(),
        made_by: Some(call.caller.client.clone()),
        written,
        parent,
        content,
        trashed: false,
        starred_by: BTreeSet::new(),
        created: now,
        modified: now,
        permissions: BTreeMap::new(),
        comments: Vec::new(),
    };
    let shown = view::shown(state, &file, call);
    state.drive.insert(id, file);
    Ok(shown.into())
}

/// What callers may write, as they gave it.
fn written(call: &Call) -> Result<Map<String, Value>, ApiError> {
    let members = call.members();
    if members.get("id").is_some() {
        return Err(ApiError::unplayed_parameter(&call.operation, "id"));
    }
    Ok(members.into_iter().filter(|(name, _)| WRITTEN.contains(&name.as_str())).collect())
}

/// The folder that the body names: exactly one, as a file lies in one place.
fn parent(state: &State, call: &Call) -> Result<Option<String>, ApiError> {
    let members = call.members();
    match members.get("parents").and_then(Value::as_array).map(Vec::as_slice) {
        None | Some([]) => Ok(None),
        Some([one]) => Ok(Some(folder(state, call, one.as_str().unwrap_or_default())?)),
        Some(_) => {
            let said = "A file cannot be created in multiple folders.";
            Err(ApiError::forbidden("multipleParentsNotSupported", said, cite::DRIVE_ERRORS))
        }
    }
}
