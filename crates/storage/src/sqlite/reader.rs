//! Readers: a few connections, each lent to one transaction at a time and run on the caller's own thread. A point read
//! costs a few microseconds, less than handing it to another thread.

use super::{Options, Place, Session, Sqlite, statement};
use crate::{Arg, Error, Row};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The readers that nobody has at the moment.
#[derive(Debug)]
pub(crate) struct Readers {
    idle: Mutex<Vec<Session>>,
    free: Arc<Semaphore>,
    place: Arc<Place>,
    patience: Duration,
}

impl Readers {
    pub(crate) fn new(sessions: Vec<Session>, place: Arc<Place>, patience: Duration) -> Self {
        let free = Arc::new(Semaphore::new(sessions.len()));
        Self { idle: Mutex::new(sessions), free, place, patience }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Session>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Opens a connection that can't write.
pub(crate) fn connect(place: &Place, options: Options) -> Result<Session, Error> {
    let connection = super::connect(place, options)?;
    statement::batch(&connection, place, "PRAGMA query_only = ON")?;
    Ok(Session::new(connection))
}

/// A reader's connection, lent to a transaction or to one statement.
#[derive(Debug)]
pub(crate) struct Read {
    session: Option<Session>,
    _permit: OwnedSemaphorePermit,
    sqlite: Arc<Sqlite>,
}

impl Read {
    /// One snapshot for several statements.
    pub(crate) async fn begin(sqlite: Arc<Sqlite>) -> Result<Self, Error> {
        let read = Self::lend(sqlite).await?;
        let session = read.session.as_ref().ok_or(Error::Closed)?;
        statement::run(session, &read.sqlite.readers.place, "BEGIN", &[Vec::new()])?;
        Ok(read)
    }

    /// A connection for one statement, which is a snapshot of its own.
    pub(crate) async fn lend(sqlite: Arc<Sqlite>) -> Result<Self, Error> {
        let readers = &sqlite.readers;
        let permit = tokio::time::timeout(readers.patience, Arc::clone(&readers.free).acquire_owned()).await;
        let permit = permit.map_err(|_| Error::Busy)?.map_err(|_| Error::Closed)?;
        let session = readers.idle().pop().ok_or(Error::Busy)?;
        Ok(Self { session: Some(session), _permit: permit, sqlite })
    }

    pub(crate) fn all(&mut self, sql: &'static str, args: &[Arg]) -> Result<Vec<Row>, Error> {
        let session = self.session.as_ref().ok_or(Error::Closed)?;
        statement::all(session, &self.sqlite.readers.place, sql, args)
    }
}

impl Drop for Read {
    fn drop(&mut self) {
        if let Some(session) = self.session.take() {
            statement::roll_back(&session);
            // The permit is a field and is given back after this.
            self.sqlite.readers.idle().push(session);
        }
    }
}
