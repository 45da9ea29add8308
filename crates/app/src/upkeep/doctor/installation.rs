//! Whether this database is the one, and who serves on it.

use super::Part;
use crate::{App, Result};
use valetkey_core::processes;

/// Looks at it.
pub(super) async fn look(app: &App) -> Result<Part> {
    let mut part = Part::of("installation");
    let quarantine = app.core.keyring.check_open();
    if let Err(error) = &quarantine {
        // Callers are not told why: it names the database, and where it was.
        let why = std::error::Error::source(error).map_or_else(|| error.message().to_owned(), ToString::to_string);
        part.problem(
            format!("in quarantine: {why}"),
            "see \"Backups and copies\" in docs/OPERATING.md before deciding",
        );
    }
    let (live, wraps) = (processes::live(&app.core).await?, app.core.keyring.wrapping_root().await?);
    for process in &live {
        if !process.roots.contains(&wraps) {
            let found = format!("the process {} lacks the root key {wraps}, which wraps new keys", process.id);
            part.problem(found, "give it the root keys that the others have");
        }
        if !process.admitted && quarantine.is_ok() {
            let found = format!("the process {} waits for another one to vouch for it", process.id);
            part.warning(found, "wait a few seconds; if it lasts, that process is in quarantine");
        }
    }
    part.checked("in use, not in quarantine");
    part.checked(match live.len() {
        0 => "no server runs".to_owned(),
        1 => "one server runs".to_owned(),
        several => format!("{several} servers run"),
    });
    Ok(part)
}
