//! One connection, lent to one transaction.

use super::failure::{Failure, lost};
use super::pool::Trust;
use super::statement;
use crate::{Arg, Error, Row};
use sqlx::pool::PoolConnection;
use sqlx::{PgConnection, Postgres, Transaction};
use std::time::Duration;

/// How a read begins: one snapshot from the first statement on.
pub(super) const READ: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// How a write begins.
pub(super) const WRITE: &str = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE";

/// How long an answer is waited for: longer than the server works on any statement, so that it is the network's fault.
const SILENCE: Duration = Duration::from_secs(10);

/// A lent connection, in a transaction or for one statement. Dropping it rolls back.
pub(crate) struct Session {
    link: Link,
    name: String,
    trust: Trust,
    failed: bool,
}

enum Link {
    /// For one statement.
    Bare(PoolConnection<Postgres>),
    /// In a transaction.
    Begun(Transaction<'static, Postgres>),
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("name", &self.name).field("failed", &self.failed).finish_non_exhaustive()
    }
}

impl Session {
    pub(super) fn bare(taken: PoolConnection<Postgres>, name: &str, trust: &Trust) -> Self {
        Self { link: Link::Bare(taken), name: name.into(), trust: trust.clone(), failed: false }
    }

    pub(super) fn begun(begun: Transaction<'static, Postgres>, name: &str, trust: &Trust) -> Self {
        Self { link: Link::Begun(begun), name: name.into(), trust: trust.clone(), failed: false }
    }

    /// All rows of an answer.
    pub(crate) async fn all(&mut self, sql: &'static str, args: Vec<Arg>) -> Result<Vec<Row>, Error> {
        self.check()?;
        let found = statement::all(self.link.connection(), sql, args);
        let found = match tokio::time::timeout(SILENCE, found).await {
            Ok(Ok(rows)) => Ok(rows),
            Ok(Err(statement::Fault::Driver(error))) => Err(Failure::of(&self.name, &error).into()),
            Ok(Err(statement::Fault::Ours(error))) => Err(error),
            Err(_) => Err(lost(&self.name)),
        };
        self.note(found)
    }

    /// Runs a statement for each list of arguments; how many rows all of them changed.
    pub(crate) async fn run(&mut self, sql: &'static str, each: Vec<Vec<Arg>>) -> Result<u64, Error> {
        let mut changed = 0;
        for args in each {
            self.check()?;
            let done = patiently(&self.name, statement::run(self.link.connection(), sql, args)).await;
            changed += self.note(done.map_err(Error::from))?;
        }
        Ok(changed)
    }

    /// Saves.
    pub(crate) async fn commit(self) -> Result<(), Error> {
        self.check()?;
        let saved = match self.link {
            Link::Bare(_) => Ok(()),
            Link::Begun(begun) => patiently(&self.name, begun.commit()).await.map_err(Error::from),
        };
        saved.inspect_err(|error| self.trust.note(error))
    }

    fn check(&self) -> Result<(), Error> {
        if self.failed { Err(Error::Failed) } else { Ok(()) }
    }

    fn note<T>(&mut self, result: Result<T, Error>) -> Result<T, Error> {
        self.failed = result.is_err();
        result.inspect_err(|error| self.trust.note(error))
    }
}

impl Link {
    fn connection(&mut self) -> &mut PgConnection {
        match self {
            Self::Bare(connection) => connection,
            Self::Begun(transaction) => transaction,
        }
    }
}

/// Waits for the driver, but not for ever.
pub(super) async fn patiently<T>(name: &str, what: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, Failure> {
    match tokio::time::timeout(SILENCE, what).await {
        Ok(done) => done.map_err(|error| Failure::of(name, &error)),
        Err(_) => Err(Failure::from(lost(name))),
    }
}
