//! `restore`: a backup into an empty database; then what is to become of it.

use super::ask;
use super::backend::Backend;
use super::reply::{Reply, one, said};
use crate::data::Folder;
use crate::flags::ServeFlags;
use crate::secrets::Secrets;
use crate::settings::Settings;
use anyhow::{Context, Result, bail};
use clap::{ArgGroup, Args};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use valetkey_app::upkeep::{installation, restore};
use valetkey_domain::Secret;
use valetkey_domain::ctx::Progress;
use valetkey_storage::Store;

/// What `restore` is asked.
#[derive(Args, Serialize, Deserialize)]
#[group(skip)]
#[command(group(ArgGroup::new("what").required(true).args(["file", "takeover", "as_copy"])))]
pub(crate) struct Flags {
    /// The backup to restore, into an empty database; it is in quarantine then, until you decide
    pub(super) file: Option<PathBuf>,
    /// Where to, if not where the settings say: a PostgreSQL URL or an SQLite file
    #[arg(long, requires = "file", value_name = "URL|FILE", value_parser = crate::flags::secret)]
    #[serde(skip)]
    database: Option<Arc<Secret<str>>>,
    /// This is now the one: end the quarantine. All instance URLs change
    #[arg(long)]
    takeover: bool,
    /// Keep the instance URLs: none was changed or revoked since the backup
    #[arg(long, requires = "takeover")]
    keep_urls: bool,
    /// Another one goes on: end the quarantine of a copy without any credential
    #[arg(long)]
    as_copy: bool,
    /// Print JSON instead of a table
    #[arg(long)]
    pub(super) json: bool,
}

/// Ends a quarantine.
///
/// # Errors
/// The use case's own, in its words.
pub(super) async fn decide(backend: &Backend, flags: &Flags) -> Result<Reply> {
    let progress = backend.progress.as_ref();
    let (mark, note) = if flags.as_copy {
        let mark = installation::as_copy(&backend.app, progress).await?;
        (mark, "This is a copy: no account is connected, OAuth clients have no secret, instance URLs are new.")
    } else {
        let mark = installation::take_over(&backend.app, flags.keep_urls, progress).await?;
        (mark, AFTER)
    };
    let row = json!({"installation": mark.installation, "epoch": mark.epoch});
    backend.presence.admit(mark).await?;
    Ok(Reply { note: Some(note.into()), ..one(row) })
}

const AFTER: &str = "This is now the one: never start the other again. What was deleted since the backup is back: look \
    through `valetkey client list` and `valetkey account list`, and delete it again.";

/// Fills the database that the settings or the flag name. No server may run on the data folder.
///
/// # Errors
/// One runs, there is no root key, or the use case's own.
pub(super) async fn fill(data: &Path, flags: Flags, secrets: Secrets, progress: &dyn Progress) -> Result<Reply> {
    let Some(path) = flags.file else { bail!("there is no file to restore") };
    if ask::runs(data).await {
        bail!("a server runs on {}: a backup goes into an empty database that nobody uses", data.display());
    }
    let from_flags = ServeFlags { database: flags.database, ..ServeFlags::from_environment()? };
    let settings = Settings::load(data, &from_flags, secrets)?;
    let Some(roots) = settings.roots.found()? else {
        bail!(
            "a backup opens with its root key only, and there is none at {}: bring it there",
            settings.roots.file.display()
        );
    };
    let file = File::open(&path).with_context(|| format!("cannot read {}", path.display()))?;
    Folder::open(data)?;
    let store = Store::open(&settings.database).await?;
    let done = restore::read(&store, &roots, BufReader::new(file), progress).await?;
    Ok(said(format!(
        "{} rows of the installation {} as of {} were restored. The database is in quarantine: start the server, and \
         decide with `valetkey restore --takeover` or `--as-copy`",
        done.rows, done.installation, done.created_at
    )))
}
