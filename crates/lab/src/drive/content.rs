//! What is in a file: as it is, or exported.

use super::find::seen;
use crate::api::call::Call;
use crate::api::error::ApiError;
use crate::api::outcome::{Answer, Outcome};
use crate::cite;
use crate::drive_files::DriveFile;
use crate::state::State;
use valetkey_domain::Timestamp;

/// What the lab exports its documents as: they hold text. Google has more.
const EXPORTS: [&str; 4] = ["text/plain", "text/markdown", "text/csv", "text/html"];

/// The bytes of a file that is no document of Google's.
pub(super) fn download(file: &DriveFile, call: &Call) -> Outcome {
    const READS: [&str; 3] = ["drive", "drive.readonly", "drive.file"];
    let may =
        READS.iter().any(|scope| call.caller.scopes.contains(&format!("https://www.googleapis.com/auth/{scope}")));
    if !may {
        return Err(ApiError::forbidden("insufficientPermissions", "Insufficient Permission", cite::DRIVE_SCOPES));
    }
    if file.is_folder() || file.is_document() {
        let said = "Only files with binary content can be downloaded. Use Export with Docs Editors files.";
        return Err(ApiError::forbidden("fileNotDownloadable", said, cite::DRIVE_DOWNLOADS).at("alt"));
    }
    Ok(Answer::file(file.text("mimeType"), file.content.clone()))
}

/// A document of Google's as something else.
pub(crate) fn export(state: &State, _: Timestamp, call: &Call) -> Outcome {
    let file = seen(state, call, call.path("fileId"))?;
    if !file.is_document() {
        let said = "Export only supports Docs Editors files.";
        return Err(ApiError::forbidden("fileNotExportable", said, cite::DRIVE_DOWNLOADS));
    }
    let wanted = call.query("mimeType").unwrap_or_default();
    if !EXPORTS.contains(&wanted) {
        let said = "The requested conversion is not supported.";
        return Err(ApiError::invalid(said, cite::DRIVE_DOWNLOADS).at("mimeType"));
    }
    Ok(Answer::file(wanted, file.content.clone()))
}
