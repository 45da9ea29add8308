//! How many rows of a kind an environment has. Each change is made in the transaction that adds or removes the rows, so
//! that a total is exact without counting.

use crate::{Error, Tx, args};
use valetkey_domain::Ctx;

/// Connected accounts.
pub(crate) const ACCOUNTS: &str = "accounts";
/// Connections.
pub(crate) const CONNECTIONS: &str = "connections";
/// MCP configs.
pub(crate) const CONFIGS: &str = "configs";
/// Organisations.
pub(crate) const ORGANIZATIONS: &str = "organizations";
/// Custom providers.
pub(crate) const PROVIDERS: &str = "providers";
/// MCP instances.
pub(crate) const INSTANCES: &str = "instances";

/// Adds to a counter; a negative number takes away.
pub(crate) async fn add(ctx: &Ctx, tx: &mut Tx, name: &str, by: i64) -> Result<(), Error> {
    let sql = "INSERT INTO counters (environment_id, name, value) VALUES ($1, $2, $3)
        ON CONFLICT (environment_id, name) DO UPDATE SET value = counters.value + excluded.value";
    tx.run(sql, args![&ctx.environment, name, by]).await.map(drop)
}

/// What a counter says; 0 if it was never touched.
pub(crate) async fn value(ctx: &Ctx, tx: &mut Tx, name: &str) -> Result<u64, Error> {
    let sql = "SELECT value FROM counters WHERE environment_id = $1 AND name = $2";
    let row = tx.one(sql, args![&ctx.environment, name]).await?;
    let value = row.map_or(Ok(0), |row| row.integer("value"))?;
    Ok(u64::try_from(value).unwrap_or(0))
}
