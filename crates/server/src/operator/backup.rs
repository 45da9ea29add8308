//! `backup`: everything that the database holds into one file, while the server goes on.

use super::{Desk, Reply, one};
use anyhow::{Context, Result, bail};
use clap::Args;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::fs::{self, File, OpenOptions};
use std::io::BufWriter;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use valetkey_app::backup;

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

/// Writes the file: whole or not at all, for its owner alone.
///
/// # Errors
/// It is there already or cannot be written, or the use case's own.
pub(super) async fn perform(desk: &Desk, flags: Flags) -> Result<Reply> {
    let path = flags.file;
    if path.exists() {
        bail!("{} is there already: name another file", path.display());
    }
    let part = part_of(&path);
    let written = write(desk, &part).await;
    let rows = match written {
        Ok(rows) => rows,
        Err(why) => {
            drop(fs::remove_file(&part));
            return Err(why);
        }
    };
    fs::rename(&part, &path).with_context(|| format!("cannot write {}", path.display()))?;
    let bytes = fs::metadata(&path)?.len();
    let note = "It holds no root key: keep that elsewhere, for without it the backup opens nothing.";
    Ok(Reply { note: Some(note.into()), ..one(json!({"file": path, "rows": rows, "bytes": bytes})) })
}

async fn write(desk: &Desk, part: &Path) -> Result<u64> {
    let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(part);
    let file: File = file.with_context(|| format!("cannot write {}", part.display()))?;
    let rows = backup::write(&desk.app, BufWriter::new(&file), desk.progress.as_ref()).await?;
    file.sync_all().with_context(|| format!("cannot write {}", part.display()))?;
    Ok(rows)
}

fn part_of(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    path.with_file_name(name)
}
