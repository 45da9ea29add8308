//! Where the database is, and the two kinds of transaction it gives.

use crate::sqlite::{Options, Sqlite};
use crate::tx::Backend;
use crate::{Error, Tx};
use std::path::PathBuf;
use std::sync::Arc;

/// Where the data is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// Nowhere for long: a private temporary folder that goes with the store. A file, because SQLite's shared memory
    /// databases lock whole tables between readers and the writer and know no WAL, so tests would see another store
    /// than users do.
    Memory,
    /// An SQLite file; it and its folder are made if they aren't there, readable by this user only.
    File(PathBuf),
}

/// The open database. Clones share it; when the last clone and the last [`Tx`] are gone it is closed and its lock is
/// free again.
#[derive(Clone, Debug)]
pub struct Store {
    sqlite: Arc<Sqlite>,
}

impl Store {
    /// Opens the database, locks it against other processes and brings its schema up to date.
    ///
    /// # Errors
    /// In use by another process, not a Valetkey database, made by a newer one, read-only, disk full, locked: each a
    /// variant of its own. Nothing is changed by a refusal.
    pub async fn open(location: &Location) -> Result<Self, Error> {
        Self::open_with(location, Options::default())
    }

    pub(crate) fn open_with(location: &Location, options: Options) -> Result<Self, Error> {
        Ok(Self { sqlite: Arc::new(Sqlite::open(location, options)?) })
    }

    /// Begins reading: one snapshot from the first statement on. Dropping it ends it.
    ///
    /// # Errors
    /// [`Error::Busy`] if all readers stay taken.
    pub async fn read(&self) -> Result<Tx, Error> {
        self.sqlite.read().await.map(|read| Tx::new(Backend::SqliteRead(read)))
    }

    /// Begins writing, once those before have finished. Commit saves, drop rolls back.
    ///
    /// # Errors
    /// Locked by another program, read-only, disk full, closed.
    pub async fn write(&self) -> Result<Tx, Error> {
        self.sqlite.write().await.map(|write| Tx::new(Backend::SqliteWrite(write)))
    }
}
