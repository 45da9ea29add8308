//! What this server knows of its database outside of it, kept in the data folder; and the beat with which it shows that
//! it is there.

use crate::data::Folder;
use crate::files::write_private;
use crate::roots::Source;
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;
use valetkey_app::App;
use valetkey_app::upkeep::installation::{self, BEAT, Mark, Standing};
use valetkey_app::upkeep::keys;
use valetkey_core::keyring::Root;
use valetkey_domain::{Clock, Rng};
use valetkey_storage::Store;

/// How often a newcomer looks whether another server has vouched for it.
const NEWCOMER: Duration = Duration::from_secs(1);

/// This run of the server, and where it keeps its mark. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Presence {
    inner: Arc<Mutex<installation::Presence>>,
    file: PathBuf,
}

impl Presence {
    /// Compares the database with the mark in the folder.
    ///
    /// # Errors
    /// The mark cannot be read or written, or the database cannot.
    pub(crate) async fn start(folder: &Folder, store: &Store, clock: &dyn Clock, rng: &dyn Rng) -> Result<Self> {
        let file = folder.mark();
        let mut mark = read(&file)?;
        if mark.is_none() {
            mark = installation::first_mark(store, clock, rng).await?;
            mark.iter().try_for_each(|mark| write(&file, mark))?;
        }
        let inner = installation::Presence::start(store, clock, rng, mark.as_ref()).await?;
        if let Standing::Admitted(mark) = inner.standing() {
            write(&file, mark)?;
        }
        Ok(Self { inner: Arc::new(Mutex::new(inner)), file })
    }

    /// Lets the keyring of this app open nothing while the database is in quarantine, and says so in the log.
    pub(crate) async fn govern(&self, app: &App) {
        let inner = self.inner.lock().await;
        inner.govern(app);
        if let Standing::Quarantined { why, .. } = inner.standing() {
            tracing::error!("in quarantine: {why}. Decide with `valetkey restore --takeover` or `--as-copy`");
        }
    }

    /// Keeps what the operator decided.
    ///
    /// # Errors
    /// The mark cannot be written.
    pub(crate) async fn admit(&self, mark: Mark) -> Result<()> {
        let mut inner = self.inner.lock().await;
        write(&self.file, &mark)?;
        inner.admit(mark);
        Ok(())
    }

    /// Shows every few seconds that this server is there, and reads its root keys again, until it stops.
    pub(crate) async fn beat(self, app: App, roots: Source, stop: CancellationToken) {
        loop {
            if let Err(why) = self.beat_once(&app, &roots).await {
                tracing::warn!(%why, "this server could not show that it is there");
            }
            let pause = if self.inner.lock().await.is_newcomer() { NEWCOMER } else { BEAT };
            tokio::select! {
                () = stop.cancelled() => break,
                () = tokio::time::sleep(pause) => {}
            }
        }
        if let Err(why) = self.inner.lock().await.leave(&app).await {
            tracing::debug!(%why, "this server's row stays until it is found to be old");
        }
    }

    async fn beat_once(&self, app: &App, roots: &Source) -> Result<()> {
        for key in roots.keys()? {
            keys::learn_root(app, Root::Key(key));
        }
        self.show(app).await
    }

    /// Shows that this process is there, with the root keys it has now.
    ///
    /// # Errors
    /// The database or the mark cannot be written.
    pub(crate) async fn show(&self, app: &App) -> Result<()> {
        let mut inner = self.inner.lock().await;
        if let Some(mark) = inner.beat(app).await? {
            write(&self.file, &mark)?;
        }
        Ok(())
    }
}

fn read(file: &Path) -> Result<Option<Mark>> {
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(why) if why.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(why) => return Err(why).with_context(|| format!("cannot read {}", file.display())),
    };
    let mark = serde_json::from_str(&text);
    mark.map(Some).with_context(|| {
        format!("{} is damaged: remove it, and the database is in quarantine until you decide", file.display())
    })
}

fn write(file: &Path, mark: &Mark) -> Result<()> {
    let text = serde_json::to_string(mark)?;
    write_private(file, &text).with_context(|| format!("cannot write {}", file.display()))
}
