//! SQLite: one writer thread, a few readers, one process for each file.

mod connect;
mod database_file;
mod files;
mod fitness;
mod lock;
mod migrate;
mod reader;
mod session;
mod statement;
#[cfg(test)]
mod tests;
mod watch;
mod writer;

pub(crate) use connect::Options;
pub(crate) use reader::Read;
pub(crate) use writer::Write;

use crate::migrate::STEPS;
use crate::recent::Recent;
use crate::{Arg, Error};
use connect::connect;
use database_file::DatabaseFile;
use lock::{FileGuard, Lock};
use reader::Readers;
use session::Session;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use writer::Writer;

/// An open database file. The writer ends (its thread is joined) and the readers close before the lock is freed and a
/// temporary folder removed, which both of them guard until then.
#[derive(Debug)]
pub(crate) struct Sqlite {
    writer: Arc<Writer>,
    readers: Arc<Readers>,
    path: PathBuf,
}

impl Sqlite {
    /// Opens a file, or a temporary database if none is named.
    pub(crate) fn open(file: Option<&Path>, options: Options, recent: Arc<Recent>) -> Result<Self, Error> {
        let (path, folder) = files::locate(file)?;
        files::prepare(&path)?;
        let lasting = folder.is_none();
        let guard = Arc::new(FileGuard::new(Lock::take(&path)?, folder));
        let file = Arc::new(DatabaseFile { path, lasting });
        let connection = connect(&file, options)?;
        migrate::apply(&connection, &file, STEPS)?;
        let path = file.path.clone();
        let readers = (0..options.readers).map(|_| reader::connect(&file, options)).collect::<Result<_, _>>()?;
        let session = Session::new(connection);
        let writer = Writer::start(session, Arc::clone(&file), options.idle, recent, Arc::clone(&guard))?;
        let readers = Readers::new(readers, file, options, guard);
        Ok(Self { writer: Arc::new(writer), readers: Arc::new(readers), path })
    }

    /// The file itself, whatever its name: a copy is another.
    pub(crate) fn identity(&self) -> Result<String, Error> {
        let path = &self.path;
        let file = std::fs::metadata(path).map_err(|error| files::refused(path, &error))?;
        Ok(format!("sqlite:{}", file.ino()))
    }

    pub(crate) async fn read(&self) -> Result<Read, Error> {
        Read::begin(&self.readers).await
    }

    pub(crate) async fn glance(&self) -> Result<Read, Error> {
        Read::acquire(&self.readers).await
    }

    pub(crate) async fn write(&self) -> Result<Write, Error> {
        Write::begin(Arc::clone(&self.writer)).await
    }

    pub(crate) async fn apply(&self, sql: &'static str, each: Vec<Vec<Arg>>) -> Result<(), Error> {
        self.writer.apply(sql, each).await
    }
}
