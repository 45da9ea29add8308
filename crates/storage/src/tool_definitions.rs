//! The definitions of remote servers' tools that a config has seen: accepted, or waiting for a person's word.

use crate::bulk::Bulk;
use crate::{Error, Row, Tx, args};
use std::sync::LazyLock;
use valetkey_domain::id::{ConfigId, ConnectionId};
use valetkey_domain::{Ctx, Timestamp};

/// How many definitions a config remembers of one connection; more are held back and not written down.
pub const MOST: usize = 3_000;

/// A definition that was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The connection whose server listed it.
    pub connection: ConnectionId,
    /// The tool's name, as it is served.
    pub name: String,
    /// The digest of all that a model is told of it, as hexadecimal digits.
    pub digest: String,
    /// Whether it may be shown and called.
    pub accepted: bool,
    /// What a model is told of it, as JSON.
    pub definition: String,
    /// When it was seen first.
    pub seen_at: Timestamp,
}

static PUT: LazyLock<Bulk> = LazyLock::new(|| {
    Bulk::new(
        "config_id connection_id name digest environment_id accepted:n definition seen_at:n",
        "INSERT INTO tool_definitions (config_id, connection_id, name, digest, environment_id, accepted, definition, seen_at)
         SELECT c.id, n.id, given.name, given.digest, c.environment_id, given.accepted, given.definition, given.seen_at
         FROM given
         JOIN mcp_configs c ON c.id = given.config_id AND c.environment_id = given.environment_id
         JOIN connections n ON n.id = given.connection_id AND n.environment_id = given.environment_id
         WHERE 1 = 1 ON CONFLICT DO NOTHING",
    )
});

/// Adds definitions that were not seen before; gives how many.
///
/// # Errors
/// The database cannot be written.
pub async fn insert(ctx: &Ctx, tx: &mut Tx, config: &ConfigId, seen: &[Seen]) -> Result<u64, Error> {
    let row = |one: &Seen| {
        let accepted = i64::from(one.accepted);
        let values = args![
            config,
            &one.connection,
            &one.name,
            &one.digest,
            &ctx.environment,
            accepted,
            &one.definition,
            one.seen_at
        ];
        values.into()
    };
    tx.run_each(&PUT, seen.iter().map(row).collect()).await
}

/// What a config has seen of a connection's server: name, digest and whether it was accepted.
///
/// # Errors
/// The database cannot be read.
pub async fn digests(
    ctx: &Ctx,
    tx: &mut Tx,
    config: &ConfigId,
    connection: &ConnectionId,
) -> Result<Vec<(String, String, bool)>, Error> {
    let sql = "SELECT config_id AS id, name, digest, accepted FROM tool_definitions
        WHERE config_id = $2 AND connection_id = $3 AND environment_id = $1 LIMIT $4";
    let most = i64::try_from(MOST).unwrap_or(i64::MAX);
    let rows = tx.all(sql, args![&ctx.environment, config, connection, most]).await?;
    let read = |row: &Row| {
        row.fit("tool_definitions", |row| {
            Ok((row.text("name")?.into(), row.text("digest")?.into(), row.integer("accepted")? != 0))
        })
    };
    rows.iter().map(read).collect()
}

/// A definition that waits for a person's word, without what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// The connection whose server listed it.
    pub connection: ConnectionId,
    /// The tool's name, as it is served.
    pub name: String,
    /// The digest of all that a model is told of it, as hexadecimal digits.
    pub digest: String,
    /// When it was seen first.
    pub seen_at: Timestamp,
    /// Whether another definition of the tool was accepted.
    pub changed: bool,
}

/// What waits in a config, by connection, name and digest: of one tool, or of all.
///
/// # Errors
/// The database cannot be read.
pub async fn waiting(
    ctx: &Ctx,
    tx: &mut Tx,
    config: &ConfigId,
    tool: Option<&str>,
    behind: (&str, &str, &str),
    size: i64,
) -> Result<Vec<Waiting>, Error> {
    let (connection, name, digest) = behind;
    let sql = "SELECT w.config_id AS id, w.connection_id, w.name, w.digest, w.seen_at,
          CAST(CASE WHEN EXISTS (SELECT 1 FROM tool_definitions a WHERE a.config_id = w.config_id
            AND a.connection_id = w.connection_id AND a.name = w.name AND a.accepted = 1) THEN 1 ELSE 0 END AS BIGINT) AS changed
        FROM tool_definitions w
        WHERE w.config_id = $2 AND w.environment_id = $1 AND w.accepted = 0 AND (CAST($3 AS TEXT) IS NULL OR w.name = $3)
          AND (w.connection_id > $4 OR (w.connection_id = $4 AND (w.name > $5 OR (w.name = $5 AND w.digest > $6))))
        ORDER BY w.connection_id, w.name, w.digest LIMIT $7";
    let rows = tx.all(sql, args![&ctx.environment, config, tool, connection, name, digest, size]).await?;
    rows.iter().map(|row| row.fit("tool_definitions", read_waiting)).collect()
}

/// What of a tool was seen last of all that waits in a config.
///
/// # Errors
/// The database cannot be read.
pub async fn last_waiting(ctx: &Ctx, tx: &mut Tx, config: &ConfigId, tool: &str) -> Result<Option<Waiting>, Error> {
    let sql = "SELECT w.config_id AS id, w.connection_id, w.name, w.digest, w.seen_at,
          CAST(CASE WHEN EXISTS (SELECT 1 FROM tool_definitions a WHERE a.config_id = w.config_id
            AND a.connection_id = w.connection_id AND a.name = w.name AND a.accepted = 1) THEN 1 ELSE 0 END AS BIGINT) AS changed
        FROM tool_definitions w
        WHERE w.config_id = $2 AND w.environment_id = $1 AND w.accepted = 0 AND w.name = $3
        ORDER BY w.seen_at DESC, w.digest LIMIT 1";
    let row = tx.one(sql, args![&ctx.environment, config, tool]).await?;
    row.map(|row| row.fit("tool_definitions", read_waiting)).transpose()
}

/// How many definitions wait in a config.
///
/// # Errors
/// The database cannot be read.
pub async fn count_waiting(ctx: &Ctx, tx: &mut Tx, config: &ConfigId) -> Result<i64, Error> {
    let sql =
        "SELECT count(*) AS n FROM tool_definitions WHERE config_id = $2 AND environment_id = $1 AND accepted = 0";
    let row = tx.one(sql, args![&ctx.environment, config]).await?;
    row.map_or(Ok(0), |row| row.integer("n"))
}

/// What a definition that waits says, as JSON, and what was accepted last of its tool.
///
/// # Errors
/// The database cannot be read.
pub async fn texts(
    ctx: &Ctx,
    tx: &mut Tx,
    config: &ConfigId,
    waiting: &Waiting,
) -> Result<Option<(String, Option<String>)>, Error> {
    let sql = "SELECT w.config_id AS id, w.definition AS now, (SELECT a.definition FROM tool_definitions a
          WHERE a.config_id = w.config_id AND a.connection_id = w.connection_id AND a.name = w.name AND a.accepted = 1
          ORDER BY a.seen_at DESC, a.digest LIMIT 1) AS before
        FROM tool_definitions w
        WHERE w.config_id = $2 AND w.connection_id = $3 AND w.name = $4 AND w.digest = $5 AND w.environment_id = $1";
    let values = args![&ctx.environment, config, &waiting.connection, &waiting.name, &waiting.digest];
    let row = tx.one(sql, values).await?;
    let read = |row: Row| {
        row.fit("tool_definitions", |row| {
            Ok((row.text("now")?.into(), row.optional_text("before")?.map(str::to_owned)))
        })
    };
    row.map(read).transpose()
}

fn read_waiting(row: &Row) -> Result<Waiting, Error> {
    Ok(Waiting {
        connection: row.parsed("connection_id")?,
        name: row.text("name")?.into(),
        digest: row.text("digest")?.into(),
        seen_at: row.timestamp("seen_at")?,
        changed: row.integer("changed")? != 0,
    })
}

/// Accepts what waits under this digest; false if nothing waits so. What was accepted of the tool before stays accepted.
///
/// # Errors
/// The database cannot be written.
pub async fn accept(ctx: &Ctx, tx: &mut Tx, config: &ConfigId, waiting: &Waiting) -> Result<bool, Error> {
    let sql = "UPDATE tool_definitions SET accepted = 1 WHERE config_id = $2 AND connection_id = $3 AND name = $4
        AND digest = $5 AND environment_id = $1 AND accepted = 0";
    let values = args![&ctx.environment, config, &waiting.connection, &waiting.name, &waiting.digest];
    Ok(tx.run(sql, values).await? == 1)
}

/// Forgets all that a config has seen, so that what its servers list next is accepted.
///
/// # Errors
/// The database cannot be written.
pub async fn forget(ctx: &Ctx, tx: &mut Tx, config: &ConfigId) -> Result<u64, Error> {
    let sql = "DELETE FROM tool_definitions WHERE config_id = $2 AND environment_id = $1";
    tx.run(sql, args![&ctx.environment, config]).await
}
