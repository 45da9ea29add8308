//! Where the database is, and the kinds of transaction it gives.

use crate::database::{Database, Glance};
use crate::fitness::Fitness;
use crate::postgres::Postgres;
use crate::recent::Recent;
use crate::recent_read::RecentRead;
use crate::sqlite::{Options, Sqlite};
use crate::tx::{Backend, all_storable};
use crate::{Arg, Bulk, Error, Metrics, Tx, processes};
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use tokio::time::Instant;
use valetkey_domain::id::ProcessId;
use valetkey_domain::{Secret, Timestamp};

/// Where the data is kept.
#[derive(Clone, Debug)]
pub enum Location {
    /// Nowhere for long: a private temporary folder that goes with the store. A file, because SQLite's shared memory
    /// databases lock whole tables between readers and the writer and know no WAL, so tests would see another store
    /// than users do.
    Memory,
    /// An SQLite file; it and its folder are made if they aren't there, readable by this user only.
    File(PathBuf),
    /// A PostgreSQL database by its URL, which is a secret: it holds a password. What the URL leaves out is taken from
    /// the variables of libpq (`PGSSLMODE`).
    Postgres(Arc<Secret<str>>),
}

impl From<Secret<str>> for Location {
    fn from(url: Secret<str>) -> Self {
        Self::Postgres(Arc::new(url))
    }
}

/// The open database. Clones share it; when the last clone and the last [`Tx`] are gone it is closed, and the lock on a
/// file is free again.
#[derive(Clone, Debug)]
pub struct Store {
    database: Database,
    recent: Arc<Recent>,
    metrics: Metrics,
    processes: Arc<RwLock<Vec<Arc<ProcessId>>>>,
}

impl Store {
    /// Opens the database and brings its schema up to date. A file is locked against other processes; of a PostgreSQL
    /// database there may be many.
    ///
    /// # Errors
    /// In use by another process, not a Valetkey database, made by a newer one, read-only, disk full, locked, not
    /// reached, no such database: each a variant of its own. Nothing is changed by a refusal.
    pub async fn open(location: &Location) -> Result<Self, Error> {
        match location {
            Location::Memory => Self::sqlite(None, Options::default()),
            Location::File(path) => Self::sqlite(Some(path), Options::default()),
            Location::Postgres(url) => {
                let postgres = Arc::new(Postgres::open(url).await?);
                Ok(Self::of(Database::Postgres(postgres), Arc::default()))
            }
        }
    }

    fn sqlite(file: Option<&PathBuf>, options: Options) -> Result<Self, Error> {
        let recent = Arc::<Recent>::default();
        let sqlite = Sqlite::open(file.map(PathBuf::as_path), options, Arc::clone(&recent))?;
        Ok(Self::of(Database::Sqlite(Arc::new(sqlite)), recent))
    }

    fn of(database: Database, recent: Arc<Recent>) -> Self {
        Self { database, recent, metrics: Metrics::default(), processes: Arc::default() }
    }

    /// What it counts, for whoever makes it part of a registry.
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Whether no other process can have the database open: what a process left undone that had it before is then
    /// nobody's any more.
    #[must_use]
    pub const fn is_exclusive(&self) -> bool {
        matches!(self.database, Database::Sqlite(_))
    }

    /// Holds this process's lock from here on, as long as the store is open: others know by it that the process lives.
    /// What is held beyond a transaction (a lease) is held in its name, the newest where there are several.
    ///
    /// # Errors
    /// The database is not reached.
    pub async fn add_process(&self, process: &ProcessId) -> Result<(), Error> {
        if let Database::Postgres(postgres) = &self.database {
            self.metrics.noted(postgres.add_process(process.as_str()).await)?;
        }
        self.processes.write().unwrap_or_else(PoisonError::into_inner).push(Arc::new(process.clone()));
        Ok(())
    }

    /// The processes that are on the list of those that serve here and are no more: their locks are free. On PostgreSQL one
    /// whose connection was cut gets some seconds to come back: it is given only if an earlier call found its lock free
    /// too.
    ///
    /// # Errors
    /// The database is not reached.
    pub async fn dead(&self) -> Result<Vec<ProcessId>, Error> {
        let mut tx = self.glance().await?;
        match &self.database {
            Database::Sqlite(_) => {
                let listed = processes::with_lock(&mut tx).await?;
                let ours = self.processes.read().unwrap_or_else(PoisonError::into_inner);
                Ok(listed.into_iter().filter(|id| ours.iter().all(|held| **held != *id)).collect())
            }
            Database::Postgres(postgres) => Ok(postgres.dead_processes(processes::without_lock(&mut tx).await?)),
        }
    }

    fn process(&self) -> Option<Arc<ProcessId>> {
        self.processes.read().unwrap_or_else(PoisonError::into_inner).last().cloned()
    }

    /// Where exactly the data is, as far as the system beneath can tell a copy from it. Two databases that are there at
    /// the same time never have the same.
    ///
    /// # Errors
    /// The file is gone, or the database is not reached.
    pub async fn identity(&self) -> Result<String, Error> {
        match &self.database {
            Database::Sqlite(sqlite) => sqlite.identity(),
            Database::Postgres(postgres) => postgres.identity().await,
        }
    }

    /// Begins reading: one snapshot from the first statement on. Dropping it ends it.
    ///
    /// # Errors
    /// [`Error::Busy`] if all connections stay taken; the database is not reached.
    pub async fn read(&self) -> Result<Tx, Error> {
        self.begun(match &self.database {
            Database::Sqlite(sqlite) => sqlite.read().await.map(Backend::SqliteRead),
            Database::Postgres(postgres) => postgres.read().await.map(Backend::PostgresRead),
        })
    }

    /// Reads with one statement, which needs no transaction around it: on PostgreSQL a third of the way to the server
    /// and back. A second statement is refused.
    ///
    /// # Errors
    /// As [`Store::read`].
    pub async fn glance(&self) -> Result<Tx, Error> {
        let glance = self.database.glance().await;
        let begun = self.begun(glance.map(|glance| match glance {
            Glance::Sqlite(read) => Backend::SqliteRead(read),
            Glance::Postgres(session) => Backend::PostgresRead(session),
        }));
        begun.map(Tx::once)
    }

    /// The same where what was read within the last second is good enough, as long as this process has not changed
    /// anything since: for what is looked at with every call. Once a change is committed here, what it changed is seen.
    #[must_use]
    pub fn recent(&self) -> Tx {
        let read = RecentRead { recent: Arc::clone(&self.recent), database: self.database.clone() };
        self.tx(Backend::Recent(read)).once()
    }

    /// Begins writing. Commit saves, drop rolls back. On SQLite writes are one after another; on PostgreSQL they are
    /// side by side, and [`Tx::alone`] keeps apart what must not be.
    ///
    /// # Errors
    /// Locked by another program, read-only, disk full, closed, not reached.
    pub async fn write(&self) -> Result<Tx, Error> {
        self.begun(match &self.database {
            Database::Sqlite(sqlite) => sqlite.write().await.map(Backend::SqliteWrite),
            Database::Postgres(postgres) => postgres.write().await.map(Backend::PostgresWrite),
        })
    }

    /// Begins writing what exists nowhere else yet (the tokens that a refresh brought): on PostgreSQL over connections
    /// that are kept for this, so that no crowd of callers is in its way.
    ///
    /// # Errors
    /// As [`Store::write`].
    pub async fn write_reserved(&self) -> Result<Tx, Error> {
        self.begun(match &self.database {
            Database::Sqlite(sqlite) => sqlite.write().await.map(Backend::SqliteWrite),
            Database::Postgres(postgres) => postgres.write_reserved().await.map(Backend::PostgresWrite),
        })
    }

    fn begun(&self, backend: Result<Backend, Error>) -> Result<Tx, Error> {
        self.metrics.noted(backend).map(|backend| self.tx(backend))
    }

    fn tx(&self, backend: Backend) -> Tx {
        Tx::new(backend, self.metrics.clone(), self.process(), Arc::clone(&self.recent))
    }

    /// What the database's clock says; none for a file, which has one process, whose clock is the database's.
    ///
    /// # Errors
    /// The database is not reached.
    pub async fn now(&self) -> Result<Option<Timestamp>, Error> {
        match &self.database {
            Database::Sqlite(_) => Ok(None),
            Database::Postgres(postgres) => postgres.now().await.map(Some),
        }
    }

    /// How the database beneath is doing: room, settings, damage. On SQLite every page of the file is read.
    ///
    /// # Errors
    /// It cannot be asked.
    pub async fn fitness(&self) -> Result<Fitness, Error> {
        let found = match &self.database {
            Database::Sqlite(sqlite) => sqlite.fitness().await.map(Fitness::File),
            Database::Postgres(postgres) => postgres.fitness().await.map(Fitness::Server),
        };
        self.metrics.noted(found)
    }

    /// Runs one statement over rows and saves that: for writes that need no answer on the way, in fewer steps than
    /// [`Store::write`], and on PostgreSQL over a connection that is kept for this. On return it is on disk.
    /// They append: what was read a moment ago ([`Store::recent`]) still stands.
    ///
    /// # Errors
    /// Nothing was saved, as for [`Store::write`] and [`Tx::commit`].
    pub async fn apply(&self, bulk: &'static Bulk, rows: Vec<Vec<Arg>>) -> Result<(), Error> {
        let rows = all_storable(rows)?;
        let begun = Instant::now();
        let saved = match &self.database {
            Database::Sqlite(sqlite) => sqlite.apply(bulk.over_one(), rows).await,
            Database::Postgres(postgres) => postgres.apply(bulk, rows).await,
        };
        self.metrics.committed(begun.elapsed());
        self.metrics.noted(saved)
    }
}

/// A store on SQLite with limits of a test's own.
#[cfg(test)]
pub(crate) fn on_sqlite(file: Option<&PathBuf>, options: Options) -> Result<Store, Error> {
    Store::sqlite(file, options)
}
