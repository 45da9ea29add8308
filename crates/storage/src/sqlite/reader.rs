//! Readers: a few connections, each lent to one transaction at a time and run on the caller's own thread. A point read
//! costs a few microseconds, less than handing it to another thread. What turns out to take longer takes a turn and begins
//! anew on a thread of its own, so that nothing else stands still for it, and ends when its caller goes. Half of the
//! readers at most are lent to what has a turn ([`Turns`]), so point reads always find one.

use super::connect::{self, Options};
use super::database_file::DatabaseFile;
use super::lock::FileGuard;
use super::session::Session;
use super::statement;
use super::watch::Watch;
use crate::turns::{self, Turn, Turns};
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
    turns: Turns,
    file: Arc<DatabaseFile>,
    timeout: Duration,
    longest: Duration,
    // Last: the connections close before the lock is free.
    _guard: Arc<FileGuard>,
}

impl Readers {
    pub(crate) fn new(readers: Vec<Reader>, file: Arc<DatabaseFile>, options: Options, guard: Arc<FileGuard>) -> Self {
        let Options { timeout, longest, .. } = options;
        let free = Arc::new(Semaphore::new(readers.len()));
        let turns = Turns::new((readers.len() / 2).max(1), timeout);
        Self { idle: Mutex::new(readers), free, turns, file, timeout, longest, _guard: guard }
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
    /// For reading what takes long; it is given back behind the reader, when whatever that did has stopped.
    turn: Option<Turn>,
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
            // Permit and turn are fields and are given back after this.
            self.readers.idle().push(reader);
        }
    }
}

/// A reader's connection, lent to a transaction or to one statement.
#[derive(Debug)]
pub(crate) struct Read {
    /// None while a thread has it, and for good if its answer was not waited for.
    pooled: Option<PooledReader>,
    readers: Arc<Readers>,
    /// Whether its statements see one snapshot, and whether one has been asked for.
    snapshot: bool,
    asked: bool,
}

impl Read {
    /// One snapshot for several statements.
    pub(crate) async fn begin(readers: &Arc<Readers>) -> Result<Self, Error> {
        Self::with(readers, true).await
    }

    /// A connection for one statement, which is a snapshot of its own.
    pub(crate) async fn acquire(readers: &Arc<Readers>) -> Result<Self, Error> {
        Self::with(readers, false).await
    }

    async fn with(readers: &Arc<Readers>, snapshot: bool) -> Result<Self, Error> {
        let mut read = Self { pooled: None, readers: Arc::clone(readers), snapshot, asked: false };
        read.lend(None).await?;
        Ok(read)
    }

    async fn lend(&mut self, turn: Option<Turn>) -> Result<(), Error> {
        let readers = &self.readers;
        let permit = tokio::time::timeout(readers.timeout, Arc::clone(&readers.free).acquire_owned()).await;
        let permit = permit.map_err(|_| Error::Busy)?.map_err(|_| Error::Closed)?;
        let reader = Some(readers.idle().pop().ok_or(Error::Busy)?);
        let pooled = PooledReader { reader, turn, _permit: permit, readers: Arc::clone(readers) };
        if self.snapshot {
            statement::run(&pooled.reader()?.session, &readers.file, "BEGIN", &[Vec::new()])?;
        }
        self.pooled = Some(pooled);
        Ok(())
    }

    /// Takes a turn, if this has none. It is waited for without a reader, behind which a snapshot begins anew.
    pub(crate) async fn turn(&mut self, whose: &str) -> Result<(), Error> {
        if !self.turn_at_once(whose)? {
            self.pooled = None;
            let turn = self.readers.turns.take(whose).await?;
            self.lend(Some(turn)).await?;
        }
        Ok(())
    }

    /// Takes a turn, if this has none and can have one without waiting. Says whether it has one.
    fn turn_at_once(&mut self, whose: &str) -> Result<bool, Error> {
        let pooled = self.pooled.as_mut().ok_or(Error::Closed)?;
        if pooled.turn.is_none() {
            pooled.turn = self.readers.turns.at_once(whose);
        }
        Ok(pooled.turn.is_some())
    }

    /// All rows of an answer.
    pub(crate) async fn all(&mut self, sql: &'static str, args: Vec<Arg>) -> Result<Vec<Row>, Error> {
        let pooled = self.pooled.as_ref().ok_or(Error::Closed)?;
        let watch = &pooled.reader()?.watch;
        watch.bounded();
        let found = pooled.all(sql, &args);
        if found.is_err() && watch.was_interrupted() {
            let whose = turns::whose(&args);
            if self.asked && !self.turn_at_once(whose)? {
                // Its snapshot is on a reader that others wait for.
                return Err(Error::Crowded);
            }
            self.turn(whose).await?;
            // What an operator asks about everything has the time that it needs.
            let longest = (!whose.is_empty()).then_some(self.readers.longest);
            return self.all_on_thread(sql, args, longest).await;
        }
        self.asked = true;
        found
    }

    /// The same on a thread of its own from the start.
    pub(crate) async fn all_on_thread(
        &mut self,
        sql: &'static str,
        args: Vec<Arg>,
        longest: Option<Duration>,
    ) -> Result<Vec<Row>, Error> {
        let pooled = self.pooled.take().ok_or(Error::Closed)?;
        let waits = pooled.reader()?.watch.waits();
        let reading = tokio::task::spawn_blocking(move || {
            let watch = &pooled.reader()?.watch;
            watch.limited(longest);
            let found = pooled.all(sql, &args);
            let too_long = found.is_err() && watch.was_too_long();
            let found = if too_long { Err(Error::TimedOut { database: pooled.readers.file.name() }) } else { found };
            Ok((pooled, found))
        });
        let (pooled, found) = reading.await.unwrap_or(Err(Error::Closed))?;
        waits.answered();
        self.pooled = Some(pooled);
        self.asked = true;
        found
    }
}
