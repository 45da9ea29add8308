//! Looking for a user's instance on a config, to make it if there is none.

use super::read;
use crate::{Error, Tx, args};
use valetkey_domain::Ctx;
use valetkey_domain::id::ConfigId;
use valetkey_domain::instance::McpInstance;
use valetkey_domain::name::{ConfigName, Identifier, InstanceName};

/// A config and a user's instance on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnConfig {
    /// The config's id.
    pub config: ConfigId,
    /// The config's name.
    pub config_name: ConfigName,
    /// The user's instance of the name that was asked for, or the oldest if none was; none if there is none.
    pub instance: Option<McpInstance>,
}

/// The config of exactly this name with the user's instance on it, in one statement. None if there is no such config.
///
/// # Errors
/// The database cannot be read.
pub async fn find_on_config(
    ctx: &Ctx,
    tx: &mut Tx,
    config: &str,
    identifier: &Identifier,
    name: Option<&InstanceName>,
) -> Result<Option<OnConfig>, Error> {
    let sql = "SELECT t.*, c.id AS found_id, c.name AS config_name FROM mcp_configs c
        LEFT JOIN mcp_instances t ON t.environment_id = c.environment_id AND t.config_id = c.id
            AND t.id = (SELECT min(i.id || '') FROM mcp_instances i WHERE i.config_id = c.id AND i.identifier = $3
                AND (CAST($4 AS TEXT) IS NULL OR i.name = $4))
        WHERE c.environment_id = $1 AND c.name = $2";
    let Some(row) = tx.one(sql, args![&ctx.environment, config, identifier, name]).await? else { return Ok(None) };
    let instance = row.optional_text("id")?.is_some().then(|| read(&row)).transpose()?;
    row.fit("mcp_configs", |row| {
        Ok(Some(OnConfig { config: row.parsed("found_id")?, config_name: row.parsed("config_name")?, instance }))
    })
}
