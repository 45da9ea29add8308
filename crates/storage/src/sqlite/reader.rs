//! Readers: a few connections, each lent to one transaction at a time and run on the caller's own thread. A point read
//! costs a few microseconds, less than handing it to another thread.

use super::{Options, Place, Sqlite, statement};
use crate::{Arg, Error, Row};
use rusqlite::Connection;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The readers that nobody has at the moment.
#[derive(Debug)]
pub(crate) struct Readers {
    idle: Mutex<Vec<Connection>>,
    free: Arc<Semaphore>,
    place: Arc<Place>,
    patience: Duration,
}

impl Readers {
    pub(crate) fn new(connections: Vec<Connection>, place: Arc<Place>, patience: Duration) -> Self {
        let free = Arc::new(Semaphore::new(connections.len()));
        Self { idle: Mutex::new(connections), free, place, patience }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Opens a connection that can't write.
pub(crate) fn connect(place: &Place, options: Options) -> Result<Connection, Error> {
    let connection = super::connect(place, options)?;
    statement::batch(&connection, place, "PRAGMA query_only = ON")?;
    Ok(connection)
}

/// A reader's connection, lent to a transaction or to one statement.
#[derive(Debug)]
pub(crate) struct Read {
    connection: Option<Connection>,
    _permit: OwnedSemaphorePermit,
    sqlite: Arc<Sqlite>,
}

impl Read {
    /// One snapshot for several statements.
    pub(crate) async fn begin(sqlite: Arc<Sqlite>) -> Result<Self, Error> {
        let read = Self::lend(sqlite).await?;
        let connection = read.connection.as_ref().ok_or(Error::Closed)?;
        statement::run(connection, &read.sqlite.readers.place, "BEGIN", &[Vec::new()])?;
        Ok(read)
    }

    /// A connection for one statement, which is a snapshot of its own.
    pub(crate) async fn lend(sqlite: Arc<Sqlite>) -> Result<Self, Error> {
        let readers = &sqlite.readers;
        let permit = tokio::time::timeout(readers.patience, Arc::clone(&readers.free).acquire_owned()).await;
        let permit = permit.map_err(|_| Error::Busy)?.map_err(|_| Error::Closed)?;
        let connection = readers.idle().pop().ok_or(Error::Busy)?;
        Ok(Self { connection: Some(connection), _permit: permit, sqlite })
    }

    pub(crate) fn all(&mut self, sql: &str, args: &[Arg]) -> Result<Vec<Row>, Error> {
        let connection = self.connection.as_ref().ok_or(Error::Closed)?;
        statement::all(connection, &self.sqlite.readers.place, sql, args)
    }
}

impl Drop for Read {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            statement::roll_back(&connection);
            // The permit is a field and is given back after this.
            self.sqlite.readers.idle().push(connection);
        }
    }
}
