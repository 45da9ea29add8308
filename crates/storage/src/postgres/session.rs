//! One connection, lent to one transaction.

use super::failure::{self, no_answer};
use super::link::{LinkState, PooledLink};
use super::pool::Pool;
use super::statement::{self, DbFuture, Fault};
use crate::bulk::Bulk;
use crate::{Arg, Error, Row};
use sqlx::AssertSqlSafe;
use std::time::Duration;

/// How a read begins: one snapshot from the first statement on.
const READ: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// How a write begins.
const WRITE: &str = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE";

/// How long an answer is waited for: longer than the server works on any statement, so that it is the network's fault.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// A lent connection, in a transaction or for one statement. Dropping it rolls back.
pub(crate) struct Session {
    link: PooledLink,
    pool: Pool,
    work: Work,
    /// What this is alone with.
    alone_with: Vec<String>,
    failed: bool,
}

/// What a connection was lent for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Work {
    /// One statement, which is a transaction of its own.
    Single,
    /// A transaction whose first statement has not come. It begins like this.
    NotBegun(&'static str),
    /// A transaction.
    Begun,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = f.debug_struct("Session");
        shown.field("name", &self.pool.name).field("work", &self.work).field("failed", &self.failed);
        shown.finish_non_exhaustive()
    }
}

impl Session {
    /// For one statement.
    pub(super) async fn single(pool: &Pool) -> Result<Self, Error> {
        Self::with(pool, Work::Single).await
    }

    /// For reading from one snapshot.
    pub(super) async fn read(pool: &Pool) -> Result<Self, Error> {
        Self::with(pool, Work::NotBegun(READ)).await
    }

    /// For writing.
    pub(super) async fn write(pool: &Pool) -> Result<Self, Error> {
        Self::with(pool, Work::NotBegun(WRITE)).await
    }

    async fn with(pool: &Pool, work: Work) -> Result<Self, Error> {
        Ok(Self { link: pool.acquire().await?, pool: pool.clone(), work, alone_with: Vec::new(), failed: false })
    }

    /// All rows of an answer.
    pub(crate) fn all(&mut self, sql: &'static str, args: Vec<Arg>) -> DbFuture<'_, Vec<Row>> {
        Box::pin(async move {
            self.begin("").await?;
            let link = self.link.link().ok_or(Error::Closed)?;
            let found = with_timeout(statement::all(link.ask(), sql, args)).await;
            self.finish(found)
        })
    }

    /// Runs a statement; how many rows it changed.
    pub(crate) fn run(&mut self, sql: &'static str, args: Vec<Arg>) -> DbFuture<'_, u64> {
        Box::pin(async move {
            self.begin("").await?;
            let link = self.link.link().ok_or(Error::Closed)?;
            let done = with_timeout(statement::run(link.ask(), sql, args)).await;
            self.finish(done)
        })
    }

    /// Runs a statement over all these rows; how many rows it changed.
    pub(crate) fn run_each<'a>(&'a mut self, bulk: &'static Bulk, rows: Vec<Vec<Arg>>) -> DbFuture<'a, u64> {
        Box::pin(async move {
            self.begin("").await?;
            if rows.is_empty() {
                return Ok(0);
            }
            let link = self.link.link().ok_or(Error::Closed)?;
            let done = with_timeout(statement::run_each(link.ask(), bulk, rows)).await;
            self.finish(done)
        })
    }

    /// Waits until nobody else is alone with this, nor with what it is among.
    pub(crate) fn alone<'a>(&'a mut self, with: &'a str, among: Option<&'a str>) -> DbFuture<'a, ()> {
        Box::pin(async move {
            if self.alone_with.iter().any(|held| held == with) {
                return self.check();
            }
            let lock = lock(with, among);
            match self.work {
                Work::NotBegun(_) => self.begin(&lock).await?,
                Work::Single | Work::Begun => self.execute(&lock, LinkState::Begun).await?,
            }
            self.alone_with.push(with.to_owned());
            Ok(())
        })
    }

    /// Saves.
    pub(crate) fn commit(mut self) -> DbFuture<'static, ()> {
        Box::pin(async move {
            match self.work {
                Work::Begun => self.execute("COMMIT", LinkState::Rest).await,
                Work::Single | Work::NotBegun(_) => self.check(),
            }
        })
    }

    /// Begins the transaction if it has not begun, and goes on with `first` in the same message. A connection that
    /// breaks over it has done nothing yet, so another is taken.
    async fn begin(&mut self, first: &str) -> Result<(), Error> {
        self.check()?;
        let Work::NotBegun(how) = self.work else { return Ok(()) };
        let sql = format!("{how}; {first}");
        let mut begun = self.execute(&sql, LinkState::Begun).await;
        if matches!(begun, Err(Error::Broken { .. })) {
            self.link = self.pool.acquire().await?;
            self.failed = false;
            begun = self.execute(&sql, LinkState::Begun).await;
        }
        self.work = Work::Begun;
        begun
    }

    /// Runs statements without arguments.
    async fn execute(&mut self, sql: &str, then: LinkState) -> Result<(), Error> {
        self.check()?;
        let link = self.link.link().ok_or(Error::Closed)?;
        let query = sqlx::raw_sql(AssertSqlSafe(sql));
        let done = with_timeout(async { Ok(query.execute(link.ask()).await.map(drop)?) }).await;
        self.settle(done, then)
    }

    fn check(&self) -> Result<(), Error> {
        if self.failed { Err(Error::Failed) } else { Ok(()) }
    }

    fn finish<T>(&mut self, answer: Option<Result<T, Fault>>) -> Result<T, Error> {
        let then = if self.work == Work::Single { LinkState::Rest } else { LinkState::Begun };
        self.settle(answer, then)
    }

    /// Notes how the connection stands after an answer, or after none.
    fn settle<T>(&mut self, answer: Option<Result<T, Fault>>, then: LinkState) -> Result<T, Error> {
        let result = match answer {
            Some(Ok(answer)) => Ok(answer),
            Some(Err(Fault::Driver(error))) => Err(failure::meaning(&self.pool.name, &error)),
            Some(Err(Fault::Ours(error))) => Err(error),
            None => Err(no_answer(&self.pool.name)),
        };
        match (&result, self.link.link()) {
            (Ok(_), Some(link)) => link.set_state(then),
            _ => self.failed = true,
        }
        result.inspect_err(|error| self.pool.trust.note(error))
    }
}

/// Takes a lock until the transaction ends, after a share in the one among whose sharers it is.
fn lock(with: &str, among: Option<&str>) -> String {
    let shared = among.map(|among| format!("pg_advisory_xact_lock_shared({}), ", key(among)));
    format!("SELECT {}pg_advisory_xact_lock({})", shared.unwrap_or_default(), key(with))
}

/// The number of a lock by its name. Locks are the whole database's, which other schemas share. The name goes in as
/// hexadecimal digits: what is told together with a BEGIN has no arguments.
fn key(name: &str) -> String {
    let halves = name.bytes().flat_map(|byte| [byte >> 4, byte & 15]);
    let digits: String = halves.filter_map(|half| char::from_digit(half.into(), 16)).collect();
    format!("hashtextextended(current_schema() || ' ' || convert_from(decode('{digits}', 'hex'), 'UTF8'), 0)")
}

/// Waits for an answer, but not for ever.
async fn with_timeout<T>(answer: impl Future<Output = Result<T, Fault>>) -> Option<Result<T, Fault>> {
    tokio::time::timeout(ANSWER_TIMEOUT, answer).await.ok()
}
