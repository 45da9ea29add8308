//! PostgreSQL: two pools of connections, one for what callers ask for and a small one that is kept for what must not
//! wait behind them: the journal's groups, the outcome of a refresh or a consent, and the question for the time.
//!
//! A way to the server and back is what everything costs here. A connection comes back to its pool without one if it is
//! known to be outside of any transaction; a transaction begins together with its first lock; rows go in arrays.
//!
//! A read transaction is one snapshot (REPEATABLE READ, READ ONLY), as on SQLite. A write transaction is READ
//! COMMITTED: what two of them may not do at once is kept apart by unique rules, by comparing and setting in one
//! statement, and by [`Tx::alone`](crate::Tx::alone). docs/decisions/0013 says why, and which is which.

mod failure;
mod fitness;
mod link;
mod migrate;
mod options;
mod pool;
mod process_locks;
mod session;
mod statement;
#[cfg(test)]
mod tests;
mod trust;

pub(crate) use session::Session;

use crate::bulk::Bulk;
use crate::{Arg, Error};
use options::Target;
use pool::Pool;
use process_locks::ProcessLocks;
use statement::DbFuture;
use trust::Trust;
use valetkey_domain::id::ProcessId;
use valetkey_domain::{Secret, Timestamp, time};

/// The server's clock, in milliseconds since 1970.
const NOW: &str = "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT) AS now";

/// Which database of which cluster it is, and the schema in it. A cluster that was copied as files has the same: the
/// installation's id and epoch tell that one apart.
const IDENTITY: &str = "SELECT 'postgresql:' || CAST((pg_control_system()).system_identifier AS TEXT) || ':'
    || CAST(oid AS TEXT) || ':' || coalesce(CAST(current_schema() AS TEXT), '') AS place
    FROM pg_database WHERE datname = current_database()";

/// An open database.
#[derive(Debug)]
pub(crate) struct Postgres {
    /// What callers share.
    shared: Pool,
    /// What waits for nobody but its own kind.
    reserved: Pool,
    /// What shows that this process lives.
    process_locks: ProcessLocks,
}

impl Postgres {
    /// Connects, brings the schema up to date, and opens the pools.
    pub(crate) fn open(url: &Secret<str>) -> DbFuture<'_, Self> {
        Box::pin(async move {
            let target = Target::parse(url)?;
            migrate::bring_up_to_date(&target, crate::migrate::STEPS).await?;
            let trust = Trust::default();
            let (shared, reserved) = (Pool::shared(&target, &trust)?, Pool::reserved(&target, &trust)?);
            Ok(Self { shared, reserved, process_locks: ProcessLocks::new(&target) })
        })
    }

    /// Holds a process's lock from here on.
    pub(crate) fn add_process<'a>(&'a self, process: &'a str) -> DbFuture<'a, ()> {
        Box::pin(self.process_locks.add(process))
    }

    /// Which of these, whose locks are free, are gone.
    pub(crate) fn dead_processes(&self, seen: Vec<ProcessId>) -> Vec<ProcessId> {
        self.process_locks.dead(seen)
    }

    /// One snapshot for several statements.
    pub(crate) async fn read(&self) -> Result<Session, Error> {
        Session::read(&self.shared).await
    }

    /// A connection for one statement, which is a snapshot of its own.
    pub(crate) async fn glance(&self) -> Result<Session, Error> {
        Session::single(&self.shared).await
    }

    pub(crate) async fn write(&self) -> Result<Session, Error> {
        Session::write(&self.shared).await
    }

    pub(crate) async fn write_reserved(&self) -> Result<Session, Error> {
        Session::write(&self.reserved).await
    }

    /// Runs one statement over all these rows, and saves it with the same message.
    pub(crate) async fn apply(&self, bulk: &'static Bulk, rows: Vec<Vec<Arg>>) -> Result<(), Error> {
        Session::single(&self.reserved).await?.run_each(bulk, rows).await.map(drop)
    }

    /// Where exactly the data is.
    pub(crate) async fn identity(&self) -> Result<String, Error> {
        let mut session = self.glance().await?;
        let rows = session.all(IDENTITY, Vec::new()).await?;
        let row = rows.first().ok_or_else(|| Error::Defect { message: "the database is not among its own".into() })?;
        Ok(row.text("place")?.to_owned())
    }

    /// What the server's clock says. It is asked again and again, so the connections are looked after on the way.
    pub(crate) fn now(&self) -> DbFuture<'_, Timestamp> {
        Box::pin(async {
            self.process_locks.look().await;
            self.reserved.fill().await;
            self.shared.close_unused();
            let mut session = Session::single(&self.reserved).await?;
            let rows = session.all(NOW, Vec::new()).await?;
            let row = rows.first().ok_or_else(|| Error::Defect { message: "no time was told".into() })?;
            row.integer("now").map(time::from_millis)
        })
    }
}
