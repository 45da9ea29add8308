//! Rows whose changes are counted, so that the journal can say after which change it has seen a row, and what the row
//! was then. A row that somebody put back as it was earlier has counted less than the journal.
//!
//! What a row *is* are its columns that nothing changes without a record: what it is for, who may use it, in which state
//! it is. Not among them are times of use and of the next refresh, leases, refusals of a refresh, wrapped keys and the sealed
//! bytes of users' tokens, which rotations write anew; of those it says only whether they are there, for older ones do not
//! open beside a newer generation.
//!
//! This is the operator's and the journal's, and knows no `Ctx`: each row says whose it is.

use crate::{Arg, Error, Row, Tx, args};
use serde_json::{Value, json};
use std::sync::LazyLock;

/// A kind of row whose changes are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `environments`
    Environment,
    /// `data_keys`
    DataKey,
    /// `signing_keys`
    SigningKey,
    /// `api_clients`, each with its secrets
    Client,
    /// `connections`
    Connection,
    /// `connected_accounts`
    Account,
    /// `mcp_configs`, each with its mappings
    Config,
    /// `mcp_instances`
    Instance,
    /// `members`
    Member,
    /// `webhooks`
    Webhook,
    /// `organizations`
    Organization,
    /// `providers`
    Provider,
}

/// A row after some change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// How many of its changes the journal tells of, this one included.
    pub changes: i64,
    /// What it is, as text that says each column and the rows that belong to it. It names people: digest it.
    pub text: String,
}

/// A row as it is found.
#[derive(Clone, Debug)]
pub struct CountedRow {
    /// Its id.
    pub id: String,
    /// Its environment's id; empty if environments share it.
    pub environment: String,
    /// What it is.
    pub state: State,
}

/// A table of such rows.
struct Table {
    name: &'static str,
    environment: &'static str,
    columns: &'static str,
    /// The table of rows that belong to a row of this one: its columns, its name, the column that says to which row.
    parts: Option<(&'static str, &'static str, &'static str)>,
}

/// What is asked of a table.
struct Statements {
    count: String,
    get: String,
    catch_up: String,
    page: String,
    total: String,
    parts: Option<String>,
}

/// How many columns say whose a row is and how often it changed: they come before those that say what it is.
const HEAD: usize = 3;

const TABLES: [(Kind, Table); 12] = [
    (
        Kind::Environment,
        // What nobody has chosen is said as it was before there was such a choice.
        Table::of(
            "environments",
            "id",
            "name, CASE WHEN brand_colour IS NOT NULL OR brand_logo IS NOT NULL
                 THEN COALESCE(display_name, '') || '; ' || COALESCE(user_verify_mode, '') || '; '
                      || COALESCE(user_verify_url, '') || '; ' || COALESCE(brand_colour, '') || '; '
                      || COALESCE(brand_logo, '')
             WHEN user_verify_mode IS NULL AND user_verify_url IS NULL THEN display_name
             ELSE COALESCE(display_name, '') || '; ' || COALESCE(user_verify_mode, '') || '; '
                  || COALESCE(user_verify_url, '') END AS display_name",
        ),
    ),
    (Kind::DataKey, Table::of("data_keys", "environment_id", "environment_id, purpose, generation")),
    (Kind::SigningKey, Table::of("signing_keys", "''", "public_jwk, retired_at")),
    (
        Kind::Client,
        Table {
            parts: Some(("id, hash, expires_at", "api_client_secrets", "client_id")),
            ..Table::of("api_clients", "environment_id", "environment_id, name, scopes, version")
        },
    ),
    (
        Kind::Connection,
        Table::of(
            "connections",
            "environment_id",
            "environment_id, name, connector, settings, enabled, revision, client_secret",
        ),
    ),
    (
        Kind::Account,
        Table::of(
            "connected_accounts",
            "environment_id",
            "environment_id, connection_id, identifier, organization_id, user_id, status, reason, scopes, subject,
             subject_name, audience, generation, refreshable, expires_at, api_config,
             CAST(CASE WHEN credential IS NULL THEN 0 ELSE 1 END AS BIGINT) AS has_credential",
        ),
    ),
    (
        Kind::Config,
        Table {
            parts: Some(("position, connection_id, tools", "mcp_config_mappings", "config_id")),
            ..Table::of(
                "mcp_configs",
                "environment_id",
                "environment_id, uuid, name,
                 CASE WHEN options = '{}' THEN description ELSE description || '; ' || options END AS description, version",
            )
        },
    ),
    (
        Kind::Instance,
        Table::of("mcp_instances", "environment_id", "environment_id, config_id, identifier, name, url_generation"),
    ),
    (Kind::Member, Table::of("members", "''", "name, role, password")),
    (
        Kind::Webhook,
        // Sealed bytes are written anew by rotations; where events go is what counts.
        Table::of("webhooks", "environment_id", "environment_id, url, description, kinds, paused"),
    ),
    (
        Kind::Organization,
        Table::of(
            "organizations",
            "environment_id",
            "environment_id, display_name, external_id, slug, logo_url, metadata, revision",
        ),
    ),
    (
        Kind::Provider,
        Table::of(
            "providers",
            "environment_id",
            "environment_id, CASE WHEN tools_digest = '' THEN slug ELSE slug || '; ' || tools_digest END AS slug,
             display_name, description, icon_src, proxy_url, proxy_enabled, auth_patterns, metadata, revision",
        ),
    ),
];

static STATEMENTS: LazyLock<Vec<(Kind, Statements)>> =
    LazyLock::new(|| TABLES.iter().map(|(kind, table)| (*kind, table.statements())).collect());

impl Kind {
    /// All of them, those that others refer to first.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLES.iter().map(|(kind, _)| *kind)
    }

    /// The name of its table.
    #[must_use]
    pub fn table(self) -> &'static str {
        TABLES.iter().find(|(kind, _)| *kind == self).map_or("", |(_, table)| table.name)
    }

    fn statements(self) -> Result<&'static Statements, Error> {
        let found = STATEMENTS.iter().find(|(kind, _)| *kind == self);
        found.map(|(_, statements)| statements).ok_or_else(|| Error::Defect { message: "rows of no table".into() })
    }
}

/// Counts a change of a row that was made in this transaction, and gives what the row is now; none if it is gone.
///
/// # Errors
/// The database cannot be written.
pub async fn count(tx: &mut Tx, kind: Kind, id: &str) -> Result<Option<State>, Error> {
    let found = tx.one(&kind.statements()?.count, args![id]).await?;
    match found {
        Some(row) => Ok(Some(with_parts(tx, kind, &row).await?.state)),
        None => Ok(None),
    }
}

/// How many rows of this kind there are.
///
/// # Errors
/// The database cannot be read.
pub async fn total(tx: &mut Tx, kind: Kind) -> Result<u64, Error> {
    let row = tx.one(&kind.statements()?.total, []).await?;
    Ok(row.map_or(Ok(0), |row| row.integer("n"))?.try_into().unwrap_or(0))
}

/// The next `size` rows of this kind behind an id, in the order of their ids.
///
/// # Errors
/// The database cannot be read.
pub async fn page(tx: &mut Tx, kind: Kind, behind: &str, size: i64) -> Result<Vec<CountedRow>, Error> {
    let rows = tx.all(&kind.statements()?.page, args![behind, size]).await?;
    let mut page = Vec::with_capacity(rows.len());
    for row in rows {
        page.push(with_parts(tx, kind, &row).await?);
    }
    Ok(page)
}

/// The row of this kind and id.
///
/// # Errors
/// The database cannot be read.
pub async fn get(tx: &mut Tx, kind: Kind, id: &str) -> Result<Option<CountedRow>, Error> {
    match tx.one(&kind.statements()?.get, args![id]).await? {
        Some(row) => with_parts(tx, kind, &row).await.map(Some),
        None => Ok(None),
    }
}

/// Lets a row count on from `newest`, the newest change that the journal tells of, if it has counted less.
///
/// # Errors
/// The database cannot be written.
pub async fn catch_up(tx: &mut Tx, kind: Kind, id: &str, newest: i64) -> Result<(), Error> {
    tx.run(&kind.statements()?.catch_up, args![id, newest]).await.map(drop)
}

/// A row with what belongs to it.
async fn with_parts(tx: &mut Tx, kind: Kind, row: &Row) -> Result<CountedRow, Error> {
    let id = row.text("id")?.to_owned();
    let mut parts = Vec::new();
    if let Some(sql) = &kind.statements()?.parts {
        parts = tx.all(sql, args![&id]).await?.into_iter().map(|part| values(part, 0)).collect();
    }
    let (environment, changes) = (row.text("environment")?.to_owned(), row.integer("changes")?);
    let text = json!([kind.table(), id, values(row.clone(), HEAD), parts]).to_string();
    Ok(CountedRow { id, environment, state: State { changes, text } })
}

/// The values behind the first few columns.
fn values(row: Row, skipped: usize) -> Value {
    let said = |value: Arg| match value {
        Arg::Null => Value::Null,
        Arg::Text(text) => Value::String(text),
        Arg::Integer(number) => number.into(),
        Arg::Bytes(bytes) => json!({ "bytes": bytes }),
    };
    row.into_values().into_iter().skip(skipped).map(said).collect()
}

impl Table {
    const fn of(name: &'static str, environment: &'static str, columns: &'static str) -> Self {
        Self { name, environment, columns, parts: None }
    }

    fn statements(&self) -> Statements {
        let Self { name, environment, columns, parts } = self;
        let columns = format!("id, {environment} AS environment, changes, {columns}");
        Statements {
            count: format!("UPDATE {name} SET changes = changes + 1 WHERE id = $1 RETURNING {columns}"),
            get: format!("SELECT {columns} FROM {name} WHERE id = $1"),
            catch_up: format!("UPDATE {name} SET changes = $2 WHERE id = $1 AND changes < $2"),
            page: format!("SELECT {columns} FROM {name} WHERE id > $1 ORDER BY id LIMIT $2"),
            total: format!("SELECT count(*) AS n FROM {name}"),
            parts: parts.map(|(columns, part, of)| {
                let order = columns.split(',').next().unwrap_or(of);
                format!("SELECT {columns} FROM {part} WHERE {of} = $1 ORDER BY {order}")
            }),
        }
    }
}

/// All that is asked.
#[cfg(test)]
pub(crate) fn texts() -> Vec<&'static str> {
    let of = |(_, all): &'static (Kind, Statements)| {
        let Statements { count, get, catch_up, page, total, parts } = all;
        [count, get, catch_up, page, total].into_iter().chain(parts).map(String::as_str)
    };
    STATEMENTS.iter().flat_map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    async fn only(tx: &mut Tx, kind: Kind) -> CountedRow {
        let mut page = page(tx, kind, "", 9).await.unwrap();
        assert_eq!((page.len() as u64, page.len()), (total(tx, kind).await.unwrap(), 1), "{}", kind.table());
        page.remove(0)
    }

    #[tokio::test]
    async fn a_change_is_counted_and_what_the_row_is_then_is_what_is_found_later() {
        let db = fixture::two_environments().await;
        let mut tx = db.store.write().await.unwrap();
        let (connection, config, instance) = fixture::chain(&db.ours, &mut tx).await;
        for (kind, id) in [
            (Kind::Connection, connection.id.as_str()),
            (Kind::Config, config.id.as_str()),
            (Kind::Instance, instance.id.as_str()),
        ] {
            assert_eq!(only(&mut tx, kind).await.state.changes, 0);
            let first = count(&mut tx, kind, id).await.unwrap().unwrap();
            let second = count(&mut tx, kind, id).await.unwrap().unwrap();
            assert_eq!((first.changes, second.changes, &first.text), (1, 2, &second.text));
            let found = only(&mut tx, kind).await;
            assert_eq!((found.environment.as_str(), found.state), (db.ours.environment.as_str(), second));
        }
        assert_eq!(count(&mut tx, Kind::Config, "cfg_gone").await.unwrap(), None);
    }

    #[tokio::test]
    async fn every_kind_can_be_asked_for_and_says_what_belongs_to_its_rows() {
        let db = fixture::two_environments().await;
        let mut tx = db.store.write().await.unwrap();
        fixture::chain(&db.ours, &mut tx).await;
        for kind in Kind::all() {
            page(&mut tx, kind, "", 9).await.unwrap();
        }
        let before = only(&mut tx, Kind::Config).await.state.text;
        tx.run("UPDATE mcp_config_mappings SET tools = '[\"more\"]'", []).await.unwrap();
        assert_ne!(only(&mut tx, Kind::Config).await.state.text, before);
    }

    #[tokio::test]
    async fn what_is_written_without_a_record_is_no_part_of_what_a_row_is() {
        let db = fixture::two_environments().await;
        let mut tx = db.store.write().await.unwrap();
        fixture::chain(&db.ours, &mut tx).await;
        let before = only(&mut tx, Kind::Instance).await.state;
        tx.run("UPDATE mcp_instances SET last_used_at = 7, updated_at = 7", []).await.unwrap();
        assert_eq!(only(&mut tx, Kind::Instance).await.state, before);
        tx.run("UPDATE mcp_instances SET url_generation = url_generation + 1", []).await.unwrap();
        assert_ne!(only(&mut tx, Kind::Instance).await.state, before);
    }
}
