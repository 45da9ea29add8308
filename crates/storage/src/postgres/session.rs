//! One connection, lent to one transaction.

use super::failure::{self, no_answer};
use super::link::{LinkState, PooledLink};
use super::pool::Pool;
use super::statement::{self, DbFuture, Fault};
use crate::bulk::Bulk;
use crate::turns;
use crate::{Arg, Error, Row};
use sqlx::AssertSqlSafe;
use std::time::Duration;

/// How a read begins: one snapshot from the first statement on.
const READ: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// How a write begins.
const WRITE: &str = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE";

/// How long an answer is waited for: longer than the server works on any statement, so that it is the network's fault.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// After how long without an answer a read takes a turn of those that take long.
const QUICK: Duration = Duration::from_millis(500);

/// A lent connection, in a transaction or for one statement. Dropping it rolls back.
pub(crate) struct Session {
    link: PooledLink,
    pool: Pool,
    work: Work,
    /// What this is alone with.
    alone_with: Vec<String>,
    /// Whether it is for reading alone.
    reads: bool,
    /// Whether anything was asked in it.
    asked: bool,
    failed: bool,
}

/// An answer; none if none came in time.
type Answer<T> = Option<Result<T, Fault>>;

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
        Self::with(pool, Work::Single, true).await
    }

    /// For reading from one snapshot.
    pub(super) async fn read(pool: &Pool) -> Result<Self, Error> {
        Self::with(pool, Work::NotBegun(READ), true).await
    }

    /// For writing.
    pub(super) async fn write(pool: &Pool) -> Result<Self, Error> {
        Self::with(pool, Work::NotBegun(WRITE), false).await
    }

    async fn with(pool: &Pool, work: Work, reads: bool) -> Result<Self, Error> {
        let link = pool.acquire().await?;
        Ok(Self { link, pool: pool.clone(), work, alone_with: Vec::new(), reads, asked: false, failed: false })
    }

    /// Takes a turn, if this has none. It is waited for without a connection, behind which a snapshot begins anew.
    pub(crate) fn turn<'a>(&'a mut self, whose: &'a str) -> DbFuture<'a, ()> {
        Box::pin(async move {
            self.check()?;
            let (_, turn) = self.link.link_and_turn().ok_or(Error::Closed)?;
            if turn.is_none() {
                *turn = self.pool.turns.at_once(whose);
            }
            if turn.is_some() { Ok(()) } else { self.begin_anew(whose).await }
        })
    }

    /// Gives the connection up, waits for a turn and takes another.
    async fn begin_anew(&mut self, whose: &str) -> Result<(), Error> {
        self.link = PooledLink::none();
        let turn = self.pool.turns.take(whose).await?;
        self.link = self.pool.acquire().await?;
        if let Some((_, place)) = self.link.link_and_turn() {
            *place = Some(turn);
        }
        if self.work == Work::Begun {
            self.work = Work::NotBegun(READ);
        }
        Ok(())
    }

    /// All rows of an answer.
    pub(crate) fn all(&mut self, sql: &'static str, args: Vec<Arg>) -> DbFuture<'_, Vec<Row>> {
        Box::pin(async move {
            self.begin("").await?;
            if !self.reads {
                let link = self.link.link().ok_or(Error::Closed)?;
                let found = with_timeout(statement::all(link.ask(), sql, args)).await;
                return self.finish(found);
            }
            let whose = turns::whose(&args).to_owned();
            if let Some(found) = self.quickly(sql, args.clone(), &whose).await? {
                return self.finish(found);
            }
            if self.asked {
                self.failed = true;
                return Err(Error::Crowded);
            }
            self.begin_anew(&whose).await?;
            self.begin("").await?;
            let link = self.link.link().ok_or(Error::Closed)?;
            let found = with_timeout(statement::all(link.ask(), sql, args)).await;
            self.finish(found)
        })
    }

    /// The answer; none if it takes long and there is no turn for it.
    async fn quickly(
        &mut self,
        sql: &'static str,
        args: Vec<Arg>,
        whose: &str,
    ) -> Result<Option<Answer<Vec<Row>>>, Error> {
        let (link, turn) = self.link.link_and_turn().ok_or(Error::Closed)?;
        let mut answer = std::pin::pin!(with_timeout(statement::all(link.ask(), sql, args)));
        if turn.is_none() {
            if let Ok(answer) = tokio::time::timeout(QUICK, &mut answer).await {
                return Ok(Some(answer));
            }
            *turn = self.pool.turns.at_once(whose);
            if turn.is_none() {
                return Ok(None);
            }
        }
        Ok(Some(answer.await))
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

    fn finish<T>(&mut self, answer: Answer<T>) -> Result<T, Error> {
        let then = if self.work == Work::Single { LinkState::Rest } else { LinkState::Begun };
        self.asked = true;
        self.settle(answer, then)
    }

    /// Notes how the connection stands after an answer, or after none.
    fn settle<T>(&mut self, answer: Answer<T>, then: LinkState) -> Result<T, Error> {
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
async fn with_timeout<T>(answer: impl Future<Output = Result<T, Fault>>) -> Answer<T> {
    tokio::time::timeout(ANSWER_TIMEOUT, answer).await.ok()
}
