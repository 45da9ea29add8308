//! `files.get` and `files.list`.

use super::access::{reached, role};
use super::find::{caller, meant, root, seen};
use super::{content, order, query, view};
use crate::api::call::Call;
use crate::api::error::ApiError;
use crate::api::outcome::Outcome;
use crate::cite;
use crate::drive_files::FOLDER;
use crate::json::put;
use crate::state::State;
use serde_json::{Value, json};
use valetkey_domain::Timestamp;

/// One file, or what is in it.
pub(crate) fn get(state: &State, _: Timestamp, call: &Call) -> Outcome {
    call.refuse_unplayed(&["acknowledgeAbuse", "includeLabels", "includePermissionsForView"])?;
    let id = meant(&call.caller.user, call.path("fileId"));
    if id == root(&call.caller.user) {
        let top = json!({"kind": "drive#file", "id": id, "name": "My Drive", "mimeType": FOLDER});
        return Ok(top.into());
    }
    let file = seen(state, call, &id)?;
    if call.query("alt") == Some("media") {
        return content::download(file, call);
    }
    Ok(view::shown(state, file, call).into())
}

/// Those that a query finds. The page token is the number of the first one.
pub(crate) fn list(state: &State, _: Timestamp, call: &Call) -> Outcome {
    call.refuse_unplayed(&["driveId", "corpus", "teamDriveId", "includeLabels", "includePermissionsForView"])?;
    if call.flag("includeItemsFromAllDrives") && !call.flag("supportsAllDrives") {
        let said = "The parameter includeItemsFromAllDrives is only valid with supportsAllDrives.";
        return Err(ApiError::invalid(said, cite::reference(&call.operation)).at("includeItemsFromAllDrives"));
    }
    let user = caller(state, call)?;
    let wanted = query::read(call.query("q").unwrap_or_default())?;
    let may = state.drive.values().filter(|file| reached(file, call) && role(state, file, &user.email).is_some());
    let mut found: Vec<_> = may.filter(|file| wanted.fits(file, &user.email)).collect();
    order::sort(&mut found, call.query("orderBy"))?;
    let from = match call.query("pageToken") {
        Some(token) => token.parse::<usize>().map_err(|_| invalid_page())?,
        None => 0,
    };
    let size = call.page_size("pageSize", 100, 1_000);
    let page: Vec<Value> = found.iter().skip(from).take(size).map(|file| view::shown(state, file, call)).collect();
    let mut answer = json!({"kind": "drive#fileList", "incompleteSearch": false, "files": page});
    let next = from.saturating_add(size);
    if next < found.len() {
        put(&mut answer, "nextPageToken", next.to_string());
    }
    Ok(answer.into())
}

fn invalid_page() -> ApiError {
    ApiError::calendar("invalid", "Invalid Value", cite::DRIVE_ERRORS).at("pageToken")
}
