//! The versions of MCP configs, each kept as it was: a session token keeps to the one that it was made under.

use crate::{Error, Row, Tx, args};
use valetkey_domain::Ctx;
use valetkey_domain::config::Mapping;
use valetkey_domain::id::ConfigId;

/// Keeps a config as it is now, under its version.
///
/// # Errors
/// This version is kept already, or the database cannot be written.
pub(crate) async fn keep(ctx: &Ctx, tx: &mut Tx, config: &ConfigId) -> Result<(), Error> {
    let sql = "INSERT INTO mcp_config_versions (config_id, version, environment_id, description, created_at)
        SELECT id, version, environment_id, description, updated_at FROM mcp_configs WHERE environment_id = $1 AND id = $2";
    tx.run(sql, args![&ctx.environment, config]).await?;
    let sql =
        "INSERT INTO mcp_config_version_mappings (config_id, version, position, environment_id, connection_id, tools)
        SELECT c.id, c.version, m.position, c.environment_id, m.connection_id, m.tools
        FROM mcp_configs c JOIN mcp_config_mappings m ON m.config_id = c.id AND m.environment_id = c.environment_id
        WHERE c.environment_id = $1 AND c.id = $2";
    tx.run(sql, args![&ctx.environment, config]).await?;
    Ok(())
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
