//! Transactions, the same over each backend.

use crate::sqlite::{Read, Write};
use crate::{Arg, Error, Row};

/// A transaction: [`Tx::commit`] saves, dropping rolls back. After a statement has failed nothing more goes through it.
///
/// Statements have `$1`, `$2`.. for their arguments and keep to what SQLite and PostgreSQL have in common.
#[derive(Debug)]
pub struct Tx {
    backend: Backend,
}

/// What a transaction runs on.
#[derive(Debug)]
pub(crate) enum Backend {
    /// A snapshot on a reader's connection.
    SqliteRead(Read),
    /// A place in the writer's group.
    SqliteWrite(Write),
}

impl Tx {
    pub(crate) fn new(backend: Backend) -> Self {
        Self { backend }
    }

    /// All rows of an answer.
    ///
    /// # Errors
    /// The statement failed; see [`Error`].
    pub async fn all(&mut self, sql: &'static str, args: impl IntoIterator<Item = Arg>) -> Result<Vec<Row>, Error> {
        let args: Vec<Arg> = args.into_iter().collect();
        match &mut self.backend {
            Backend::SqliteRead(read) => read.all(sql, &args),
            Backend::SqliteWrite(write) => write.all(sql, args).await,
        }
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
        match &mut self.backend {
            Backend::SqliteRead(_) => Err(Error::Defect { message: "a write in a read transaction".into() }),
            Backend::SqliteWrite(write) => write.run(sql, each).await,
        }
    }

    /// Saves all of it; on return it is on disk. A read has nothing to save.
    ///
    /// # Errors
    /// Nothing was saved: the commit failed, or a statement had failed before.
    pub async fn commit(self) -> Result<(), Error> {
        match self.backend {
            Backend::SqliteRead(_) => Ok(()),
            Backend::SqliteWrite(write) => write.commit().await,
        }
    }
}
