//! Transactions, the same over each backend.

use crate::postgres::Session;
use crate::sqlite::{Read, Write};
use crate::{Arg, Error, Metrics, Row, args};
use tokio::time::Instant;

/// Taken until the transaction ends. Such locks are the whole database's, which other schemas share.
const ALONE: &str =
    "SELECT CAST(pg_advisory_xact_lock(hashtextextended(current_schema() || ' ' || $1, 0)) AS TEXT) AS taken";

/// A transaction: [`Tx::commit`] saves, dropping rolls back. After a statement has failed nothing more goes through it.
///
/// Statements have `$1`, `$2`.. for their arguments and keep to what SQLite and PostgreSQL have in common.
#[derive(Debug)]
pub struct Tx {
    backend: Backend,
    statements: Statements,
    metrics: Metrics,
}

/// A statement that changes something, once for each list of arguments.
#[derive(Debug)]
pub struct Statement {
    pub(crate) sql: &'static str,
    pub(crate) each: Vec<Vec<Arg>>,
}

impl Statement {
    pub(crate) fn storable(self) -> Result<Self, Error> {
        let each = self.each.into_iter().map(storable).collect::<Result<_, _>>()?;
        Ok(Self { each, ..self })
    }
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
    pub(crate) fn new(backend: Backend, metrics: Metrics) -> Self {
        Self { backend, statements: Statements::Any, metrics }
    }

    /// The same for one statement.
    pub(crate) fn once(self) -> Self {
        Self { statements: Statements::One, ..self }
    }

    /// All rows of an answer.
    ///
    /// # Errors
    /// The statement failed; see [`Error`].
    pub async fn all(&mut self, sql: &'static str, args: impl IntoIterator<Item = Arg>) -> Result<Vec<Row>, Error> {
        let args = storable(args)?;
        self.count()?;
        let answer = match &mut self.backend {
            Backend::SqliteRead(read) => read.all(sql, &args),
            Backend::SqliteWrite(write) => write.all(sql, args).await,
            Backend::PostgresRead(session) | Backend::PostgresWrite(session) => session.all(sql, args).await,
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
        self.run_each(sql, vec![args.into_iter().collect()]).await
    }

    /// Runs a statement once for each list of arguments and says how many rows all of them changed.
    ///
    /// # Errors
    /// One of them failed; see [`Error`].
    pub async fn run_each(&mut self, sql: &'static str, each: Vec<Vec<Arg>>) -> Result<u64, Error> {
        let each = each.into_iter().map(storable).collect::<Result<_, _>>()?;
        let changed = match &mut self.backend {
            Backend::SqliteRead(_) | Backend::PostgresRead(_) => Err(in_a_read()),
            Backend::SqliteWrite(write) => write.run(sql, each).await,
            Backend::PostgresWrite(session) => session.run(sql, each).await,
        };
        self.metrics.noted(changed)
    }

    /// Waits until no other write is alone with the same thing, and is from then on until it ends. Whoever looks whether
    /// something is there, and makes it if it isn't, does both after this. On SQLite every write is alone already.
    ///
    /// # Errors
    /// The other one takes too long.
    pub async fn alone(&mut self, with: &str) -> Result<(), Error> {
        match &mut self.backend {
            Backend::SqliteRead(_) | Backend::PostgresRead(_) => Err(in_a_read()),
            Backend::SqliteWrite(_) => Ok(()),
            Backend::PostgresWrite(session) => session.all(ALONE, args![with].into()).await.map(drop),
        }
    }

    /// Saves all of it; on return it is on disk. A read has nothing to save.
    ///
    /// # Errors
    /// Nothing was saved: the commit failed, or a statement had failed before.
    pub async fn commit(self) -> Result<(), Error> {
        let begun = Instant::now();
        let saved = match self.backend {
            Backend::SqliteRead(_) | Backend::PostgresRead(_) => return Ok(()),
            Backend::SqliteWrite(write) => write.commit().await,
            Backend::PostgresWrite(session) => session.commit().await,
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

/// Refuses what only one of the databases could keep.
fn storable(args: impl IntoIterator<Item = Arg>) -> Result<Vec<Arg>, Error> {
    let args: Vec<Arg> = args.into_iter().collect();
    let nul = args.iter().any(|arg| matches!(arg, Arg::Text(text) if text.contains('\0')));
    if nul { Err(Error::Text) } else { Ok(args) }
}

fn in_a_read() -> Error {
    Error::Defect { message: "a write in a read transaction".into() }
}
