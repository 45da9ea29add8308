//! What a process keeps in memory about finding out: what is under way, and what failed a moment ago.

use super::ending::DiscoveryEnd;
use crate::in_flight::InFlight;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use valetkey_domain::connection::Connection;
use valetkey_domain::id::ConnectionId;
use valetkey_domain::{Kind, Timestamp};

/// How long a failure stands where what was found before serves meanwhile.
const WITH_SOMETHING: Duration = Duration::from_secs(5 * 60);
/// How long where nobody can sign in until it is found out: long enough that a crowd asks once.
const WITH_NOTHING: Duration = Duration::from_secs(10);

/// What this process knows about finding out: what is under way, and what failed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Discoveries {
    pub(super) in_flight: InFlight<ConnectionId, DiscoveryEnd>,
    failed: Arc<Mutex<HashMap<ConnectionId, Failure>>>,
    /// How often it was seen that another process is at it.
    #[cfg(test)]
    pub(crate) waited: Arc<std::sync::atomic::AtomicUsize>,
}

/// A failure that stands for a while.
#[derive(Debug)]
struct Failure {
    /// The revision that the connection had: one that was changed is asked anew.
    revision: i64,
    until: Timestamp,
    kind: Kind,
    message: String,
}

impl Discoveries {
    /// Notes how finding out for the connection failed.
    pub(super) fn note(&self, connection: &Connection, (kind, message): (Kind, &str), now: Timestamp) {
        let stands = if connection.settings.found.is_some() { WITH_SOMETHING } else { WITH_NOTHING };
        let (revision, until, message) = (connection.revision, now + stands, message.to_owned());
        let mut all = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, failure| failure.until > now);
        all.insert(connection.id.clone(), Failure { revision, until, kind, message });
    }

    /// How it failed a moment ago, if that still stands.
    pub(super) fn failed(&self, connection: &Connection, now: Timestamp) -> Option<DiscoveryEnd> {
        let all = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        let failure = all.get(&connection.id)?;
        let stands = failure.until > now && failure.revision == connection.revision;
        stands.then(|| DiscoveryEnd::Failed(failure.kind, failure.message.clone()))
    }
}
