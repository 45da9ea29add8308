//! PostgreSQL: two pools of connections, one for what callers ask for and a small one that is kept for what must not
//! wait behind them: the outcome of a refresh or a consent, and the question for the time.
//!
//! A read transaction is one snapshot (REPEATABLE READ, READ ONLY), as on SQLite. A write transaction is READ
//! COMMITTED: what two of them may not do at once is kept apart by unique rules, by comparing and setting in one
//! statement, and by [`Tx::alone`](crate::Tx::alone). docs/decisions/0013 says why, and which is which.

mod failure;
mod migrate;
mod options;
mod pool;
mod session;
mod statement;
#[cfg(test)]
mod tests;

pub(crate) use session::Session;

use crate::Error;
use options::Target;
use pool::Pool;
use session::{READ, WRITE};
use valetkey_domain::{Secret, Timestamp, time};

/// The server's clock, in milliseconds since 1970.
const NOW: &str = "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT) AS now";

/// Which database of which cluster it is, and the schema in it. A cluster that was copied as files has the same: the
/// installation's id and epoch tell that one apart.
const PLACE: &str = "SELECT 'postgresql:' || CAST((pg_control_system()).system_identifier AS TEXT) || ':'
    || CAST(oid AS TEXT) || ':' || coalesce(CAST(current_schema() AS TEXT), '') AS place
    FROM pg_database WHERE datname = current_database()";

/// An open database.
#[derive(Debug)]
pub(crate) struct Postgres {
    /// What callers share.
    shared: Pool,
    /// What waits for nobody but its own kind.
    reserved: Pool,
}

impl Postgres {
    /// Connects, brings the schema up to date, and opens the pools.
    pub(crate) async fn open(url: &Secret<str>) -> Result<Self, Error> {
        let target = Target::parse(url)?;
        migrate::bring_up_to_date(&target, crate::migrate::STEPS).await?;
        Ok(Self { shared: Pool::shared(&target), reserved: Pool::reserved(&target) })
    }

    /// One snapshot for several statements.
    pub(crate) async fn read(&self) -> Result<Session, Error> {
        self.shared.begin(READ).await
    }

    /// A connection for one statement, which is a snapshot of its own.
    pub(crate) async fn glance(&self) -> Result<Session, Error> {
        self.shared.take().await
    }

    pub(crate) async fn write(&self) -> Result<Session, Error> {
        self.shared.begin(WRITE).await
    }

    pub(crate) async fn write_reserved(&self) -> Result<Session, Error> {
        self.reserved.begin(WRITE).await
    }

    /// Where exactly the data is.
    pub(crate) async fn place(&self) -> Result<String, Error> {
        let mut session = self.shared.take().await?;
        let rows = session.all(PLACE, Vec::new()).await?;
        let row = rows.first().ok_or_else(|| Error::Defect { message: "the database is not among its own".into() })?;
        Ok(row.text("place")?.to_owned())
    }

    /// What the server's clock says.
    pub(crate) async fn now(&self) -> Result<Timestamp, Error> {
        let mut session = self.reserved.take().await?;
        let rows = session.all(NOW, Vec::new()).await?;
        let row = rows.first().ok_or_else(|| Error::Defect { message: "no time was told".into() })?;
        row.integer("now").map(time::from_millis)
    }
}
