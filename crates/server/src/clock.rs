//! The time of the database. Processes on different machines decide by it when a lease, a link or a token ends; their
//! own clocks may be minutes apart.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};
use tokio_util::task::AbortOnDropHandle;
use tokio_util::task::TaskTracker;
use valetkey_domain::{Clock, Timestamp};
use valetkey_storage::{Error, Store};

/// How often the database is asked.
const EVERY: Duration = Duration::from_secs(1);

/// After this long without an answer nothing is decided by this clock.
const STALE: Duration = Duration::from_secs(5);

/// An answer that took longer says too little about when it was given.
const SLOW: Duration = Duration::from_secs(1);

/// A clock that shows the database's time: what it said last, and what has passed since by this machine's monotonic
/// clock, which nobody sets.
pub(crate) struct DatabaseClock {
    store: Store,
    heard: RwLock<Heard>,
}

#[derive(Clone, Copy)]
struct Heard {
    said: Timestamp,
    at: Instant,
}

impl DatabaseClock {
    /// The clock of a store's database; none if the store is a file, which goes by the clock of its one process.
    ///
    /// # Errors
    /// The database is not reached.
    pub(crate) async fn of(store: &Store) -> Result<Option<Arc<Self>>, Error> {
        let Some(heard) = ask(store).await? else { return Ok(None) };
        Ok(Some(Arc::new(Self { store: store.clone(), heard: RwLock::new(heard) })))
    }

    /// Asks every second, until the handle is dropped.
    pub(crate) fn follow(self: Arc<Self>) -> AbortOnDropHandle<()> {
        AbortOnDropHandle::new(TaskTracker::new().spawn(async move {
            loop {
                tokio::time::sleep(EVERY).await;
                self.hear().await;
            }
        }))
    }

    async fn hear(&self) {
        let sure = self.sure();
        match ask(&self.store).await {
            Ok(Some(heard)) if heard.at.elapsed() < SLOW => {
                *self.heard.write().unwrap_or_else(PoisonError::into_inner) = heard;
                if !sure {
                    tracing::info!("the database's clock is heard again");
                }
            }
            Err(error) if sure => tracing::warn!(%error, "the database's clock is not heard"),
            _ => {}
        }
    }

    fn heard(&self) -> Heard {
        *self.heard.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for DatabaseClock {
    fn now(&self) -> Timestamp {
        let heard = self.heard();
        heard.said + heard.at.elapsed()
    }

    fn sure(&self) -> bool {
        self.heard().at.elapsed() < STALE
    }
}

/// What the database says, taken to be said halfway between question and answer.
async fn ask(store: &Store) -> Result<Option<Heard>, Error> {
    let asked = Instant::now();
    let said = store.now().await?;
    Ok(said.map(|said| Heard { said, at: asked + asked.elapsed() / 2 }))
}
