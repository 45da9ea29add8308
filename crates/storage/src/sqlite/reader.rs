//! Readers: a few connections, each lent to one transaction at a time and run on the caller's own thread. A point read
//! costs a few microseconds, less than handing it to another thread. What turns out to take longer begins anew on a thread
//! of its own, so that nothing else stands still for it, and ends when its caller goes.

use super::connect::{self, Options};
use super::database_file::DatabaseFile;
use super::lock::FileGuard;
use super::session::Session;
use super::statement;
use super::watch::Watch;
use crate::{Arg, Error, Row};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// A reader's connection.
#[derive(Debug)]
pub(crate) struct Reader {
    session: Session,
    watch: Watch,
}

/// The readers that nobody has at the moment.
#[derive(Debug)]
pub(crate) struct Readers {
    idle: Mutex<Vec<Reader>>,
    free: Arc<Semaphore>,
    file: Arc<DatabaseFile>,
    timeout: Duration,
    // Last: the connections close before the lock is free.
    _guard: Arc<FileGuard>,
}

impl Readers {
    pub(crate) fn new(readers: Vec<Reader>, file: Arc<DatabaseFile>, timeout: Duration, guard: Arc<FileGuard>) -> Self {
        let free = Arc::new(Semaphore::new(readers.len()));
        Self { idle: Mutex::new(readers), free, file, timeout, _guard: guard }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Reader>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Opens a connection that can't write.
pub(crate) fn connect(file: &DatabaseFile, options: Options) -> Result<Reader, Error> {
    let connection = connect::connect(file, options)?;
    statement::batch(&connection, file, "PRAGMA query_only = ON")?;
    let watch = Watch::over(&connection).map_err(|error| file.failure(&error))?;
    Ok(Reader { session: Session::new(connection), watch })
}

/// A reader that is lent; it goes back when this is dropped, wherever that is.
#[derive(Debug)]
struct PooledReader {
    reader: Option<Reader>,
    _permit: OwnedSemaphorePermit,
    readers: Arc<Readers>,
}

impl PooledReader {
    fn reader(&self) -> Result<&Reader, Error> {
        self.reader.as_ref().ok_or(Error::Closed)
    }

    fn all(&self, sql: &'static str, args: &[Arg]) -> Result<Vec<Row>, Error> {
        statement::all(&self.reader()?.session, &self.readers.file, sql, args)
    }
}

impl Drop for PooledReader {
    fn drop(&mut self) {
        if let Some(reader) = self.reader.take() {
            statement::roll_back(&reader.session);
            reader.watch.rest();
            // The permit is a field and is given back after this.
            self.readers.idle().push(reader);
        }
    }
}

/// A reader's connection, lent to a transaction or to one statement.
#[derive(Debug)]
pub(crate) struct Read {
    /// None while a thread has it, and for good if its answer was not waited for.
    pooled: Option<PooledReader>,
}

impl Read {
    /// One snapshot for several statements.
    pub(crate) async fn begin(readers: &Arc<Readers>) -> Result<Self, Error> {
        let read = Self::acquire(readers).await?;
        let session = &read.pooled.as_ref().ok_or(Error::Closed)?.reader()?.session;
        statement::run(session, &readers.file, "BEGIN", &[Vec::new()])?;
        Ok(read)
    }

    /// A connection for one statement, which is a snapshot of its own.
    pub(crate) async fn acquire(readers: &Arc<Readers>) -> Result<Self, Error> {
        let permit = tokio::time::timeout(readers.timeout, Arc::clone(&readers.free).acquire_owned()).await;
        let permit = permit.map_err(|_| Error::Busy)?.map_err(|_| Error::Closed)?;
        let reader = readers.idle().pop().ok_or(Error::Busy)?;
        Ok(Self { pooled: Some(PooledReader { reader: Some(reader), _permit: permit, readers: Arc::clone(readers) }) })
    }

    /// All rows of an answer.
    pub(crate) async fn all(&mut self, sql: &'static str, args: Vec<Arg>) -> Result<Vec<Row>, Error> {
        let pooled = self.pooled.as_ref().ok_or(Error::Closed)?;
        let watch = &pooled.reader()?.watch;
        watch.bounded();
        let found = pooled.all(sql, &args);
        if found.is_err() && watch.was_interrupted() {
            return self.all_on_thread(sql, args).await;
        }
        found
    }

    /// The same on a thread of its own from the start.
    pub(crate) async fn all_on_thread(&mut self, sql: &'static str, args: Vec<Arg>) -> Result<Vec<Row>, Error> {
        let pooled = self.pooled.take().ok_or(Error::Closed)?;
        let waits = pooled.reader()?.watch.waits();
        let reading = tokio::task::spawn_blocking(move || {
            pooled.reader()?.watch.unbounded();
            let found = pooled.all(sql, &args);
            Ok((pooled, found))
        });
        let (pooled, found) = reading.await.unwrap_or(Err(Error::Closed))?;
        waits.answered();
        self.pooled = Some(pooled);
        found
    }
}
