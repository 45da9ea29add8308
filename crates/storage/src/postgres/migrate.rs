//! Bringing a PostgreSQL schema up to date. An advisory lock lets one process at a time do so: of two that start
//! together the second finds nothing left to do.

use super::failure;
use super::options::Target;
use crate::Error;
use crate::migrate::{LEDGER, Missing, SchemaState, Step, missing};
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row};

/// What is told to this connection alone: a step may take its time, and another process that takes one is waited for.
const SESSION_SETTINGS: &str = "SET statement_timeout = 0; SET lock_timeout = '60s'; SET client_min_messages = warning;
    SET default_transaction_read_only = off";

/// Held until the connection closes.
const LOCK: &str = "SELECT pg_advisory_lock(hashtextextended('valetkey schema ' || current_schema(), 0))";

/// What stands in the schema that the URL leads to; what came with an extension belongs to nobody.
const RELATIONS: &str = "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
    AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')";

const OURS: &str = "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema() AND tablename = 'schema_steps'";

const HAS_META: &str = "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema() AND tablename = 'meta'";

const MIN_READER: &str = "SELECT coalesce(max(CAST(value AS BIGINT)), 0) FROM meta WHERE name = 'min_reader'";

/// Applies the steps that are missing, each in a transaction of its own.
///
/// # Errors
/// No connection; a schema that is not there, of something else, or of a newer binary; a step failed.
pub(super) async fn bring_up_to_date(target: &Target, steps: &[Step]) -> Result<(), Error> {
    let mut migration = Migration { connection: target.connect().await?, name: &target.name };
    let done = migration.run(steps).await;
    // Whatever becomes of this, the lock goes with the connection.
    drop(migration.connection.close().await);
    done
}

struct Migration<'a> {
    connection: PgConnection,
    name: &'a str,
}

impl Migration<'_> {
    async fn run(&mut self, steps: &[Step]) -> Result<(), Error> {
        self.batch(SESSION_SETTINGS).await?;
        if self.number("SELECT count(*) FROM (SELECT current_schema() AS s) AS now WHERE s IS NOT NULL").await? == 0 {
            return Err(Error::NoSchema { database: self.name.into() });
        }
        self.batch(LOCK).await?;
        if self.number(OURS).await? == 0 && self.number(RELATIONS).await? > 0 {
            return Err(Error::Foreign { database: self.name.into() });
        }
        self.batch(LEDGER).await?;
        let applied = self.number("SELECT coalesce(max(number), 0) FROM schema_steps").await?;
        let min_reader = if self.number(HAS_META).await? == 0 { 0 } else { self.number(MIN_READER).await? };
        for missing in missing(steps, SchemaState { applied, min_reader }, self.name)? {
            self.apply(&missing).await?;
        }
        Ok(())
    }

    async fn apply(&mut self, missing: &Missing<'_>) -> Result<(), Error> {
        // Several statements in one message are one transaction only where it says so.
        let sql = format!("BEGIN;\n{}\n;{} COMMIT;", missing.step.postgres, missing.note());
        let applied = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut self.connection).await;
        applied.map(drop).map_err(|error| self.failure(&error))
    }

    async fn batch(&mut self, sql: &'static str) -> Result<(), Error> {
        let done = sqlx::raw_sql(sql).execute(&mut self.connection).await;
        done.map(drop).map_err(|error| self.failure(&error))
    }

    async fn number(&mut self, sql: &'static str) -> Result<i64, Error> {
        let row = sqlx::query(sql).fetch_one(&mut self.connection).await;
        row.and_then(|row| row.try_get(0)).map_err(|error| self.failure(&error))
    }

    fn failure(&self, error: &sqlx::Error) -> Error {
        failure::meaning(self.name, error)
    }
}
