//! `files.update`, `files.delete` and `files.emptyTrash`.

use super::access::Role;
use super::find::{allowed, changed, folder, meant, seen};
use super::view;
use crate::api::call::Call;
use crate::api::error::ApiError;
use crate::api::outcome::{Answer, Outcome};
use crate::cite;
use crate::state::State;
use serde_json::Value;
use std::collections::BTreeSet;
use valetkey_domain::Timestamp;

const WRITTEN: [&str; 2] = ["name", "description"];

/// Changes what is given: names, the bin, the star, the folder, the content.
pub(crate) fn update(state: &mut State, now: Timestamp, call: &Call) -> Outcome {
    call.refuse_unplayed(&["includeLabels", "includePermissionsForView", "keepRevisionForever", "ocrLanguage"])?;
    let members = call.members();
    if members.keys().any(|name| ["id", "mimeType", "parents"].contains(&name.as_str())) {
        let said = "The resource body includes fields which are not directly writable.";
        return Err(ApiError::forbidden("fieldNotWritable", said, cite::DRIVE_ERRORS));
    }
    let file = seen(state, call, call.path("fileId"))?;
    // Everybody has stars of their own; for the rest one has to be allowed to write, for the bin to own it.
    let stars = members.get("starred").and_then(Value::as_bool);
    let bin = members.get("trashed").and_then(Value::as_bool);
    let more =
        members.len() > usize::from(stars.is_some()) || call.media.is_some() || call.query("addParents").is_some();
    let least = if bin.is_some() {
        Role::Owner
    } else if more {
        Role::Writer
    } else {
        Role::Reader
    };
    let id = allowed(state, call, &file.id, least)?;
    let parent = moved(state, call, &id)?;
    let email = call.caller.user.clone();
    let file = changed(state, &id)?;
    file.written.extend(members.into_iter().filter(|(name, _)| WRITTEN.contains(&name.as_str())));
    if let Some((_, content)) = &call.media {
        file.content.clone_from(content);
    }
    match stars {
        Some(true) => drop(file.starred_by.insert(email)),
        Some(false) => drop(file.starred_by.remove(&email)),
        None => {}
    }
    file.trashed = bin.unwrap_or(file.trashed);
    file.parent = parent.unwrap_or_else(|| file.parent.clone());
    if more {
        file.modified = now;
    }
    let file = seen(state, call, &id)?;
    Ok(view::shown(state, file, call).into())
}

/// The folder that it moves to. A file lies in one place: who names a new one names the old one too.
fn moved(state: &State, call: &Call, id: &str) -> Result<Option<String>, ApiError> {
    let Some(wanted) = call.query("addParents") else { return Ok(None) };
    let wanted = folder(state, call, wanted)?;
    let old = seen(state, call, id)?.parent.clone();
    let left = call.query("removeParents").map(|named| meant(&call.caller.user, named));
    if left.as_ref() != Some(&old) && wanted != old {
        let said = "Increasing the number of parents is not allowed.";
        return Err(ApiError::forbidden("cannotAddParent", said, cite::DRIVE_FOLDERS));
    }
    if wanted == id || below(state, id).contains(&wanted) {
        let said = "The requested parent creates a cycle in the folder hierarchy.";
        return Err(ApiError::forbidden("invalidParent", said, cite::DRIVE_FOLDERS));
    }
    Ok(Some(wanted))
}

/// Deletes a file, and a folder with all that lies in it.
pub(crate) fn delete(state: &mut State, _: Timestamp, call: &Call) -> Outcome {
    let id = allowed(state, call, call.path("fileId"), Role::Owner)?;
    for gone in below(state, &id) {
        state.drive.remove(&gone);
    }
    state.drive.remove(&id);
    Ok(Answer::default())
}

/// Deletes what is in the caller's bin.
pub(crate) fn empty_trash(state: &mut State, _: Timestamp, call: &Call) -> Outcome {
    let own = state.drive.values().filter(|file| file.trashed && file.owner.eq_ignore_ascii_case(&call.caller.user));
    let roots: Vec<String> = own.map(|file| file.id.clone()).collect();
    for id in roots {
        for gone in below(state, &id) {
            state.drive.remove(&gone);
        }
        state.drive.remove(&id);
    }
    Ok(Answer::default())
}

/// All that lies in a folder, at any depth.
fn below(state: &State, id: &str) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    let mut waiting = vec![id.to_owned()];
    while let Some(folder) = waiting.pop() {
        for file in state.drive.values().filter(|file| file.parent == folder) {
            if all.insert(file.id.clone()) {
                waiting.push(file.id.clone());
            }
        }
    }
    all
}
