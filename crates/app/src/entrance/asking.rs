//! Who asks OpenID providers at this moment, and what they said of themselves some minutes ago.

use crate::in_flight::{End, InFlight};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Semaphore, SemaphorePermit};
use url::Url;
use valetkey_domain::Timestamp;
use valetkey_outbound::oauth::AuthorizationServer;

/// How many codes are exchanged at once: anybody may bring one, good or bad.
pub(super) const AT_ONCE: usize = 32;

/// For how long what the provider says of itself is kept.
pub(super) const KEPT: Duration = Duration::from_secs(5 * 60);

/// What the provider says of itself; or, for those who waited, that it says nothing, in our words.
pub(super) type Said = Result<AuthorizationServer, String>;

/// Who asks the providers at this moment, and what they said: as many as the settings name.
pub(crate) struct Asking {
    seats: Semaphore,
    /// One question to the provider, which all wait for who need its answer.
    pub(super) fetched: InFlight<Url, Said>,
    kept: Mutex<HashMap<Url, (AuthorizationServer, Timestamp)>>,
}

impl Default for Asking {
    fn default() -> Self {
        Self { seats: Semaphore::new(AT_ONCE), fetched: InFlight::default(), kept: Mutex::default() }
    }
}

impl Asking {
    /// What a provider said of itself, if that is not too long ago.
    pub(super) fn kept(&self, issuer: &Url, now: Timestamp) -> Option<AuthorizationServer> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(issuer).filter(|(_, until)| *until > now).map(|(server, _)| server.clone())
    }

    /// Keeps what it says.
    pub(super) fn keep(&self, issuer: &Url, server: &AuthorizationServer, now: Timestamp) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.insert(issuer.clone(), (server.clone(), now + KEPT));
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
