//! Who asks the provider of single sign-on at this moment, and what it said of itself some minutes ago.

use crate::in_flight::{End, InFlight};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Semaphore, SemaphorePermit};
use valetkey_domain::Timestamp;
use valetkey_outbound::oauth::AuthorizationServer;

/// How many codes are exchanged at once: anybody may bring one, good or bad.
pub(super) const AT_ONCE: usize = 32;

/// For how long what the provider says of itself is kept.
pub(super) const KEPT: Duration = Duration::from_secs(5 * 60);

/// What the provider says of itself; or, for those who waited, that it says nothing, in our words.
pub(super) type Said = Result<AuthorizationServer, String>;

/// Who asks the provider at this moment, and what it said.
pub(crate) struct Asking {
    seats: Semaphore,
    /// One question to the provider, which all wait for who need its answer.
    pub(super) fetched: InFlight<(), Said>,
    kept: Mutex<Option<(AuthorizationServer, Timestamp)>>,
}

impl Default for Asking {
    fn default() -> Self {
        Self { seats: Semaphore::new(AT_ONCE), fetched: InFlight::default(), kept: Mutex::default() }
    }
}

impl Asking {
    /// What the provider said of itself, if that is not too long ago.
    pub(super) fn kept(&self, now: Timestamp) -> Option<AuthorizationServer> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.as_ref().filter(|(_, until)| *until > now).map(|(server, _)| server.clone())
    }

    /// Keeps what it says.
    pub(super) fn keep(&self, server: &AuthorizationServer, now: Timestamp) {
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some((server.clone(), now + KEPT));
    }

    /// A turn to exchange a code, as soon as there is one; whoever came first has it first.
    pub(super) async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        self.seats.acquire().await.ok()
    }
}

impl End for Said {
    fn broken() -> Self {
        Err("asking it failed".into())
    }
}
