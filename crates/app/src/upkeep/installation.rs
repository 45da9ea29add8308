//! Is this database the one? A copy or a restored backup must not be used beside the original: both would refresh the
//! same tokens, and what was revoked since would be back.
//!
//! The database has an id, and a number (the epoch) that counts up while a server runs on it. Outside of it, with the
//! server, lies a [`Mark`]: the id, the place where the database was (the file itself, or which database of which
//! cluster), and the epoch seen last. What disagrees is in quarantine until the operator decides. Where several servers
//! share a database, a newcomer without a mark is vouched for by one that serves on that very database: in a copy nobody
//! does.

mod decide;

pub use decide::{as_copy, take_over};

use crate::{App, Result};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use valetkey_core::processes::DEAD_AFTER;
use valetkey_domain::id::{InstallationId, ProcessId};
use valetkey_domain::{Clock, Rng, Timestamp};
use valetkey_storage::processes::{self, Process};
use valetkey_storage::{Store, data_keys, meta};

/// How often a process shows itself.
pub const BEAT: Duration = Duration::from_secs(5);

/// What a server keeps outside of the database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// The installation.
    pub installation: InstallationId,
    /// Where its database was.
    pub place: String,
    /// How far it had counted.
    pub epoch: i64,
}

/// How a server stands to its database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is the one; this mark is to be kept.
    Admitted(Mark),
    /// It may not be.
    Quarantined {
        /// Why, for the operator.
        why: String,
        /// Whether another server may vouch for it.
        newcomer: bool,
    },
}

/// This run of the server.
#[derive(Debug)]
pub struct Presence {
    id: ProcessId,
    started_at: Timestamp,
    standing: Standing,
}

/// A mark for a database that has no id yet; none if it has one. It is to be kept before [`Presence::start`] writes the
/// id into the database, so that a crash between the two leaves nothing that looks like a copy.
///
/// # Errors
/// The database cannot be read.
pub async fn first_mark(store: &Store, clock: &dyn Clock, rng: &dyn Rng) -> Result<Option<Mark>> {
    if meta::get(&mut store.read().await?, meta::INSTALLATION).await?.is_some() {
        return Ok(None);
    }
    Ok(Some(Mark { installation: InstallationId::new(clock, rng), place: store.identity().await?, epoch: 0 }))
}

impl Presence {
    /// Compares the database with the mark kept outside of it.
    ///
    /// # Errors
    /// The database cannot be read or written.
    pub async fn start(store: &Store, clock: &dyn Clock, rng: &dyn Rng, mark: Option<&Mark>) -> Result<Self> {
        let place = store.identity().await?;
        let mut tx = store.write().await?;
        tx.alone("installation").await?;
        if store.is_exclusive() {
            processes::clear(&mut tx).await?;
        }
        let restored = meta::get(&mut tx, meta::QUARANTINE).await?;
        let stored = meta::get(&mut tx, meta::INSTALLATION).await?;
        let epoch = meta::number(&mut tx, meta::EPOCH).await?;
        let used = data_keys::any(&mut tx).await?;
        let standing = match (restored, doubt(stored.as_deref(), used, epoch, &place, mark)) {
            (Some(why), _) => Standing::Quarantined { why, newcomer: false },
            (None, Some((why, newcomer))) => Standing::Quarantined { why, newcomer },
            (None, None) => {
                let ours = mark.map_or_else(|| InstallationId::new(clock, rng), |mark| mark.installation.clone());
                let installation = meta::ensure(&mut tx, meta::INSTALLATION, ours.as_str()).await?.try_into()?;
                let epoch = meta::count_up(&mut tx, meta::EPOCH).await?;
                Standing::Admitted(Mark { installation, place, epoch })
            }
        };
        tx.commit().await?;
        let id = ProcessId::new(clock, rng);
        store.add_process(&id).await?;
        Ok(Self { id, started_at: clock.now(), standing })
    }

    /// Whether it waits for another server to vouch for it.
    #[must_use]
    pub fn is_newcomer(&self) -> bool {
        matches!(self.standing, Standing::Quarantined { newcomer: true, .. })
    }

    /// How it stands now.
    #[must_use]
    pub fn standing(&self) -> &Standing {
        &self.standing
    }

    /// Lets the keyring open nothing while the database is in quarantine.
    pub fn govern(&self, app: &App) {
        match &self.standing {
            Standing::Admitted(_) => app.core.keyring.reopen(),
            Standing::Quarantined { why, .. } => app.core.keyring.close(why),
        }
    }

    /// Takes what the operator decided.
    pub fn admit(&mut self, mark: Mark) {
        self.standing = Standing::Admitted(mark);
    }

    /// Shows that this process is there; one that is admitted counts on, vouches for newcomers and gives the mark to
    /// keep. A newcomer that was vouched for is admitted by this.
    ///
    /// # Errors
    /// The database cannot be read or written.
    pub async fn beat(&mut self, app: &App) -> Result<Option<Mark>> {
        let now = app.core.now();
        let place = app.core.store.identity().await?;
        let mut tx = app.core.store.write().await?;
        let admitted = matches!(self.standing, Standing::Admitted(_));
        let (id, roots) = (self.id.clone(), app.core.keyring.roots());
        let process = Process { id, roots, admitted, started_at: self.started_at, seen_at: now };
        processes::show(&mut tx, &process).await?;
        let vouched_for = self.is_newcomer() && processes::admitted(&mut tx, &self.id).await?;
        let mark = if admitted || vouched_for { Some(count(&mut tx, place).await?) } else { None };
        if admitted {
            processes::admit_live(&mut tx, now - DEAD_AFTER).await?;
        }
        tx.commit().await?;
        if let Some(mark) = &mark {
            self.standing = Standing::Admitted(mark.clone());
        }
        self.govern(app);
        app.core.keyring.look_again().await?;
        Ok(mark)
    }

    /// Says that this process ends.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn leave(&self, app: &App) -> Result<()> {
        let before = app.core.now() - 10 * DEAD_AFTER;
        let mut tx = app.core.store.write().await?;
        processes::leave(&mut tx, &self.id, before).await?;
        Ok(tx.commit().await?)
    }
}

/// Whether this process is the only one that can have the database open.
#[must_use]
pub fn is_alone(app: &App) -> bool {
    app.core.store.is_exclusive()
}

/// Counts on, so that whatever copy of the database was made until now is behind. A backup does this when it is done.
pub(crate) async fn move_on(app: &App) -> Result<()> {
    let mut tx = app.core.store.write().await?;
    meta::count_up(&mut tx, meta::EPOCH).await?;
    Ok(tx.commit().await?)
}

async fn count(tx: &mut valetkey_storage::Tx, place: String) -> Result<Mark> {
    let installation = meta::get(tx, meta::INSTALLATION).await?;
    let installation =
        installation.ok_or_else(|| crate::Error::internal("the database has lost its id"))?.try_into()?;
    Ok(Mark { installation, place, epoch: meta::count_up(tx, meta::EPOCH).await? })
}

/// Why the database may not be the one, and whether the server is only new to it.
fn doubt(stored: Option<&str>, used: bool, epoch: i64, place: &str, mark: Option<&Mark>) -> Option<(String, bool)> {
    let Some(stored) = stored else {
        // Nobody has named it yet: it is new, or older than such names, unless the mark says that it had one.
        let had = mark.filter(|mark| used && mark.epoch > 0);
        return had.map(|mark| (format!("its database has lost the installation id {}", mark.installation), false));
    };
    let Some(mark) = mark else {
        let why = format!("the database is of the installation {stored}, which this data folder does not know");
        return Some((why, true));
    };
    if mark.installation.as_str() != stored && mark.epoch == 0 {
        // Another server named the database first, between this one's mark and its start.
        return Some((format!("another server has just named its database {stored}"), true));
    }
    if mark.installation.as_str() != stored {
        let why = format!("the database is of the installation {stored}, this data folder of {}", mark.installation);
        return Some((why, false));
    }
    if mark.place != place {
        let why = format!("the database is a copy or was moved (it was {}, this is {place})", mark.place);
        return Some((why, false));
    }
    let behind = epoch < mark.epoch;
    behind.then(|| {
        (
            format!("the database was put back to an earlier state (it had counted to {}, now {epoch})", mark.epoch),
            false,
        )
    })
}

#[cfg(test)]
mod tests;
