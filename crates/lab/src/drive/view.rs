//! How a file is shown.

use super::access::{Role, role};
use crate::api::call::Call;
use crate::drive_files::DriveFile;
use crate::json::put;
use crate::state::State;
use serde_json::{Value, json};

/// What Google shows of a file where the caller names no members.
const SHORT: [&str; 4] = ["kind", "id", "name", "mimeType"];

/// A file as the caller sees it.
pub(super) fn shown(state: &State, file: &DriveFile, call: &Call) -> Value {
    let whole = whole(state, file, &call.caller.user);
    if call.query("fields").is_some() { whole } else { short(whole) }
}

/// The few members that are shown where nobody names others.
pub(super) fn short(whole: Value) -> Value {
    match whole {
        Value::Object(members) => {
            Value::Object(members.into_iter().filter(|(name, _)| SHORT.contains(&name.as_str())).collect())
        }
        other => other,
    }
}

/// All that the lab knows of it.
pub(super) fn whole(state: &State, file: &DriveFile, email: &str) -> Value {
    let mine = file.owner.eq_ignore_ascii_case(email);
    let may = role(state, file, email);
    let mut shown = Value::Object(file.written.clone());
    put(&mut shown, "kind", "drive#file");
    put(&mut shown, "id", file.id.as_str());
    put(&mut shown, "owners", json!([person(state, &file.owner, email)]));
    put(&mut shown, "ownedByMe", mine);
    put(&mut shown, "trashed", file.trashed);
    put(&mut shown, "explicitlyTrashed", file.trashed);
    put(&mut shown, "starred", file.starred_by.contains(email));
    put(&mut shown, "shared", !file.permissions.is_empty());
    put(&mut shown, "createdTime", file.created.to_string());
    put(&mut shown, "modifiedTime", file.modified.to_string());
    put(&mut shown, "webViewLink", format!("https://drive.lab.example/file/d/{}/view", file.id));
    put(
        &mut shown,
        "capabilities",
        json!({"canEdit": may >= Some(Role::Writer), "canComment": may >= Some(Role::Commenter)}),
    );
    // Who was given a file alone does not see where it lies.
    if mine || state.drive.get(&file.parent).is_some_and(|above| role(state, above, email).is_some()) {
        put(&mut shown, "parents", json!([file.parent]));
    }
    if !file.is_folder() && !file.is_document() {
        put(&mut shown, "size", file.content.len().to_string());
    }
    shown
}

/// Somebody as files and comments show them.
pub(super) fn person(state: &State, email: &str, viewer: &str) -> Value {
    let name = state.user(email).map_or(email, |user| user.name.as_str());
    json!({"kind": "drive#user", "displayName": name, "emailAddress": email, "me": email.eq_ignore_ascii_case(viewer)})
}
