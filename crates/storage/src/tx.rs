//! Transactions, the same over each backend.

use crate::postgres::Session;
use crate::recent::Recent;
use crate::recent_read::RecentRead;
use crate::sqlite::{Read, Write};
use crate::{Arg, Bulk, Error, Metrics, Row};
use std::sync::Arc;
use tokio::time::Instant;
use valetkey_domain::Ctx;
use valetkey_domain::id::ProcessId;

/// A transaction: [`Tx::commit`] saves, dropping rolls back. After a statement has failed nothing more goes through it.
///
/// Statements have `$1`, `$2`.. for their arguments and keep to what SQLite and PostgreSQL have in common.
#[derive(Debug)]
pub struct Tx {
    backend: Backend,
    statements: Statements,
    metrics: Metrics,
    process: Option<Arc<ProcessId>>,
    recent: Arc<Recent>,
}

/// What a transaction runs on.
#[derive(Debug)]
pub(crate) enum Backend {
    /// A snapshot on a reader's connection.
    SqliteRead(Read),
    /// A place in the writer's group.
    SqliteWrite(Write),
    /// A snapshot, or a connection for one statement.
    PostgresRead(Session),
    /// What was read a moment ago.
    Recent(RecentRead),
    /// A transaction beside others.
    PostgresWrite(Session),
}

/// How many statements may still come.
#[derive(Clone, Copy, Debug)]
enum Statements {
    Any,
    One,
    None,
}

impl Tx {
    pub(crate) fn new(
        backend: Backend,
        metrics: Metrics,
        process: Option<Arc<ProcessId>>,
        recent: Arc<Recent>,
    ) -> Self {
        Self { backend, statements: Statements::Any, metrics, process, recent }
    }

    /// The process that does this, for what it holds beyond the transaction; none if the store holds no process.
    pub(crate) fn process(&self) -> Option<&ProcessId> {
        self.process.as_deref()
    }

    /// The same for one statement.
    pub(crate) fn once(self) -> Self {
        Self { statements: Statements::One, ..self }
    }

    /// Takes a turn of those that an environment's reads have which look at many rows. Where it has to be waited for, what
    /// this reads from then on is from another snapshot than what it read before. A write has the writer's place, and needs
    /// none.
    ///
    /// # Errors
    /// They stay taken.
    pub(crate) async fn turn(&mut self, ctx: &Ctx) -> Result<(), Error> {
        let taken = match &mut self.backend {
            Backend::SqliteRead(read) => read.turn(ctx.environment.as_str()).await,
            Backend::PostgresRead(session) => session.turn(ctx.environment.as_str()).await,
            Backend::SqliteWrite(_) | Backend::PostgresWrite(_) | Backend::Recent(_) => Ok(()),
        };
        self.metrics.noted(taken)
    }

    /// All rows of an answer.
    ///
    /// # Errors
    /// The statement failed; see [`Error`].
    pub async fn all(&mut self, sql: &'static str, args: impl IntoIterator<Item = Arg>) -> Result<Vec<Row>, Error> {
        let args = storable(args)?;
        self.count()?;
        let answer = match &mut self.backend {
            Backend::SqliteRead(read) => read.all(sql, args).await,
            Backend::SqliteWrite(write) => write.all(sql, args).await,
            Backend::PostgresRead(session) | Backend::PostgresWrite(session) => session.all(sql, args).await,
            Backend::Recent(recent) => recent.all(sql, args).await,
        };
        self.metrics.noted(answer)
    }

    /// The first row of an answer, if there is one.
    ///
    /// # Errors
    /// The statement failed; see [`Error`].
    pub async fn one(&mut self, sql: &'static str, args: impl IntoIterator<Item = Arg>) -> Result<Option<Row>, Error> {
        Ok(self.all(sql, args).await?.into_iter().next())
    }

    /// Runs a statement and says how many rows it changed.
    ///
    /// # Errors
    /// The statement failed; see [`Error`].
    pub async fn run(&mut self, sql: &'static str, args: impl IntoIterator<Item = Arg>) -> Result<u64, Error> {
        let args = storable(args)?;
        let changed = match &mut self.backend {
            Backend::SqliteRead(_) | Backend::PostgresRead(_) | Backend::Recent(_) => Err(in_a_read()),
            Backend::SqliteWrite(write) => write.run(sql, vec![args]).await,
            Backend::PostgresWrite(session) => session.run(sql, args).await,
        };
        self.metrics.noted(changed)
    }

    /// Runs a statement over rows and says how many it changed.
    ///
    /// # Errors
    /// It failed for one of them; see [`Error`].
    pub async fn run_each(&mut self, bulk: &'static Bulk, rows: Vec<Vec<Arg>>) -> Result<u64, Error> {
        let rows = all_storable(rows)?;
        let changed = match &mut self.backend {
            Backend::SqliteRead(_) | Backend::PostgresRead(_) | Backend::Recent(_) => Err(in_a_read()),
            Backend::SqliteWrite(write) => write.run(bulk.over_one(), rows).await,
            Backend::PostgresWrite(session) => session.run_each(bulk, rows).await,
        };
        self.metrics.noted(changed)
    }

    /// Waits until no other write is alone with the same thing, and is from then on until it ends. Whoever looks whether
    /// something is there, and makes it if it isn't, does both after this. On SQLite every write is alone already.
    ///
    /// # Errors
    /// The other one takes too long.
    pub async fn alone(&mut self, with: &str) -> Result<(), Error> {
        self.alone_if(with, None).await
    }

    /// The same among others that are each alone with another thing: none of them is alone with what they have in
    /// common, and nobody else is, as long as one of them goes on.
    ///
    /// # Errors
    /// The other one takes too long.
    pub async fn alone_among(&mut self, with: &str, among: &str) -> Result<(), Error> {
        self.alone_if(with, Some(among)).await
    }

    async fn alone_if(&mut self, with: &str, among: Option<&str>) -> Result<(), Error> {
        match &mut self.backend {
            Backend::SqliteRead(_) | Backend::PostgresRead(_) | Backend::Recent(_) => Err(in_a_read()),
            Backend::SqliteWrite(_) => Ok(()),
            Backend::PostgresWrite(session) => session.alone(with, among).await,
        }
    }

    /// Saves all of it; on return it is on disk. A read has nothing to save.
    ///
    /// # Errors
    /// Nothing was saved: the commit failed, or a statement had failed before. Or, with [`Error::Broken`], all of it may have
    /// been: the database went away before it answered.
    pub async fn commit(self) -> Result<(), Error> {
        let begun = Instant::now();
        let saved = match self.backend {
            Backend::SqliteRead(_) | Backend::PostgresRead(_) | Backend::Recent(_) => return Ok(()),
            Backend::SqliteWrite(write) => write.commit().await,
            Backend::PostgresWrite(session) => {
                let _outdated = self.recent.outdated_after();
                session.commit().await
            }
        };
        self.metrics.committed(begun.elapsed());
        self.metrics.noted(saved)
    }

    fn count(&mut self) -> Result<(), Error> {
        self.statements = match self.statements {
            Statements::Any => Statements::Any,
            Statements::One => Statements::None,
            Statements::None => {
                return Err(Error::Defect { message: "a second statement where one was announced".into() });
            }
        };
        Ok(())
    }
}

/// Refuses rows that only one of the databases could keep.
pub(crate) fn all_storable(rows: Vec<Vec<Arg>>) -> Result<Vec<Vec<Arg>>, Error> {
    rows.into_iter().map(storable).collect()
}

/// Refuses what only one of the databases could keep.
fn storable(args: impl IntoIterator<Item = Arg>) -> Result<Vec<Arg>, Error> {
    let args: Vec<Arg> = args.into_iter().collect();
    let nul = args.iter().any(|arg| matches!(arg, Arg::Text(text) if text.contains('\0')));
    if nul { Err(Error::Text) } else { Ok(args) }
}

fn in_a_read() -> Error {
    Error::Defect { message: "a write in a read transaction".into() }
}
