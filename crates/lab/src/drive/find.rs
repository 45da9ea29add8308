//! The file that a path names, and what the caller may do with it.

use super::access::{Role, known, reached, role};
use crate::api::call::Call;
use crate::api::error::ApiError;
use crate::cite;
use crate::drive_files::DriveFile;
use crate::random;
use crate::state::{State, User};

/// Who calls.
pub(super) fn caller<'a>(state: &'a State, call: &Call) -> Result<&'a User, ApiError> {
    state.user(&call.caller.user).ok_or_else(ApiError::bad_credentials)
}

/// The id of somebody's top folder: it stays with the address.
pub(crate) fn root(email: &str) -> String {
    format!("0A{}", random::digest(&format!("drive {}", email.to_lowercase())).get(..17).unwrap_or_default())
}

/// The id that a caller means: `root` is their own top folder.
pub(super) fn meant(email: &str, named: &str) -> String {
    if named == "root" { root(email) } else { named.to_owned() }
}

/// A file that the caller may know of.
pub(super) fn seen<'a>(state: &'a State, call: &Call, named: &str) -> Result<&'a DriveFile, ApiError> {
    let file = state.drive.get(named).filter(|file| known(file, call));
    let file = file.filter(|file| role(state, file, &call.caller.user).is_some()).ok_or_else(|| missing(named))?;
    if reached(file, call) {
        return Ok(file);
    }
    // It may be looked at with another scope than the one that this call goes by.
    let said = format!("The user has not granted the app {} write access to the file {named}.", call.caller.client);
    Err(ApiError::forbidden("appNotAuthorizedToFile", said, cite::DRIVE_ERRORS))
}

/// The id of a file that the caller may know of, and with which they may do this.
pub(super) fn allowed(state: &State, call: &Call, named: &str, least: Role) -> Result<String, ApiError> {
    let file = seen(state, call, named)?;
    if role(state, file, &call.caller.user) >= Some(least) {
        return Ok(file.id.clone());
    }
    let said = "The user does not have sufficient permissions for this file.";
    Err(ApiError::forbidden("insufficientFilePermissions", said, cite::DRIVE_ERRORS))
}

/// The same, to be changed.
pub(super) fn changed<'a>(state: &'a mut State, id: &str) -> Result<&'a mut DriveFile, ApiError> {
    state.drive.get_mut(id).ok_or_else(|| missing(id))
}

/// A folder into which the caller may put something.
pub(super) fn folder(state: &State, call: &Call, named: &str) -> Result<String, ApiError> {
    let id = meant(&call.caller.user, named);
    if id == root(&call.caller.user) {
        return Ok(id);
    }
    let id = allowed(state, call, &id, Role::Writer)?;
    if state.drive.get(&id).is_some_and(DriveFile::is_folder) {
        return Ok(id);
    }
    Err(ApiError::forbidden("parentNotAFolder", "The specified parent is not a folder.", cite::DRIVE_ERRORS))
}

pub(super) fn missing(named: &str) -> ApiError {
    ApiError::not_found(format!("File not found: {named}."), cite::DRIVE_ERRORS).at("fileId")
}
