//! The locks by which other processes know that this one lives: held on a connection of their own, so that the server
//! lets go of them at the moment at which the process ends, however it ends.

use super::failure;
use super::link::ACQUIRE;
use super::options::Target;
use crate::Error;
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Mutex as Turn;
use valetkey_domain::id::ProcessId;

/// How many connections this takes.
pub(super) const CONNECTIONS: usize = 1;

/// How long a process may be without its lock before it counts as dead: one that lives takes it again with the next look
/// at its clock, a second after its connection broke or the server was started again.
const GRACE: Duration = Duration::from_secs(3);

/// Takes a lock for as long as the connection lives.
const LOCK: &str = "SELECT pg_try_advisory_lock(hashtextextended(current_schema() || ' process ' || $1, 0))";

/// The locks of this process, and since when others have been seen without theirs.
pub(super) struct ProcessLocks {
    options: PgConnectOptions,
    name: String,
    locks: Turn<Locks>,
    missed: Mutex<HashMap<ProcessId, Instant>>,
}

#[derive(Default)]
struct Locks {
    processes: Vec<String>,
    connection: Option<PgConnection>,
}

impl std::fmt::Debug for ProcessLocks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ProcessLocks").field("name", &self.name).finish_non_exhaustive()
    }
}

impl ProcessLocks {
    pub(super) fn new(target: &Target) -> Self {
        let (options, name) = (target.options.clone(), target.name.clone());
        Self { options, name, locks: Turn::default(), missed: Mutex::default() }
    }

    /// Holds one more lock from here on.
    pub(super) async fn add(&self, process: &str) -> Result<(), Error> {
        let mut locks = self.locks.lock().await;
        locks.processes.push(process.to_owned());
        // All of them anew: a lock that the connection has is taken once more, and goes with it all the same.
        self.acquire(&mut locks).await
    }

    /// Takes the locks again if their connection is lost. What doesn't succeed now is tried by the next look.
    pub(super) async fn look(&self) {
        let mut locks = self.locks.lock().await;
        if locks.processes.is_empty() {
            return;
        }
        if let Some(connection) = &mut locks.connection {
            if matches!(tokio::time::timeout(ACQUIRE, connection.ping()).await, Ok(Ok(()))) {
                return;
            }
            locks.connection = None;
        }
        drop(self.acquire(&mut locks).await);
    }

    /// Which of these, seen without their locks just now, have been without them for long enough.
    pub(super) fn dead(&self, seen: Vec<ProcessId>) -> Vec<ProcessId> {
        let mut missed = self.missed.lock().unwrap_or_else(PoisonError::into_inner);
        missed.retain(|process, _| seen.contains(process));
        let now = Instant::now();
        let long = |process: &ProcessId| *missed.entry(process.clone()).or_insert(now) + GRACE <= now;
        seen.into_iter().filter(long).collect()
    }

    async fn acquire(&self, locks: &mut Locks) -> Result<(), Error> {
        let Locks { processes, connection } = locks;
        let acquired = tokio::time::timeout(ACQUIRE, locked(&self.options, connection.take(), processes)).await;
        let acquired = acquired.map_err(|_| failure::unreachable(&self.name))?;
        *connection = Some(acquired.map_err(|error| failure::on_connecting(&self.name, &error))?);
        Ok(())
    }
}

/// A connection that holds the locks. One that the server still gives to a connection of ours that broke is taken by a
/// later look: until then that one holds it.
async fn locked(
    options: &PgConnectOptions,
    connection: Option<PgConnection>,
    processes: &[String],
) -> Result<PgConnection, sqlx::Error> {
    let mut connection = match connection {
        Some(connection) => connection,
        None => PgConnection::connect_with(options).await?,
    };
    for process in processes {
        let got: bool = sqlx::query_scalar(LOCK).bind(process).fetch_one(&mut connection).await?;
        if !got {
            let error = std::io::Error::other("the lock is still held by an earlier connection");
            return Err(sqlx::Error::Io(error));
        }
    }
    Ok(connection)
}

#[cfg(test)]
mod tests;
