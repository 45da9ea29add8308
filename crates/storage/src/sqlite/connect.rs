//! Opening a connection to the file, and the limits of the store.

use super::database_file::DatabaseFile;
use super::statement;
use crate::Error;
use rusqlite::Connection;
use std::time::Duration;

/// Limits of the store; tests shorten them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Options {
    /// How long a write transaction may go without a statement.
    pub(crate) idle: Duration,
    /// How long to wait for a lock that another program holds, for a free reader, and for a turn.
    pub(crate) timeout: Duration,
    /// How many readers there are. They run on the caller's thread, so more than a few buy nothing. Half of them at most
    /// read what takes long.
    pub(crate) readers: usize,
    /// How long an environment's statement may take.
    pub(crate) longest: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            idle: Duration::from_secs(5),
            timeout: Duration::from_secs(2),
            readers: 6,
            longest: Duration::from_secs(5),
        }
    }
}

/// Opens the file for writing.
pub(crate) fn connect(file: &DatabaseFile, options: Options) -> Result<Connection, Error> {
    let connection = Connection::open(&file.path).map_err(|error| file.failure(&error))?;
    connection.set_prepared_statement_cache_capacity(statement::CACHED);
    connection.busy_timeout(options.timeout).map_err(|error| file.failure(&error))?;
    // What a savepoint sets aside stays in memory: the system's folder for temporary files is slower, and none of ours.
    statement::batch(
        &connection,
        file,
        "PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY;",
    )?;
    // FULL: what was acknowledged survives a power cut. A temporary database has nothing that should.
    statement::batch(
        &connection,
        file,
        if file.lasting { "PRAGMA synchronous = FULL" } else { "PRAGMA synchronous = OFF" },
    )?;
    Ok(connection)
}
