//! SQLite: one writer thread, a few readers, one process for each file.

mod files;
mod fitness;
mod lock;
mod migrate;
mod place;
mod reader;
mod session;
mod statement;
#[cfg(test)]
mod tests;
mod writer;

use place::Place;
pub(crate) use reader::Read;
pub(crate) use writer::Write;

use crate::migrate::STEPS;
use crate::{Arg, Error};
use reader::Readers;
use rusqlite::Connection;
use session::Session;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use writer::Writer;

/// Limits of the store; tests shorten them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Options {
    /// How long a write transaction may go without a statement.
    pub(crate) idle: Duration,
    /// How long to wait for a lock that another program holds, and for a free reader.
    pub(crate) patience: Duration,
    /// How many readers there are. They run on the caller's thread, so more than a few buy nothing.
    pub(crate) readers: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { idle: Duration::from_secs(5), patience: Duration::from_secs(2), readers: 4 }
    }
}

/// An open database file. Fields are dropped in this order: the writer ends (its thread is joined), the readers close,
/// and only then the lock is freed and a temporary folder removed.
#[derive(Debug)]
pub(crate) struct Sqlite {
    writer: Writer,
    readers: Readers,
    path: PathBuf,
    _lock: lock::Lock,
    _folder: Option<tempfile::TempDir>,
}

impl Sqlite {
    /// Opens a file, or a temporary database if none is named.
    pub(crate) fn open(file: Option<&Path>, options: Options) -> Result<Self, Error> {
        let (path, folder) = files::locate(file)?;
        files::prepare(&path)?;
        let lock = lock::Lock::take(&path)?;
        let place = Arc::new(Place { path, lasting: folder.is_none() });
        let connection = connect(&place, options)?;
        migrate::apply(&connection, &place, STEPS)?;
        let path = place.path.clone();
        let readers = (0..options.readers).map(|_| reader::connect(&place, options)).collect::<Result<_, _>>()?;
        Ok(Self {
            writer: Writer::start(Session::new(connection), Arc::clone(&place), options.idle)?,
            readers: Readers::new(readers, place, options.patience),
            path,
            _lock: lock,
            _folder: folder,
        })
    }

    /// The file itself, whatever its name: a copy is another.
    pub(crate) fn place(&self) -> Result<String, Error> {
        let path = &self.path;
        let file = std::fs::metadata(path).map_err(|error| files::refused(path, &error))?;
        Ok(format!("sqlite:{}", file.ino()))
    }

    pub(crate) async fn read(self: &Arc<Self>) -> Result<Read, Error> {
        Read::begin(Arc::clone(self)).await
    }

    pub(crate) async fn glance(self: &Arc<Self>) -> Result<Read, Error> {
        Read::lend(Arc::clone(self)).await
    }

    pub(crate) async fn write(self: &Arc<Self>) -> Result<Write, Error> {
        Write::begin(Arc::clone(self)).await
    }

    pub(crate) async fn apply(&self, sql: &'static str, each: Vec<Vec<Arg>>) -> Result<(), Error> {
        self.writer.apply(sql, each).await
    }
}

/// Opens the file for writing.
fn connect(place: &Place, options: Options) -> Result<Connection, Error> {
    let connection = Connection::open(&place.path).map_err(|error| place.failure(&error))?;
    connection.set_prepared_statement_cache_capacity(statement::CACHED);
    connection.busy_timeout(options.patience).map_err(|error| place.failure(&error))?;
    // What a savepoint sets aside stays in memory: the system's folder for temporary files is slower, and none of ours.
    statement::batch(
        &connection,
        place,
        "PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY;",
    )?;
    // FULL: what was acknowledged survives a power cut. A temporary database has nothing that should.
    statement::batch(
        &connection,
        place,
        if place.lasting { "PRAGMA synchronous = FULL" } else { "PRAGMA synchronous = OFF" },
    )?;
    Ok(connection)
}
