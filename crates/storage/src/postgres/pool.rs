//! Connections kept open: how many, under which limits, and which of them are trusted to be still there.

use super::failure;
use super::link::{ACQUIRE, Opener, PooledLink};
use super::options::Target;
use super::statement::DbFuture;
use super::trust::Trust;
use crate::Error;
use crate::turns::Turns;
use deadpool::Runtime;
use deadpool::managed::{QueueMode, Timeouts};
use std::sync::Arc;
use std::time::Duration;

/// Connections that callers share.
pub(super) const SHARED: usize = 16;

/// How many of the shared ones read what takes long, at most.
pub(super) const LONG: usize = 4;

/// Connections that are kept for what all callers wait for, for outcomes which exist nowhere else yet, and for the
/// time. They are opened before they are needed: when the server has no connection left to give, it is too late.
pub(super) const RESERVED: usize = 4;

/// A connection that nobody needed for this long is closed, unless it is reserved.
const UNUSED: Duration = Duration::from_secs(10 * 60);

/// Limits that hold on every connection. A warning of the server's would only repeat what an error said.
macro_rules! limits {
    () => {
        "SET statement_timeout = '5s'; SET lock_timeout = '2s'; SET client_min_messages = error;
         SET idle_in_transaction_session_timeout = '10s';"
    };
}

/// On a shared connection a write says so itself; whatever forgets to is refused by the server.
const SHARED_SETTINGS: &str =
    concat!(limits!(), "SET default_transaction_isolation = 'repeatable read'; SET default_transaction_read_only = on");

/// On a reserved one a statement may be a write by itself, without a transaction around it.
const RESERVED_SETTINGS: &str =
    concat!(limits!(), "SET default_transaction_isolation = 'read committed'; SET default_transaction_read_only = off");

/// Connections to lend.
#[derive(Clone)]
pub(super) struct Pool {
    pool: deadpool::managed::Pool<Opener, PooledLink>,
    /// How messages name the database.
    pub(super) name: Arc<str>,
    pub(super) trust: Trust,
    /// Of reads that take long.
    pub(super) turns: Turns,
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pool").field("name", &self.name).field("lent", &self.pool.status()).finish_non_exhaustive()
    }
}

impl Pool {
    /// The connections that callers share.
    pub(super) fn shared(target: &Target, trust: &Trust) -> Result<Self, Error> {
        Self::new(target, trust.clone(), SHARED, SHARED_SETTINGS)
    }

    /// The connections that are kept for what must not wait.
    pub(super) fn reserved(target: &Target, trust: &Trust) -> Result<Self, Error> {
        Self::new(target, trust.clone(), RESERVED, RESERVED_SETTINGS)
    }

    fn new(target: &Target, trust: Trust, size: usize, settings: &'static str) -> Result<Self, Error> {
        let opener = Opener { options: target.options.clone(), settings, trust: trust.clone() };
        // The last one back goes first: the others may rest, and some day be closed.
        let pool = deadpool::managed::Pool::builder(opener)
            .max_size(size)
            .queue_mode(QueueMode::Lifo)
            .timeouts(Timeouts { wait: Some(ACQUIRE), create: Some(ACQUIRE), recycle: Some(ACQUIRE) })
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(|error| Error::Defect { message: error.to_string() })?;
        Ok(Self { pool, name: target.name.as_str().into(), trust, turns: Turns::new(LONG, ACQUIRE) })
    }

    /// A connection.
    pub(super) fn acquire(&self) -> DbFuture<'_, PooledLink> {
        Box::pin(async {
            let acquired = self.pool.get().await;
            acquired
                .map_err(|error| failure::on_acquiring(&self.name, &error))
                .inspect_err(|error| self.trust.note(error))
        })
    }

    /// Opens all connections that are not open. It stops where one is refused, or where others have them all.
    pub(super) async fn fill(&self) {
        let now = Timeouts { wait: Some(Duration::ZERO), ..self.pool.timeouts() };
        let mut held = Vec::new();
        while self.pool.status().size < self.pool.status().max_size {
            let Ok(acquired) = self.pool.timeout_get(&now).await else { return };
            held.push(acquired);
        }
    }

    /// Closes what nobody has needed for long.
    pub(super) fn close_unused(&self) {
        drop(self.pool.retain(|_, metrics| metrics.last_used() < UNUSED));
    }
}
