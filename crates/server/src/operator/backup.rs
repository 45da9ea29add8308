//! `backup`: everything that the database holds into one file, while the server goes on.

use super::backend::Backend;
use super::reply::{Reply, one};
use crate::files;
use anyhow::{Context, Result, bail};
use clap::Args;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::io::BufWriter;
use std::path::PathBuf;
use valetkey_app::upkeep::backup;

/// What `backup` is asked.
#[derive(Args, Serialize, Deserialize)]
pub(crate) struct Flags {
    /// The file to write; it must not be there yet
    file: PathBuf,
    /// Print JSON instead of a table
    #[arg(long)]
    pub(super) json: bool,
}

impl Flags {
    /// Makes the path one that the server understands too, wherever it was started.
    pub(super) fn make_absolute(&mut self) -> Result<()> {
        self.file = std::path::absolute(&self.file)?;
        Ok(())
    }
}

/// Writes the file: whole or not at all, for its owner alone, and only where nothing is yet, not even a link.
///
/// # Errors
/// Something is there already or the file cannot be written, or the use case's own.
pub(super) async fn perform(backend: &Backend, flags: Flags) -> Result<Reply> {
    let path = flags.file;
    if path.symlink_metadata().is_ok() {
        bail!("{} is there already: name another file", path.display());
    }
    let cannot = || format!("cannot write {}", path.display());
    let file = files::begin(&path).with_context(cannot)?;
    let to = BufWriter::new(file.as_file().try_clone().with_context(cannot)?);
    let place = || files::place_new(file, &path);
    let rows = backup::write(&backend.app, to, backend.progress.as_ref(), place).await?;
    let bytes = path.metadata().with_context(cannot)?.len();
    let note = "It holds no root key: keep that elsewhere, for without it the backup opens nothing.";
    Ok(Reply { note: Some(note.into()), ..one(json!({"file": path, "rows": rows, "bytes": bytes})) })
}
