//! The processes that serve on this database, each with a row that it renews while it lives.

use crate::row::json_text;
use crate::webhooks::queues;
use crate::{Error, Row, Tx, args, closings, revocations};
use valetkey_domain::Timestamp;
use valetkey_domain::id::ProcessId;

/// A process as it showed itself last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// Its id, new at each start.
    pub id: ProcessId,
    /// The roots that it can open data keys with.
    pub roots: Vec<String>,
    /// Whether it knows, or was told by one that knows, that this database is the one.
    pub admitted: bool,
    /// When it started.
    pub started_at: Timestamp,
    /// When it was there last.
    pub seen_at: Timestamp,
}

/// Shows a process: its row is added or renewed. Whether it was admitted is set where it is new or knows it is; one
/// that was vouched for stays admitted.
///
/// # Errors
/// The database cannot be written.
pub async fn show(tx: &mut Tx, process: &Process) -> Result<(), Error> {
    let sql = "INSERT INTO processes (id, roots, admitted, started_at, seen_at, holds_lock)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (id) DO UPDATE SET roots = excluded.roots, seen_at = excluded.seen_at,
            holds_lock = excluded.holds_lock,
            admitted = CASE WHEN excluded.admitted = 1 THEN 1 ELSE processes.admitted END";
    let (roots, holds_lock) = (json_text(&process.roots)?, tx.process().is_some());
    let values = args![&process.id, roots, process.admitted, process.started_at, process.seen_at, holds_lock];
    tx.run(sql, values).await.map(drop)
}

/// Vouches for every process that was there since then: this database is the one that the caller serves on.
///
/// # Errors
/// The database cannot be written.
pub async fn admit_live(tx: &mut Tx, since: Timestamp) -> Result<u64, Error> {
    tx.run("UPDATE processes SET admitted = 1 WHERE admitted = 0 AND seen_at >= $1", args![since]).await
}

/// Whether this process has been admitted.
///
/// # Errors
/// The database cannot be read.
pub async fn admitted(tx: &mut Tx, id: &ProcessId) -> Result<bool, Error> {
    let row = tx.one("SELECT id FROM processes WHERE id = $1 AND admitted = 1", args![id]).await?;
    Ok(row.is_some())
}

/// All that were there since then, oldest first.
///
/// # Errors
/// The database cannot be read.
pub async fn live(tx: &mut Tx, since: Timestamp) -> Result<Vec<Process>, Error> {
    let sql = "SELECT * FROM processes WHERE seen_at >= $1 ORDER BY id";
    tx.all(sql, args![since]).await?.iter().map(read).collect()
}

/// The processes that are known to hold a lock while they live.
pub(crate) async fn with_lock(tx: &mut Tx) -> Result<Vec<ProcessId>, Error> {
    let rows = tx.all("SELECT id FROM processes WHERE holds_lock = 1 ORDER BY id", []).await?;
    rows.iter().map(|row| row.fit("processes", |row| row.parsed("id"))).collect()
}

/// Those of them whose lock nobody holds. Of PostgreSQL alone, which keeps the two halves of a lock's number apart.
pub(crate) async fn without_lock(tx: &mut Tx) -> Result<Vec<ProcessId>, Error> {
    let sql = "SELECT p.id FROM processes p WHERE p.holds_lock = 1 AND NOT EXISTS (
            SELECT 1 FROM pg_locks l WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
            AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
            AND ((CAST(l.classid AS BIGINT) << 32) | CAST(l.objid AS BIGINT))
                = hashtextextended(current_schema() || ' process ' || p.id, 0))
        ORDER BY p.id";
    let rows = tx.all(sql, []).await?;
    rows.iter().map(|row| row.fit("processes", |row| row.parsed("id"))).collect()
}

/// Removes a process that ends, and those that were last there before then.
///
/// # Errors
/// The database cannot be written.
pub async fn leave(tx: &mut Tx, id: &ProcessId, before: Timestamp) -> Result<(), Error> {
    tx.run("DELETE FROM processes WHERE id = $1 OR seen_at < $2", args![id, before]).await.map(drop)
}

/// Takes a process that died off the list: the closings, revocations and webhooks' queues that it held may be claimed at once. What else it
/// held has to be told in the journal (`doors::abandoned_refreshes_of`, `doors::interrupted_exchanges_of`).
///
/// # Errors
/// The database cannot be written.
pub async fn remove_dead(tx: &mut Tx, id: &ProcessId, now: Timestamp) -> Result<(), Error> {
    closings::release(tx, id.as_str(), now).await?;
    revocations::release(tx, id.as_str(), now).await?;
    queues::release(tx, id.as_str(), now).await?;
    tx.run("DELETE FROM processes WHERE id = $1", args![id]).await.map(drop)
}

/// Removes all: for a database that one process holds alone.
///
/// # Errors
/// The database cannot be written.
pub async fn clear(tx: &mut Tx) -> Result<(), Error> {
    tx.run("DELETE FROM processes", []).await.map(drop)
}

fn read(row: &Row) -> Result<Process, Error> {
    row.fit("processes", |row| {
        Ok(Process {
            id: row.parsed("id")?,
            roots: row.json("roots")?,
            admitted: row.flag("admitted")?,
            started_at: row.timestamp("started_at")?,
            seen_at: row.timestamp("seen_at")?,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Location, Store, fixture};
    use std::time::Duration;

    #[tokio::test]
    async fn a_process_is_live_while_it_shows_itself_and_admitted_once_vouched_for() {
        let db = fixture::two_environments().await;
        let mut tx = db.store.write().await.unwrap();
        let now = fixture::now();
        let process = |id: &str, admitted| Process {
            id: ProcessId::parse(id).unwrap(),
            roots: vec!["root".into()],
            admitted,
            started_at: now,
            seen_at: now,
        };
        let (old, new) = (process("proc_1", true), process("proc_2", false));
        show(&mut tx, &old).await.unwrap();
        show(&mut tx, &new).await.unwrap();
        assert_eq!(live(&mut tx, now).await.unwrap(), [old.clone(), new.clone()]);
        assert!(!admitted(&mut tx, &new.id).await.unwrap());
        assert_eq!(admit_live(&mut tx, now).await.unwrap(), 1);
        // Shown again as it saw itself before: what another said of it stays.
        show(&mut tx, &new).await.unwrap();
        assert!(admitted(&mut tx, &new.id).await.unwrap());
        let later = Process { seen_at: now + Duration::from_secs(9), ..new };
        show(&mut tx, &later).await.unwrap();
        assert_eq!(live(&mut tx, now + Duration::from_secs(1)).await.unwrap().len(), 1);
        leave(&mut tx, &old.id, now).await.unwrap();
        assert_eq!(live(&mut tx, now).await.unwrap().len(), 1);
        clear(&mut tx).await.unwrap();
        assert!(live(&mut tx, now).await.unwrap().is_empty());
    }

    /// On a file, which has one process, whoever is on the list beside it is dead.
    #[tokio::test]
    async fn on_a_file_every_other_process_is_dead() {
        let store = Store::open(&Location::Memory).await.unwrap();
        let ours = ProcessId::parse("proc_2").unwrap();
        store.add_process(&ours).await.unwrap();
        let mut tx = store.write().await.unwrap();
        for id in ["proc_1", "proc_2"] {
            let (id, now) = (ProcessId::parse(id).unwrap(), fixture::now());
            let process = Process { id, roots: vec![], admitted: true, started_at: now, seen_at: now };
            show(&mut tx, &process).await.unwrap();
        }
        tx.commit().await.unwrap();
        let dead = store.dead().await.unwrap();
        assert_eq!(dead, [ProcessId::parse("proc_1").unwrap()]);
        let mut tx = store.write().await.unwrap();
        remove_dead(&mut tx, &dead[0], fixture::now()).await.unwrap();
        tx.commit().await.unwrap();
        assert!(store.dead().await.unwrap().is_empty());
    }
}
