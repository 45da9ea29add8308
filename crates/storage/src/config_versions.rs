//! The versions of MCP configs, each kept as it was: a session token keeps to the one that it was made under.

use crate::{Error, Row, Tx, args};
use valetkey_domain::config::{Mapping, Options};
use valetkey_domain::id::ConfigId;
use valetkey_domain::{Ctx, Timestamp};

/// Keeps a config as it is now, under its version.
///
/// # Errors
/// This version is kept already, or the database cannot be written.
pub(crate) async fn keep(ctx: &Ctx, tx: &mut Tx, config: &ConfigId) -> Result<(), Error> {
    let sql = "INSERT INTO mcp_config_versions (config_id, version, environment_id, description, created_at, options)
        SELECT id, version, environment_id, description, updated_at, options FROM mcp_configs WHERE environment_id = $1 AND id = $2";
    tx.run(sql, args![&ctx.environment, config]).await?;
    let sql =
        "INSERT INTO mcp_config_version_mappings (config_id, version, position, environment_id, connection_id, tools)
        SELECT c.id, c.version, m.position, c.environment_id, m.connection_id, m.tools
        FROM mcp_configs c JOIN mcp_config_mappings m ON m.config_id = c.id AND m.environment_id = c.environment_id
        WHERE c.environment_id = $1 AND c.id = $2";
    tx.run(sql, args![&ctx.environment, config]).await?;
    Ok(())
}

/// What is kept of a version beside its mappings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Its number.
    pub version: i64,
    /// What the config was for.
    pub description: String,
    /// What it said beside its connections.
    pub options: Options,
    /// When it was made.
    pub created_at: Timestamp,
    /// How many connections it has, with those that are gone.
    pub connections: usize,
}

/// A config's versions, newest first: so many of those before a number, or of all.
///
/// # Errors
/// The database cannot be read.
pub async fn list(
    ctx: &Ctx,
    tx: &mut Tx,
    config: &ConfigId,
    before: Option<i64>,
    size: u32,
) -> Result<Vec<Kept>, Error> {
    let sql = "SELECT v.version, v.description, v.created_at, v.options,
          (SELECT count(*) FROM mcp_config_version_mappings m WHERE m.config_id = v.config_id AND m.version = v.version)
          AS connections
        FROM mcp_config_versions v
        WHERE v.environment_id = $1 AND v.config_id = $2 AND v.version < $3 ORDER BY v.version DESC LIMIT $4";
    let before = before.unwrap_or(i64::MAX);
    let rows = tx.all(sql, args![&ctx.environment, config, before, i64::from(size)]).await?;
    rows.iter().map(read_kept).collect()
}

/// One of them.
///
/// # Errors
/// The database cannot be read.
pub async fn get(ctx: &Ctx, tx: &mut Tx, config: &ConfigId, version: i64) -> Result<Option<Kept>, Error> {
    let found = list(ctx, tx, config, version.checked_add(1), 1).await?;
    Ok(found.into_iter().find(|kept| kept.version == version))
}

fn read_kept(row: &Row) -> Result<Kept, Error> {
    row.fit("mcp_config_versions", |row| {
        Ok(Kept {
            version: row.integer("version")?,
            description: row.text("description")?.into(),
            options: row.json("options")?,
            created_at: row.timestamp("created_at")?,
            connections: usize::try_from(row.integer("connections")?).unwrap_or(usize::MAX),
        })
    })
}

/// The mappings of a config at a version, without those whose connection is gone; none if there is no such version.
///
/// # Errors
/// The database cannot be read.
pub async fn mappings(ctx: &Ctx, tx: &mut Tx, config: &ConfigId, version: i64) -> Result<Option<Vec<Mapping>>, Error> {
    let sql =
        "SELECT 1 AS there FROM mcp_config_versions WHERE environment_id = $1 AND config_id = $2 AND version = $3";
    if tx.one(sql, args![&ctx.environment, config, version]).await?.is_none() {
        return Ok(None);
    }
    let sql =
        "SELECT m.config_id AS id, m.connection_id, m.tools, c.name, c.connector FROM mcp_config_version_mappings m
        JOIN connections c ON c.id = m.connection_id AND c.environment_id = m.environment_id
        WHERE m.environment_id = $1 AND m.config_id = $2 AND m.version = $3 ORDER BY m.position";
    let rows = tx.all(sql, args![&ctx.environment, config, version]).await?;
    let read = |row: &Row| row.fit("mcp_config_version_mappings", read_mapping);
    rows.iter().map(read).collect::<Result<_, _>>().map(Some)
}

fn read_mapping(row: &Row) -> Result<Mapping, Error> {
    Ok(Mapping {
        connection: row.parsed("connection_id")?,
        connection_name: row.parsed("name")?,
        connector: row.text("connector")?.into(),
        tools: row.json("tools")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{configs, fixture};

    #[tokio::test]
    async fn every_version_stays_as_it_was_until_its_config_goes() {
        let there = fixture::two_environments().await;
        let mut tx = there.store.write().await.unwrap();
        let (_, mut config, _) = fixture::chain(&there.ours, &mut tx).await;
        let first = config.mappings.clone();
        config.mappings[0].tools = vec!["gmail_send_message".into()];
        assert!(configs::update(&there.ours, &mut tx, &config).await.unwrap());
        assert_eq!(mappings(&there.ours, &mut tx, &config.id, 1).await.unwrap(), Some(first));
        assert_eq!(mappings(&there.ours, &mut tx, &config.id, 2).await.unwrap(), Some(config.mappings));
        assert_eq!(mappings(&there.ours, &mut tx, &config.id, 3).await.unwrap(), None);
        assert_eq!(mappings(&there.theirs, &mut tx, &config.id, 1).await.unwrap(), None);
        assert!(configs::delete(&there.ours, &mut tx, &config.id).await.unwrap());
        assert_eq!(mappings(&there.ours, &mut tx, &config.id, 1).await.unwrap(), None);
    }
}
