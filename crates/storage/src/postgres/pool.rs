//! Connections kept open: how many, under which limits, and which of them are trusted to be still there.

use super::failure::Failure;
use super::options::Target;
use super::session::{Session, patiently};
use crate::Error;
use sqlx::postgres::PgPoolOptions;
use sqlx::{Connection, PgConnection, PgPool};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Connections that callers share.
const SHARED: u32 = 16;

/// Connections that are kept for outcomes which exist nowhere else yet, and for the time. They are opened before they
/// are needed: when the server has no connection left to give, it is too late.
const RESERVED: u32 = 3;

/// How long a caller waits for a connection.
const ACQUIRE: Duration = Duration::from_secs(2);

/// An idle connection is tried before it is used again after this long.
const UNTRIED: Duration = Duration::from_secs(1);

/// What each connection is told when it is new. A write says so itself; whatever forgets to is refused by the server.
const MANNERS: &str = "SET statement_timeout = '5s'; SET lock_timeout = '2s';
    SET idle_in_transaction_session_timeout = '10s'; SET client_min_messages = warning;
    SET default_transaction_isolation = 'repeatable read'; SET default_transaction_read_only = on";

/// A row if a transaction is open: outside of one, each statement is its own, and begins when that begins.
const IN_TRANSACTION: &str = "SELECT 1 WHERE transaction_timestamp() <> statement_timestamp()";

/// When a connection last turned out to be broken. Those that were opened before it are tried before they are used: a
/// restart of the server ends all of them at once.
#[derive(Clone, Debug, Default)]
pub(super) struct Trust(Arc<Mutex<Option<Instant>>>);

impl Trust {
    /// Notes a failure, if it was the connection's.
    pub(super) fn note(&self, error: &Error) {
        if matches!(error, Error::Broken { .. }) {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        }
    }

    /// Whether a connection of this age may be used as it is.
    fn holds(&self, age: Duration) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_none_or(|broken| broken.elapsed() > age)
    }
}

/// Connections to lend.
#[derive(Debug)]
pub(super) struct Pool {
    lent: PgPool,
    /// How messages name the database.
    name: String,
    trust: Trust,
}

impl Pool {
    /// The connections that callers share.
    pub(super) fn shared(target: &Target) -> Self {
        Self::new(target, |options| options.max_connections(SHARED))
    }

    /// The connections that are kept for outcomes.
    pub(super) fn reserved(target: &Target) -> Self {
        Self::new(target, |options| options.max_connections(RESERVED).min_connections(RESERVED).idle_timeout(None))
    }

    fn new(target: &Target, size: impl FnOnce(PgPoolOptions) -> PgPoolOptions) -> Self {
        let trust = Trust::default();
        let lent = size(options(trust.clone())).connect_lazy_with(target.options.clone());
        Self { lent, name: target.name.clone(), trust }
    }

    /// A connection for one statement.
    pub(super) async fn take(&self) -> Result<Session, Error> {
        let taken = patiently(&self.name, self.lent.acquire()).await;
        let taken = taken.map_err(|failure| self.failed(failure))?;
        Ok(Session::bare(taken, &self.name, &self.trust))
    }

    /// A transaction that begins like this. A connection that breaks over it has done nothing yet, so another is taken.
    pub(super) async fn begin(&self, how: &'static str) -> Result<Session, Error> {
        let mut begun = self.begin_once(how).await;
        if matches!(begun, Err(Error::Broken { .. })) {
            begun = self.begin_once(how).await;
        }
        begun
    }

    async fn begin_once(&self, how: &'static str) -> Result<Session, Error> {
        let begun = patiently(&self.name, self.lent.begin_with(how)).await;
        let begun = begun.map_err(|failure| self.failed(failure))?;
        Ok(Session::begun(begun, &self.name, &self.trust))
    }

    /// Nobody got a connection: either all are lent, or none could be opened.
    fn failed(&self, failure: Failure) -> Error {
        let all_lent = self.lent.size() >= self.lent.options().get_max_connections();
        let error = failure.on_acquiring(all_lent);
        self.trust.note(&error);
        error
    }
}

fn options(trust: Trust) -> PgPoolOptions {
    PgPoolOptions::new()
        .acquire_timeout(ACQUIRE)
        .test_before_acquire(false)
        .after_connect(|connection, _| {
            Box::pin(async move { sqlx::raw_sql(MANNERS).execute(connection).await.map(drop) })
        })
        .before_acquire(move |connection, met| {
            let trusted = met.idle_for < UNTRIED && trust.holds(met.age);
            Box::pin(async move { Ok(trusted || connection.ping().await.is_ok()) })
        })
        .after_release(|connection, _| Box::pin(async move { Ok(is_free(connection).await) }))
}

/// Whether a connection that comes back can be lent again. The driver forgets to roll back a BEGIN whose caller went away
/// before the answer, and whoever came next would read an old snapshot. The pool itself, which looks whether the
/// connection is alive, would wait for that for ever if the network swallowed the answer.
async fn is_free(connection: &mut PgConnection) -> bool {
    let found = tokio::time::timeout(ACQUIRE, sqlx::raw_sql(IN_TRANSACTION).fetch_optional(connection)).await;
    matches!(found, Ok(Ok(None)))
}
