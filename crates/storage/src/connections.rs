//! Connections.

use crate::list::{MAX_SIZE, containing, folded};
use crate::walk::{self, ListQuery, Source, Texts, Total};
use crate::{Arg, Error, Listed, Page, Row, Tx, args, counters, providers};
use std::sync::{Arc, LazyLock};
use valetkey_domain::Ctx;
use valetkey_domain::connection::Connection;
use valetkey_domain::id::ConnectionId;
use valetkey_domain::name::{ConfigName, ConnectionName};

/// Which connections a list shows; what is absent filters nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Text that the name or the connector's slug holds, ignoring case.
    pub query: Option<String>,
    /// The connector's exact slug.
    pub connector: Option<String>,
}

/// The columns of a connection's custom provider, each with `provider_` before its name.
macro_rules! provider_columns {
    () => {
        "p.id AS provider_id, p.slug AS provider_slug, p.display_name AS provider_display_name,
         p.description AS provider_description, p.icon_src AS provider_icon_src, p.proxy_url AS provider_proxy_url,
         p.proxy_enabled AS provider_proxy_enabled, p.auth_patterns AS provider_auth_patterns,
         p.metadata AS provider_metadata, p.revision AS provider_revision, p.created_at AS provider_created_at,
         p.updated_at AS provider_updated_at, p.tools_digest AS provider_tools_digest"
    };
}

/// Selects connections, called `c`, by a condition behind the environment's own, each with its custom provider.
macro_rules! select {
    ($condition:literal) => {
        concat!(
            "SELECT c.*, ",
            provider_columns!(),
            " FROM connections c LEFT JOIN providers p ON p.environment_id = c.environment_id AND p.slug = c.connector
              WHERE c.environment_id = $1 AND ",
            $condition
        )
    };
}

const GET: &str = select!("c.id = $2");
const BY_NAME: &str = select!("c.name_folded = $2");
const OF_CONNECTOR: &str = select!("c.connector = $2 AND c.id > $3 ORDER BY c.id LIMIT $4");

/// Those that are made of parts.
#[cfg(test)]
pub(crate) const SELECTS: [&str; 3] = [GET, BY_NAME, OF_CONNECTOR];

const SOURCE: Source = Source {
    prefix: ConnectionId::PREFIX,
    table: "connections",
    columns: concat!("t.*, ", provider_columns!()),
    joins: " LEFT JOIN providers p ON p.environment_id = t.environment_id AND p.slug = t.connector",
    always: "",
    looked_at: ", t.name_folded, t.connector",
    fits: "(CAST($5 AS TEXT) IS NULL OR w.name_folded LIKE $5 ESCAPE '\\' OR w.connector LIKE $5 ESCAPE '\\')",
    filters: 1,
    newest_first: false,
};

static ALL: LazyLock<Texts> = LazyLock::new(|| SOURCE.by(walk::ALL));

static BY_CONNECTOR: LazyLock<Texts> = LazyLock::new(|| SOURCE.by("t.environment_id = $1 AND t.connector = KEY"));

/// All texts.
#[cfg(test)]
pub(crate) fn texts() -> Vec<&'static str> {
    [&ALL, &BY_CONNECTOR].into_iter().flat_map(|list| list.all()).collect()
}

/// How many names [`names`] gives: enough for a word to be found near, and no more than a glance costs.
const NAMES: i64 = 1000;

/// The names of the environment's oldest connections, at most a thousand.
///
/// # Errors
/// The database cannot be read.
pub async fn names(ctx: &Ctx, tx: &mut Tx) -> Result<Vec<ConnectionName>, Error> {
    let sql = "SELECT name FROM connections WHERE environment_id = $1 ORDER BY id LIMIT $2";
    let rows = tx.all(sql, args![&ctx.environment, NAMES]).await?;
    rows.iter().map(|row| row.fit("connections", |row| row.parsed("name"))).collect()
}

/// Adds a connection.
///
/// # Errors
/// The name is taken, ignoring case.
pub async fn insert(ctx: &Ctx, tx: &mut Tx, connection: &Connection) -> Result<(), Error> {
    let sql = "INSERT INTO connections (environment_id, id, name, name_folded, connector, settings, client_secret,
            enabled, revision, created_at, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    let values = args![
        &ctx.environment,
        &connection.id,
        &connection.name,
        connection.name.folded(),
        &connection.connector,
        settings(connection)?,
        connection.client_secret.as_ref(),
        connection.enabled,
        connection.revision,
        connection.created_at,
        connection.updated_at,
    ];
    tx.run(sql, values).await?;
    counters::add(ctx, tx, counters::CONNECTIONS, 1).await
}

/// The connection of this id.
///
/// # Errors
/// The database cannot be read.
pub async fn get(ctx: &Ctx, tx: &mut Tx, id: &ConnectionId) -> Result<Option<Connection>, Error> {
    tx.one(GET, args![&ctx.environment, id]).await?.as_ref().map(read).transpose()
}

/// The connection of this name, ignoring case: no two differ in case alone.
///
/// # Errors
/// The database cannot be read.
pub async fn by_name(ctx: &Ctx, tx: &mut Tx, name: &str) -> Result<Option<Connection>, Error> {
    tx.one(BY_NAME, args![&ctx.environment, name.to_ascii_lowercase()]).await?.as_ref().map(read).transpose()
}

/// The connections of a connector behind one of them (an empty id: from the first on), in the order of their ids, `size` at
/// most.
///
/// # Errors
/// The database cannot be read.
pub async fn of_connector(
    ctx: &Ctx,
    tx: &mut Tx,
    slug: &str,
    after: &str,
    size: i64,
) -> Result<Vec<Connection>, Error> {
    tx.all(OF_CONNECTOR, args![&ctx.environment, slug, after, size]).await?.iter().map(read).collect()
}

/// How many connections the environment has.
///
/// # Errors
/// The database cannot be read.
pub async fn count(ctx: &Ctx, tx: &mut Tx) -> Result<u64, Error> {
    counters::value(ctx, tx, counters::CONNECTIONS).await
}

/// A page of the environment's connections.
///
/// # Errors
/// The database cannot be read.
pub async fn list(ctx: &Ctx, tx: &mut Tx, filter: &Filter, page: &Page) -> Result<Listed<Connection>, Error> {
    let query = filter.query.as_deref().map(containing);
    let connector = filter.connector.as_deref().map(folded);
    let texts = if connector.is_some() { &BY_CONNECTOR } else { &ALL };
    let asked = ListQuery::by(texts, vec![connector.map(Arg::from)], args![query].into());
    asked.page(ctx, tx, page, MAX_SIZE, Total::Kept(counters::CONNECTIONS)).await?.read(read)
}

/// Changes settings, secret and whether it is enabled, over the revision that `connection` was read at, and raises the
/// revision. False if somebody else changed or removed it meanwhile.
///
/// # Errors
/// The database cannot be written.
pub async fn update(ctx: &Ctx, tx: &mut Tx, connection: &Connection) -> Result<bool, Error> {
    let sql = "UPDATE connections
        SET settings = $4, client_secret = $5, enabled = $6, updated_at = $7, revision = revision + 1
        WHERE environment_id = $1 AND id = $2 AND revision = $3";
    let values = args![
        &ctx.environment,
        &connection.id,
        connection.revision,
        settings(connection)?,
        connection.client_secret.as_ref(),
        connection.enabled,
        connection.updated_at,
    ];
    Ok(tx.run(sql, values).await? == 1)
}

/// The name of one MCP config that maps this connection, if any does.
///
/// # Errors
/// The database cannot be read.
pub async fn used_by(ctx: &Ctx, tx: &mut Tx, id: &ConnectionId) -> Result<Option<ConfigName>, Error> {
    let sql = "SELECT c.id, c.name FROM mcp_config_mappings m
        JOIN mcp_configs c ON c.id = m.config_id AND c.environment_id = m.environment_id
        WHERE m.environment_id = $1 AND m.connection_id = $2 ORDER BY c.id LIMIT 1";
    let row = tx.one(sql, args![&ctx.environment, id]).await?;
    row.map(|row| row.fit("mcp_configs", |row| row.parsed("name"))).transpose()
}

/// Removes a connection; false if there is none.
///
/// # Errors
/// Accounts or configs still refer to it.
pub async fn delete(ctx: &Ctx, tx: &mut Tx, id: &ConnectionId) -> Result<bool, Error> {
    let sql = "DELETE FROM connections WHERE environment_id = $1 AND id = $2";
    let gone = tx.run(sql, args![&ctx.environment, id]).await? == 1;
    if gone {
        counters::add(ctx, tx, counters::CONNECTIONS, -1).await?;
    }
    Ok(gone)
}

fn settings(connection: &Connection) -> Result<String, Error> {
    crate::row::json_text(&connection.settings)
}

fn read(row: &Row) -> Result<Connection, Error> {
    let provider = match row.optional_text("provider_id")? {
        Some(_) => Some(Arc::new(providers::read_as(row, "provider_")?)),
        None => None,
    };
    row.fit("connections", |row| {
        Ok(Connection {
            provider,
            id: row.parsed("id")?,
            environment: row.parsed("environment_id")?,
            name: row.parsed("name")?,
            connector: row.text("connector")?.into(),
            settings: row.json("settings")?,
            client_secret: row.optional_sealed("client_secret")?,
            enabled: row.flag("enabled")?,
            revision: row.integer("revision")?,
            created_at: row.timestamp("created_at")?,
            updated_at: row.timestamp("updated_at")?,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
    use valetkey_domain::Kind;

    #[tokio::test]
    async fn comes_back_as_it_was_put() {
        let db = fixture::two_environments().await;
        let put = fixture::connection(&db.ours, "1");
        let mut tx = db.store.write().await.unwrap();
        insert(&db.ours, &mut tx, &put).await.unwrap();
        let got = get(&db.ours, &mut tx, &put.id).await.unwrap().unwrap();
        assert_eq!(format!("{put:?}"), format!("{got:?}"));
        for name in ["Mail 1", "mail 1", "MAIL 1"] {
            assert_eq!(by_name(&db.ours, &mut tx, name).await.unwrap().unwrap().id, put.id, "{name}");
        }
        assert!(by_name(&db.ours, &mut tx, "mail_1").await.unwrap().is_none());
    }

    #[tokio::test]
    async fn a_stranger_finds_and_changes_nothing() {
        let db = fixture::two_environments().await;
        let mut tx = db.store.write().await.unwrap();
        let (connection, ..) = fixture::chain(&db.ours, &mut tx).await;
        let stranger = &db.theirs;
        assert!(get(stranger, &mut tx, &connection.id).await.unwrap().is_none());
        assert!(by_name(stranger, &mut tx, connection.name.as_str()).await.unwrap().is_none());
        assert!(used_by(stranger, &mut tx, &connection.id).await.unwrap().is_none());
        assert!(!update(stranger, &mut tx, &connection).await.unwrap());
        assert!(!delete(stranger, &mut tx, &connection.id).await.unwrap());
        let page = Page { size: 10, after: None };
        assert_eq!(list(stranger, &mut tx, &Filter::default(), &page).await.unwrap().total, 0);
        let all = list(&db.ours, &mut tx, &Filter::default(), &page).await.unwrap();
        assert_eq!((all.items.len(), all.total), (1, 1));
    }

    #[tokio::test]
    async fn names_are_unique_ignoring_case_within_an_environment() {
        let db = fixture::two_environments().await;
        let mut tx = db.store.write().await.unwrap();
        let one = fixture::connection(&db.ours, "a");
        insert(&db.ours, &mut tx, &one).await.unwrap();
        insert(&db.theirs, &mut tx, &fixture::connection(&db.theirs, "a2")).await.unwrap();
        let mut same = fixture::connection(&db.ours, "b");
        same.name = valetkey_domain::name::ConnectionName::parse("MAIL A").unwrap();
        let clash = insert(&db.ours, &mut tx, &same).await.unwrap_err();
        assert_eq!(clash.kind(), Kind::AlreadyExists);
    }

    #[tokio::test]
    async fn the_second_of_two_changes_from_one_reading_is_refused() {
        let db = fixture::two_environments().await;
        let mut tx = db.store.write().await.unwrap();
        let (mut connection, ..) = fixture::chain(&db.ours, &mut tx).await;
        connection.enabled = false;
        assert!(update(&db.ours, &mut tx, &connection).await.unwrap());
        assert!(!update(&db.ours, &mut tx, &connection).await.unwrap());
        let now = get(&db.ours, &mut tx, &connection.id).await.unwrap().unwrap();
        assert_eq!((now.enabled, now.revision), (false, 2));
    }

    #[tokio::test]
    async fn one_in_use_stays() {
        let db = fixture::two_environments().await;
        let mut tx = db.store.write().await.unwrap();
        let (connection, config, _) = fixture::chain(&db.ours, &mut tx).await;
        assert_eq!(used_by(&db.ours, &mut tx, &connection.id).await.unwrap(), Some(config.name));
        let refused = delete(&db.ours, &mut tx, &connection.id).await.unwrap_err();
        assert_eq!(refused.kind(), Kind::FailedPrecondition);
    }

    #[tokio::test]
    async fn a_list_is_filtered() {
        let db = fixture::two_environments().await;
        let mut tx = db.store.write().await.unwrap();
        for (tail, connector) in [("one", "gmail"), ("two", "googlecalendar"), ("t_o", "gmail")] {
            let connection = Connection { connector: connector.into(), ..fixture::connection(&db.ours, tail) };
            insert(&db.ours, &mut tx, &connection).await.unwrap();
        }
        let page = Page { size: 10, after: None };
        for (query, connector, count) in [
            (Some("TWO"), None, 1),
            (Some("t_o"), None, 1),
            (Some("calendar"), None, 1),
            (Some("mail"), None, 3),
            (None, Some("gmail"), 2),
            (Some("one"), Some("googlecalendar"), 0),
        ] {
            let filter = Filter { query: query.map(String::from), connector: connector.map(String::from) };
            let found = list(&db.ours, &mut tx, &filter, &page).await.unwrap();
            assert_eq!((found.items.len(), found.total), (count, count as u64), "{filter:?}");
        }
    }

    #[tokio::test]
    async fn pages_lead_on_and_back() {
        let db = fixture::two_environments().await;
        let mut tx = db.store.write().await.unwrap();
        for n in 10..35 {
            insert(&db.ours, &mut tx, &fixture::connection(&db.ours, &n.to_string())).await.unwrap();
        }
        let (mut seen, mut tokens, mut after) = (Vec::new(), Vec::new(), None);
        loop {
            let page = Page { size: 10, after: after.clone() };
            let got = list(&db.ours, &mut tx, &Filter::default(), &page).await.unwrap();
            assert_eq!(got.total, 25);
            tokens.push((after, got.previous.clone()));
            seen.extend(got.items.into_iter().map(|c| c.id.to_string()));
            after = got.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(seen.len(), 25);
        assert!(seen.is_sorted());
        // Each page leads back to the one before it by the token that led to that one, and the second to the first.
        assert_eq!((&tokens[0], tokens.len()), (&(None, None), 3));
        let (second, start) = (tokens[1].0.clone().unwrap(), tokens[1].1.clone().unwrap());
        assert!(second.starts_with("19") && start.starts_with('0'), "{second} {start}");
        assert!(tokens[2].0.as_deref().unwrap().starts_with("29"));
        assert_eq!(tokens[2].1.as_ref(), Some(&second));
        for forged in ["", "0", "19", "garbage", "%", "a b", "conn_' OR 1=1", "\u{e9}", &"0".repeat(33)] {
            let page = Page { size: 10, after: Some(forged.into()) };
            let refused = list(&db.ours, &mut tx, &Filter::default(), &page).await.unwrap_err();
            assert_eq!(refused.kind(), valetkey_domain::Kind::InvalidArgument, "{forged}");
        }
        // A token whose row is gone by now is still one.
        delete(&db.ours, &mut tx, &ConnectionId::parse("conn_19").unwrap()).await.unwrap();
        let page = Page { size: 10, after: Some(second) };
        let next = list(&db.ours, &mut tx, &Filter::default(), &page).await.unwrap();
        assert_eq!(next.items[0].id.as_str(), "conn_20");
        let back = Page { size: 10, after: Some(start) };
        let first = list(&db.ours, &mut tx, &Filter::default(), &back).await.unwrap();
        assert_eq!(first.items[0].id.as_str(), seen[0]);
        assert_eq!(first.previous, None);
    }
}
