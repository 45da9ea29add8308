//! MCP configs with their mappings.

use crate::list::{MAX_SIZE, containing};
use crate::row::json_text;
use crate::walk::{self, ListQuery, Source, Texts, Total};
use crate::{Arg, Bulk, Error, Listed, Page, Row, Tx, args, config_versions, counters, instances};
use std::sync::LazyLock;
use uuid::Uuid;
use valetkey_domain::Ctx;
use valetkey_domain::config::{Mapping, McpConfig};
use valetkey_domain::id::{ConfigId, ConnectionId};
use valetkey_domain::name::{ConfigName, Identifier};

/// Which configs a list shows; what is absent filters nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// The exact id.
    pub id: Option<ConfigId>,
    /// The whole name, ignoring case.
    pub name: Option<String>,
    /// The exact slug of a connector that one of its mappings uses.
    pub connector: Option<String>,
    /// The UUID of its static URL.
    pub uuid: Option<Uuid>,
    /// Text that the name holds, ignoring case.
    pub search: Option<String>,
}

const SOURCE: Source = Source {
    prefix: ConfigId::PREFIX,
    table: "mcp_configs",
    columns: "t.*",
    joins: "",
    always: "",
    looked_at: ", t.name, t.uuid",
    fits: "(CAST($5 AS TEXT) IS NULL OR w.name = $5) AND (CAST($6 AS TEXT) IS NULL OR w.uuid = $6)
        AND (CAST($7 AS TEXT) IS NULL OR EXISTS (SELECT 1 FROM mcp_config_mappings m
            JOIN connections c ON c.id = m.connection_id AND c.environment_id = m.environment_id
            WHERE m.config_id = w.id AND m.environment_id = $1 AND c.connector = $7))
        AND (CAST($8 AS TEXT) IS NULL OR w.name LIKE $8 ESCAPE '\\')",
    filters: 4,
    newest_first: false,
};

static ALL: LazyLock<Texts> = LazyLock::new(|| SOURCE.by(walk::ALL));

static BY_ID: LazyLock<Texts> = LazyLock::new(|| SOURCE.by_few("t.environment_id = $1 AND t.id = KEY"));

static BY_UUID: LazyLock<Texts> = LazyLock::new(|| SOURCE.by_few("t.environment_id = $1 AND t.uuid = KEY"));

static BY_NAME: LazyLock<Texts> = LazyLock::new(|| SOURCE.by_few("t.environment_id = $1 AND t.name = KEY"));

/// All texts.
#[cfg(test)]
pub(crate) fn texts() -> Vec<&'static str> {
    [&ALL, &BY_ID, &BY_UUID, &BY_NAME].into_iter().flat_map(|list| list.all()).collect()
}

/// Adds a config with its mappings.
///
/// # Errors
/// The name is taken, or a mapped connection isn't in this environment.
pub async fn insert(ctx: &Ctx, tx: &mut Tx, config: &McpConfig) -> Result<(), Error> {
    let sql =
        "INSERT INTO mcp_configs (environment_id, id, uuid, name, description, version, created_at, updated_at, options)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let values = args![
        &ctx.environment,
        &config.id,
        config.uuid.to_string(),
        &config.name,
        &config.description,
        config.version,
        config.created_at,
        config.updated_at,
        json_text(&config.options)?,
    ];
    tx.run(sql, values).await?;
    map(ctx, tx, config).await?;
    config_versions::keep(ctx, tx, &config.id).await?;
    counters::add(ctx, tx, counters::CONFIGS, 1).await
}

/// The config of this id.
///
/// # Errors
/// The database cannot be read.
pub async fn get(ctx: &Ctx, tx: &mut Tx, id: &ConfigId) -> Result<Option<McpConfig>, Error> {
    let sql = "SELECT * FROM mcp_configs WHERE environment_id = $1 AND id = $2";
    let row = tx.one(sql, args![&ctx.environment, id]).await?;
    with_parts(ctx, tx, row).await
}

/// How many names [`names`] gives: enough for a word to be found near, and no more than a glance costs.
const NAMES: i64 = 1000;

/// The names of the environment's oldest configs, at most a thousand.
///
/// # Errors
/// The database cannot be read.
pub async fn names(ctx: &Ctx, tx: &mut Tx) -> Result<Vec<ConfigName>, Error> {
    let sql = "SELECT name FROM mcp_configs WHERE environment_id = $1 ORDER BY id LIMIT $2";
    let rows = tx.all(sql, args![&ctx.environment, NAMES]).await?;
    rows.iter().map(|row| row.fit("mcp_configs", |row| row.parsed("name"))).collect()
}

/// The config of exactly this name.
///
/// # Errors
/// The database cannot be read.
pub async fn by_name(ctx: &Ctx, tx: &mut Tx, name: &str) -> Result<Option<McpConfig>, Error> {
    let sql = "SELECT * FROM mcp_configs WHERE environment_id = $1 AND name = $2";
    let row = tx.one(sql, args![&ctx.environment, name]).await?;
    with_parts(ctx, tx, row).await
}

/// A page of the environment's configs.
///
/// # Errors
/// The database cannot be read.
pub async fn list(ctx: &Ctx, tx: &mut Tx, filter: &Filter, page: &Page) -> Result<Listed<McpConfig>, Error> {
    // Config names are lower case by their rule, so folding what is asked is enough.
    let mut name = filter.name.as_deref().map(str::to_ascii_lowercase);
    let mut uuid = filter.uuid.map(|uuid| uuid.to_string());
    let (texts, key) = if let Some(id) = &filter.id {
        (&BY_ID, Some(Arg::from(id)))
    } else if let Some(uuid) = uuid.take() {
        (&BY_UUID, Some(Arg::from(uuid)))
    } else if let Some(name) = name.take() {
        (&BY_NAME, Some(Arg::from(name)))
    } else {
        (&ALL, None)
    };
    let fits = args![name, uuid, filter.connector.as_deref(), filter.search.as_deref().map(containing)];
    let asked = ListQuery::by(texts, vec![key], fits.into());
    let mut listed = asked.page(ctx, tx, page, MAX_SIZE, Total::Kept(counters::CONFIGS)).await?.read(read)?;
    for config in &mut listed.items {
        config.mappings = mappings(ctx, tx, &config.id).await?;
    }
    Ok(listed)
}

/// Changes description, mappings and options over the version that `config` was read at, and raises the version; each version is
/// kept as it was. False if
/// somebody else changed or removed it meanwhile.
///
/// # Errors
/// A mapped connection isn't in this environment.
pub async fn update(ctx: &Ctx, tx: &mut Tx, config: &McpConfig) -> Result<bool, Error> {
    let sql = "UPDATE mcp_configs SET description = $4, updated_at = $5, options = $6, version = version + 1
        WHERE environment_id = $1 AND id = $2 AND version = $3";
    let options = json_text(&config.options)?;
    let values = args![&ctx.environment, &config.id, config.version, &config.description, config.updated_at, options];
    if tx.run(sql, values).await? == 0 {
        return Ok(false);
    }
    let sql = "DELETE FROM mcp_config_mappings WHERE environment_id = $1 AND config_id = $2";
    tx.run(sql, args![&ctx.environment, &config.id]).await?;
    map(ctx, tx, config).await?;
    config_versions::keep(ctx, tx, &config.id).await?;
    Ok(true)
}

/// Removes a config with its mappings and instances; false if there is none.
///
/// # Errors
/// The database cannot be written.
pub async fn delete(ctx: &Ctx, tx: &mut Tx, id: &ConfigId) -> Result<bool, Error> {
    instances::alone(tx, id).await?;
    // Row by row, not by the cascade: only so is it known how many went, and not with another request.
    let sql = "DELETE FROM mcp_instances WHERE config_id IN
        (SELECT id FROM mcp_configs WHERE environment_id = $1 AND id = $2)";
    let instances = i64::try_from(tx.run(sql, args![&ctx.environment, id]).await?).unwrap_or(i64::MAX);
    let sql = "DELETE FROM mcp_configs WHERE environment_id = $1 AND id = $2";
    let gone = tx.run(sql, args![&ctx.environment, id]).await? == 1;
    if gone {
        counters::add(ctx, tx, counters::CONFIGS, -1).await?;
        counters::add(ctx, tx, counters::INSTANCES, -instances).await?;
    }
    Ok(gone)
}

static MAP: LazyLock<Bulk> = LazyLock::new(|| {
    Bulk::new(
        "environment_id config_id position:n connection_id tools",
        "INSERT INTO mcp_config_mappings (environment_id, config_id, position, connection_id, tools)
         SELECT c.environment_id, given.config_id, given.position, c.id, given.tools
         FROM given JOIN connections c ON c.environment_id = given.environment_id AND c.id = given.connection_id",
    )
});

/// Writes the mappings in their order. Each is taken from the environment's own connections, so that none can be of
/// another.
async fn map(ctx: &Ctx, tx: &mut Tx, config: &McpConfig) -> Result<(), Error> {
    let mut each = Vec::with_capacity(config.mappings.len());
    for (position, mapping) in (0_i64..).zip(&config.mappings) {
        let tools = json_text(&mapping.tools)?;
        each.push(args![&ctx.environment, &config.id, position, &mapping.connection, tools].into());
    }
    let written = tx.run_each(&MAP, each).await?;
    if written == config.mappings.len() as u64 { Ok(()) } else { Err(Error::Referenced) }
}

async fn with_parts(ctx: &Ctx, tx: &mut Tx, row: Option<Row>) -> Result<Option<McpConfig>, Error> {
    let Some(row) = row else { return Ok(None) };
    let mut config = read(&row)?;
    config.mappings = mappings(ctx, tx, &config.id).await?;
    Ok(Some(config))
}

async fn mappings(ctx: &Ctx, tx: &mut Tx, id: &ConfigId) -> Result<Vec<Mapping>, Error> {
    let sql = "SELECT m.config_id AS id, m.connection_id, m.tools, c.name, c.connector FROM mcp_config_mappings m
        JOIN connections c ON c.id = m.connection_id AND c.environment_id = m.environment_id
        WHERE m.environment_id = $1 AND m.config_id = $2 ORDER BY m.position";
    let rows = tx.all(sql, args![&ctx.environment, id]).await?;
    rows.iter().map(|row| row.fit("mcp_config_mappings", read_mapping)).collect()
}

fn read_mapping(row: &Row) -> Result<Mapping, Error> {
    Ok(Mapping {
        connection: row.parsed("connection_id")?,
        connection_name: row.parsed("name")?,
        connector: row.text("connector")?.into(),
        tools: row.json("tools")?,
    })
}

/// How many different whitelists [`whitelists`] gives.
pub const WHITELISTS: usize = 200;

/// The connections of the configs on which the user has an instance.
///
/// # Errors
/// The database cannot be read.
pub async fn reached(ctx: &Ctx, tx: &mut Tx, identifier: &Identifier, most: u32) -> Result<Vec<ConnectionId>, Error> {
    let sql = "SELECT DISTINCT m.connection_id FROM mcp_instances t
        JOIN mcp_config_mappings m ON m.config_id = t.config_id AND m.environment_id = t.environment_id
        WHERE t.environment_id = $1 AND t.identifier = $2 ORDER BY m.connection_id LIMIT $3";
    let rows = tx.all(sql, args![&ctx.environment, identifier, i64::from(most)]).await?;
    rows.iter().map(|row| row.fit("mcp_config_mappings", |row| row.parsed("connection_id"))).collect()
}

/// The different whitelists under which a user reaches a connection, an empty one standing for all its tools: those of the
/// configs on which the user has an instance; of all configs that map the connection, if the user has none on these.
///
/// # Errors
/// The database cannot be read.
pub async fn whitelists(
    ctx: &Ctx,
    tx: &mut Tx,
    connection: &ConnectionId,
    identifier: &Identifier,
) -> Result<Vec<Vec<String>>, Error> {
    let of_user = "SELECT DISTINCT m.tools FROM mcp_instances t
        JOIN mcp_config_mappings m ON m.config_id = t.config_id AND m.environment_id = t.environment_id
        WHERE t.environment_id = $1 AND t.identifier = $2 AND m.connection_id = $3 LIMIT 200";
    let mut rows = tx.all(of_user, args![&ctx.environment, identifier, connection]).await?;
    if rows.is_empty() {
        let of_all = "SELECT DISTINCT m.tools FROM mcp_config_mappings m
            WHERE m.environment_id = $1 AND m.connection_id = $2 LIMIT 200";
        rows = tx.all(of_all, args![&ctx.environment, connection]).await?;
    }
    rows.iter().map(|row| row.fit("mcp_config_mappings", |row| row.json("tools"))).collect()
}

/// A config's own row; its mappings are in another table.
fn read(row: &Row) -> Result<McpConfig, Error> {
    row.fit("mcp_configs", |row| {
        Ok(McpConfig {
            id: row.parsed("id")?,
            environment: row.parsed("environment_id")?,
            uuid: Uuid::parse_str(row.text("uuid")?).map_err(|_| crate::row::misfit("uuid", "is not a UUID"))?,
            name: row.parsed("name")?,
            description: row.text("description")?.into(),
            mappings: Vec::new(),
            options: row.json("options")?,
            version: row.integer("version")?,
            created_at: row.timestamp("created_at")?,
            updated_at: row.timestamp("updated_at")?,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{connections, fixture};
    use valetkey_domain::Kind;

    const PAGE: Page = Page { size: 10, after: None };

    #[tokio::test]
    async fn comes_back_as_it_was_put() {
        let db = fixture::two_environments().await;
        let mut tx = db.store.write().await.unwrap();
        let one = fixture::connection(&db.ours, "one");
        let two = fixture::connection(&db.ours, "two");
        for connection in [&one, &two] {
            connections::insert(&db.ours, &mut tx, connection).await.unwrap();
        }
        let put = fixture::config(&db.ours, "1", &[&two, &one]);
        insert(&db.ours, &mut tx, &put).await.unwrap();
        assert_eq!(get(&db.ours, &mut tx, &put.id).await.unwrap().as_ref(), Some(&put));
        assert_eq!(by_name(&db.ours, &mut tx, "config-1").await.unwrap().as_ref(), Some(&put));
        let listed = list(&db.ours, &mut tx, &Filter::default(), &PAGE).await.unwrap();
        assert_eq!((listed.items, listed.total), (vec![put], 1));
    }

    #[tokio::test]
    async fn a_stranger_finds_and_changes_nothing() {
        let db = fixture::two_environments().await;
        let mut tx = db.store.write().await.unwrap();
        let (_, config, _) = fixture::chain(&db.ours, &mut tx).await;
        let stranger = &db.theirs;
        assert!(get(stranger, &mut tx, &config.id).await.unwrap().is_none());
        assert!(by_name(stranger, &mut tx, config.name.as_str()).await.unwrap().is_none());
        assert!(!update(stranger, &mut tx, &config).await.unwrap());
        assert!(!delete(stranger, &mut tx, &config.id).await.unwrap());
        for filter in [Filter::default(), Filter { id: Some(config.id.clone()), ..Filter::default() }] {
            let found = list(stranger, &mut tx, &filter, &PAGE).await.unwrap();
            assert_eq!((found.items.len(), found.total), (0, 0));
        }
        assert_eq!(get(&db.ours, &mut tx, &config.id).await.unwrap(), Some(config));
    }

    #[tokio::test]
    async fn a_foreign_connection_is_not_mapped() {
        let db = fixture::two_environments().await;
        let mut tx = db.store.write().await.unwrap();
        let (foreign, ..) = fixture::chain(&db.ours, &mut tx).await;
        let config = fixture::config(&db.theirs, "2", &[&foreign]);
        assert!(matches!(insert(&db.theirs, &mut tx, &config).await.unwrap_err(), Error::Referenced));
    }

    #[tokio::test]
    async fn names_are_unique_and_versions_compared() {
        let db = fixture::two_environments().await;
        let mut tx = db.store.write().await.unwrap();
        let (_, mut config, _) = fixture::chain(&db.ours, &mut tx).await;
        config.mappings.clear();
        config.description = "changed".into();
        assert!(update(&db.ours, &mut tx, &config).await.unwrap());
        assert!(!update(&db.ours, &mut tx, &config).await.unwrap());
        let now = get(&db.ours, &mut tx, &config.id).await.unwrap().unwrap();
        assert_eq!((now.description.as_str(), now.mappings.len(), now.version), ("changed", 0, 2));
        let mut same = fixture::config(&db.ours, "2", &[]);
        same.name = config.name;
        assert_eq!(insert(&db.ours, &mut tx, &same).await.unwrap_err().kind(), Kind::AlreadyExists);
    }

    #[tokio::test]
    async fn takes_its_instances_along() {
        let db = fixture::two_environments().await;
        let mut tx = db.store.write().await.unwrap();
        let (_, config, instance) = fixture::chain(&db.ours, &mut tx).await;
        assert!(delete(&db.ours, &mut tx, &config.id).await.unwrap());
        assert!(instances::get(&db.ours, &mut tx, &instance.id).await.unwrap().is_none());
        let left = instances::list(&db.ours, &mut tx, &instances::Filter::default(), &PAGE).await.unwrap();
        assert_eq!(left.total, 0);
        assert_eq!(list(&db.ours, &mut tx, &Filter::default(), &PAGE).await.unwrap().total, 0);
    }

    #[tokio::test]
    async fn a_list_is_filtered() {
        let db = fixture::two_environments().await;
        let mut tx = db.store.write().await.unwrap();
        let (_, config, _) = fixture::chain(&db.ours, &mut tx).await;
        insert(&db.ours, &mut tx, &fixture::config(&db.ours, "2", &[])).await.unwrap();
        let text = |text: &str| Some(text.to_owned());
        for (filter, count) in [
            (Filter { id: Some(config.id.clone()), ..Filter::default() }, 1),
            (Filter { name: text("CONFIG-1"), ..Filter::default() }, 1),
            (Filter { name: text("config"), ..Filter::default() }, 0),
            (Filter { connector: text("gmail"), ..Filter::default() }, 1),
            (Filter { connector: text("slack"), ..Filter::default() }, 0),
            (Filter { uuid: Some(config.uuid), ..Filter::default() }, 1),
            (Filter { search: text("FIG-"), ..Filter::default() }, 2),
            (Filter { search: text("fig_"), ..Filter::default() }, 0),
        ] {
            let found = list(&db.ours, &mut tx, &filter, &PAGE).await.unwrap();
            assert_eq!((found.items.len(), found.total), (count, count as u64), "{filter:?}");
        }
    }
}
