//! MCP instances.

mod ensure;

pub use ensure::{OnConfig, find_on_config};

use crate::list::{self, FEW, MAX_SIZE, containing, folded};
use crate::walk::{self, ByWords, ListQuery, Source, Texts, Total};
use crate::{Arg, Error, Listed, Page, Row, Tx, args, counters};
use std::sync::LazyLock;
use valetkey_domain::id::{ConfigId, InstanceId};
use valetkey_domain::instance::McpInstance;
use valetkey_domain::name::Identifier;
use valetkey_domain::{Ctx, Timestamp};

/// Which instances a list shows; what is absent filters nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// The exact id.
    pub id: Option<InstanceId>,
    /// The exact name.
    pub name: Option<String>,
    /// The exact name of the config.
    pub config_name: Option<String>,
    /// The exact user.
    pub identifier: Option<String>,
    /// Text that the name or the user's identifier holds, ignoring case.
    pub search: Option<String>,
}

impl Filter {
    /// Those that hold this text and nothing else.
    fn containing(search: &str) -> Self {
        Self { search: Some(search.to_owned()), ..Self::default() }
    }
}

/// An instance's row comes with the name of its config.
macro_rules! columns {
    () => {
        "t.*, c.name AS config_name"
    };
}

macro_rules! tables {
    () => {
        "mcp_instances t JOIN mcp_configs c ON c.id = t.config_id AND c.environment_id = t.environment_id"
    };
}

/// Selects by a condition on `t`, behind the environment's own.
macro_rules! select {
    ($condition:literal) => {
        concat!("SELECT ", columns!(), " FROM ", tables!(), " WHERE t.environment_id = $1 AND ", $condition)
    };
}

const SOURCE: Source = Source {
    prefix: InstanceId::PREFIX,
    table: "mcp_instances",
    columns: columns!(),
    // Each has one; a LEFT JOIN leaves PostgreSQL no choice which table to begin with.
    joins: " LEFT JOIN mcp_configs c ON c.id = t.config_id AND c.environment_id = t.environment_id",
    always: "",
    looked_at: ", t.name, t.config_id, t.identifier, t.search_text",
    fits: "(CAST($5 AS TEXT) IS NULL OR w.name = $5)
        AND (CAST($6 AS TEXT) IS NULL
            OR w.config_id = (SELECT g.id FROM mcp_configs g WHERE g.environment_id = $1 AND g.name = $6))
        AND (CAST($7 AS TEXT) IS NULL OR w.identifier = $7)
        AND (CAST($8 AS TEXT) IS NULL OR w.search_text LIKE $8 ESCAPE '\\')",
    filters: 4,
    newest_first: false,
};

static ALL: LazyLock<Texts> = LazyLock::new(|| SOURCE.by(walk::ALL));

static NAMED: LazyLock<ByWords> = LazyLock::new(|| SOURCE.by_words());

static BY_ID: LazyLock<Texts> = LazyLock::new(|| SOURCE.by_few("t.environment_id = $1 AND t.id = KEY"));

static OF_USER: LazyLock<Texts> = LazyLock::new(|| SOURCE.by_few("t.environment_id = $1 AND t.identifier = KEY"));

static OF_CONFIG: LazyLock<Texts> = LazyLock::new(|| {
    SOURCE.by("t.config_id = (SELECT g.id FROM mcp_configs g WHERE g.environment_id = $1 AND g.name = KEY)")
});

/// All texts.
#[cfg(test)]
pub(crate) fn texts() -> Vec<&'static str> {
    let lists = [&ALL, &BY_ID, &OF_USER, &OF_CONFIG].into_iter().flat_map(|list| list.all());
    lists.chain(NAMED.all()).collect()
}

/// The instances of users whose name begins so, by name, so many of them; none at all where the environment has so few
/// instances that a search inside of names is as quick.
///
/// # Errors
/// The database cannot be read, or a row fits no instance.
pub async fn beginning(ctx: &Ctx, tx: &mut Tx, name: &str, size: u32) -> Result<Option<Vec<McpInstance>>, Error> {
    if counters::value(ctx, tx, counters::INSTANCES).await? <= FEW {
        return Ok(None);
    }
    let sql = select!("t.identifier >= $2 AND t.identifier < $3 ORDER BY t.identifier, t.id LIMIT $4");
    let [first, end] = list::beginning(name);
    let rows = tx.all(sql, args![&ctx.environment, first, end, i64::from(size)]).await?;
    rows.iter().map(read).collect::<Result<_, _>>().map(Some)
}

/// An instance by its id.
pub(crate) const GET: &str = select!("t.id = $2");

/// Adds an instance, whose part in the total is [`count_in`]'s.
///
/// # Errors
/// The user has one of this name on the config already, or the config isn't in this environment.
pub async fn insert(ctx: &Ctx, tx: &mut Tx, instance: &McpInstance) -> Result<(), Error> {
    let sql = "INSERT INTO mcp_instances (environment_id, id, config_id, identifier, name, search_text, url_generation,
            created_at, updated_at, last_used_at)
        SELECT c.environment_id, $2, c.id, $4, $5, $6, CAST($7 AS BIGINT), CAST($8 AS BIGINT), CAST($9 AS BIGINT),
            CAST($10 AS BIGINT)
        FROM mcp_configs c WHERE c.environment_id = $1 AND c.id = $3";
    let values = args![
        &ctx.environment,
        &instance.id,
        &instance.config,
        &instance.identifier,
        &instance.name,
        search_text(instance),
        instance.url_generation,
        instance.created_at,
        instance.updated_at,
        instance.last_used_at,
    ];
    alone_for(tx, &instance.config, &instance.identifier).await?;
    if tx.run(sql, values).await? == 0 {
        return Err(Error::Referenced);
    }
    Ok(())
}

/// Counts an instance that was added in this transaction: last in it, for all who add one wait for the total until it is
/// saved.
///
/// # Errors
/// The database cannot be written.
pub async fn count_in(ctx: &Ctx, tx: &mut Tx) -> Result<(), Error> {
    counters::add(ctx, tx, counters::INSTANCES, 1).await
}

/// Keeps every other write from making instances of a config, moving them to it or removing it, until this one ends:
/// for whoever changes which there are.
///
/// # Errors
/// The other one takes too long.
pub(crate) async fn alone(tx: &mut Tx, config: &ConfigId) -> Result<(), Error> {
    tx.alone(config.as_str()).await
}

/// Keeps every other write from making instances of a config for this user, and from removing the config, until this one
/// ends: for whoever looks for a user's instance and makes it if there is none. Others do so for other users meanwhile.
///
/// # Errors
/// The other one takes too long.
pub async fn alone_for(tx: &mut Tx, config: &ConfigId, identifier: &Identifier) -> Result<(), Error> {
    tx.alone_among(&format!("{config} {identifier}"), config.as_str()).await
}

/// The instance of this id.
///
/// # Errors
/// The database cannot be read.
pub async fn get(ctx: &Ctx, tx: &mut Tx, id: &InstanceId) -> Result<Option<McpInstance>, Error> {
    first(tx, GET, args![&ctx.environment, id]).await
}

/// A page of the environment's instances.
///
/// # Errors
/// The database cannot be read.
pub async fn list(ctx: &Ctx, tx: &mut Tx, filter: &Filter, page: &Page) -> Result<Listed<McpInstance>, Error> {
    if let Some(search) = filter.search.as_deref().filter(|search| *filter == Filter::containing(search)) {
        return NAMED
            .asked(ctx, tx, counters::INSTANCES, containing(search))
            .await?
            .page(ctx, tx, page, MAX_SIZE, Total::Counted)
            .await?
            .read(read);
    }
    let (mut config, mut user) = (filter.config_name.as_deref(), filter.identifier.as_deref());
    let (texts, key) = if let Some(id) = &filter.id {
        (&BY_ID, Some(Arg::from(id)))
    } else if let Some(user) = user.take() {
        (&OF_USER, Some(Arg::from(user)))
    } else if let Some(config) = config.take() {
        (&OF_CONFIG, Some(Arg::from(config)))
    } else {
        (&ALL, None)
    };
    let fits = args![filter.name.as_deref(), config, user, filter.search.as_deref().map(containing)];
    let asked = ListQuery::by(texts, vec![key], fits.into());
    asked.page(ctx, tx, page, MAX_SIZE, Total::Kept(counters::INSTANCES)).await?.read(read)
}

/// Changes name and config; false if there is no such instance.
///
/// # Errors
/// The user has one of this name on the config already, or the config isn't in this environment.
pub async fn update(ctx: &Ctx, tx: &mut Tx, instance: &McpInstance) -> Result<bool, Error> {
    alone(tx, &instance.config).await?;
    let sql = "SELECT id FROM mcp_configs WHERE environment_id = $1 AND id = $2";
    if tx.one(sql, args![&ctx.environment, &instance.config]).await?.is_none() {
        return Err(Error::Referenced);
    }
    let sql = "UPDATE mcp_instances SET config_id = $3, name = $4, search_text = $5, updated_at = $6
        WHERE environment_id = $1 AND id = $2";
    let values = args![
        &ctx.environment,
        &instance.id,
        &instance.config,
        &instance.name,
        search_text(instance),
        instance.updated_at,
    ];
    Ok(tx.run(sql, values).await? == 1)
}

/// Raises the generation of an instance's URL, so that every earlier URL is refused; false if there is no such
/// instance.
///
/// # Errors
/// The database cannot be written.
pub async fn raise_url_generation(ctx: &Ctx, tx: &mut Tx, id: &InstanceId, now: Timestamp) -> Result<bool, Error> {
    let sql = "UPDATE mcp_instances SET url_generation = url_generation + 1, updated_at = $3
        WHERE environment_id = $1 AND id = $2";
    Ok(tx.run(sql, args![&ctx.environment, id, now]).await? == 1)
}

/// Notes when an agent last called a tool through an instance.
///
/// # Errors
/// The database cannot be written.
pub async fn touch(ctx: &Ctx, tx: &mut Tx, id: &InstanceId, now: Timestamp) -> Result<(), Error> {
    let sql = "UPDATE mcp_instances SET last_used_at = $3 WHERE environment_id = $1 AND id = $2";
    tx.run(sql, args![&ctx.environment, id, now]).await.map(drop)
}

/// Removes an instance; false if there is none.
///
/// # Errors
/// The database cannot be written.
pub async fn delete(ctx: &Ctx, tx: &mut Tx, id: &InstanceId) -> Result<bool, Error> {
    let sql = "DELETE FROM mcp_instances WHERE environment_id = $1 AND id = $2";
    let gone = tx.run(sql, args![&ctx.environment, id]).await? == 1;
    if gone {
        counters::add(ctx, tx, counters::INSTANCES, -1).await?;
    }
    Ok(gone)
}

/// Name and identifier on lines of their own, so that a search never matches across the two.
fn search_text(instance: &McpInstance) -> String {
    folded(&format!("{}\n{}", instance.name, instance.identifier))
}

async fn first(
    tx: &mut Tx,
    sql: &'static str,
    args: impl IntoIterator<Item = Arg>,
) -> Result<Option<McpInstance>, Error> {
    tx.one(sql, args).await?.as_ref().map(read).transpose()
}

/// An instance's row with its config's name as `config_name`.
pub(crate) fn read(row: &Row) -> Result<McpInstance, Error> {
    row.fit("mcp_instances", |row| {
        Ok(McpInstance {
            id: row.parsed("id")?,
            environment: row.parsed("environment_id")?,
            config: row.parsed("config_id")?,
            config_name: row.parsed("config_name")?,
            name: row.parsed("name")?,
            identifier: row.parsed("identifier")?,
            url_generation: row.integer("url_generation")?,
            created_at: row.timestamp("created_at")?,
            updated_at: row.timestamp("updated_at")?,
            last_used_at: row.optional_timestamp("last_used_at")?,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{configs, fixture};
    use valetkey_domain::Kind;
    use valetkey_domain::name::{Identifier, InstanceName};

    const PAGE: Page = Page { size: 10, after: None };

    #[tokio::test]
    async fn comes_back_as_it_was_put() {
        let db = fixture::two_environments().await;
        let mut tx = db.store.write().await.unwrap();
        let (_, config, put) = fixture::chain(&db.ours, &mut tx).await;
        let ours = &db.ours;
        assert_eq!(get(ours, &mut tx, &put.id).await.unwrap().as_ref(), Some(&put));
        let newer = fixture::instance(&config, "2", "ann");
        fixture::add(ours, &mut tx, &newer).await;
        let unheard_of = InstanceName::parse("no such name").unwrap();
        for (name, instance) in [
            (None, Some(&put)),
            (Some(&put.name), Some(&put)),
            (Some(&newer.name), Some(&newer)),
            (Some(&unheard_of), None),
        ] {
            let find_on_config =
                find_on_config(ours, &mut tx, config.name.as_str(), &put.identifier, name).await.unwrap().unwrap();
            assert_eq!(
                (&find_on_config.config, &find_on_config.config_name, find_on_config.instance.as_ref()),
                (&config.id, &config.name, instance)
            );
        }
        let bob = Identifier::parse("bob").unwrap();
        let config_alone = find_on_config(ours, &mut tx, config.name.as_str(), &bob, None).await.unwrap().unwrap();
        assert_eq!((config_alone.config, config_alone.instance), (config.id, None));
        assert_eq!(find_on_config(ours, &mut tx, "no such config", &bob, None).await.unwrap(), None);
    }

    #[tokio::test]
    async fn a_stranger_finds_and_changes_nothing() {
        let db = fixture::two_environments().await;
        let mut tx = db.store.write().await.unwrap();
        let (_, config, instance) = fixture::chain(&db.ours, &mut tx).await;
        let stranger = &db.theirs;
        assert!(get(stranger, &mut tx, &instance.id).await.unwrap().is_none());
        let found =
            find_on_config(stranger, &mut tx, config.name.as_str(), &instance.identifier, Some(&instance.name)).await;
        assert!(found.unwrap().is_none());
        assert!(!raise_url_generation(stranger, &mut tx, &instance.id, fixture::now()).await.unwrap());
        assert!(!delete(stranger, &mut tx, &instance.id).await.unwrap());
        touch(stranger, &mut tx, &instance.id, fixture::now()).await.unwrap();
        for filter in [Filter::default(), Filter { identifier: Some("ann".into()), ..Filter::default() }] {
            let listed = list(stranger, &mut tx, &filter, &PAGE).await.unwrap();
            assert_eq!((listed.items.len(), listed.total), (0, 0));
        }
        assert_eq!(get(&db.ours, &mut tx, &instance.id).await.unwrap(), Some(instance));
    }

    #[tokio::test]
    async fn a_foreign_config_is_refused() {
        let db = fixture::two_environments().await;
        let mut tx = db.store.write().await.unwrap();
        let (_, foreign, _) = fixture::chain(&db.ours, &mut tx).await;
        let instance = fixture::instance(&foreign, "2", "ann");
        assert!(matches!(insert(&db.theirs, &mut tx, &instance).await.unwrap_err(), Error::Referenced));
        drop(tx);
        let mut tx = db.store.write().await.unwrap();
        let (_, _, mut own) = fixture::chain(&db.theirs, &mut tx).await;
        own.config = ConfigId::parse("cfg_elsewhere").unwrap();
        assert!(matches!(update(&db.theirs, &mut tx, &own).await.unwrap_err(), Error::Referenced));
    }

    #[tokio::test]
    async fn users_that_look_alike_stay_apart() {
        let db = fixture::two_environments().await;
        let mut tx = db.store.write().await.unwrap();
        let (_, config, _) = fixture::chain(&db.ours, &mut tx).await;
        for (tail, identifier) in [("2", "Ann"), ("3", "jos\u{e9}"), ("4", "jose\u{301}")] {
            fixture::add(&db.ours, &mut tx, &fixture::instance(&config, tail, identifier)).await;
        }
        for (identifier, id) in
            [("ann", "inst_1"), ("Ann", "inst_2"), ("jos\u{e9}", "inst_3"), ("jose\u{301}", "inst_4")]
        {
            let filter = Filter { identifier: Some(identifier.into()), ..Filter::default() };
            let found = list(&db.ours, &mut tx, &filter, &PAGE).await.unwrap().items;
            let ids: Vec<_> = found.iter().map(|instance| instance.id.as_str()).collect();
            assert_eq!(ids, [id], "{identifier:?}");
        }
    }

    #[tokio::test]
    async fn is_renamed_moved_rotated_and_touched() {
        let db = fixture::two_environments().await;
        let ours = &db.ours;
        let mut tx = db.store.write().await.unwrap();
        let (_, config, mut instance) = fixture::chain(ours, &mut tx).await;
        let other = fixture::config(ours, "2", &[]);
        configs::insert(ours, &mut tx, &other).await.unwrap();
        (instance.config, instance.config_name) = (other.id.clone(), other.name.clone());
        instance.name = InstanceName::parse("Sales").unwrap();
        assert!(update(ours, &mut tx, &instance).await.unwrap());
        assert!(raise_url_generation(ours, &mut tx, &instance.id, fixture::now()).await.unwrap());
        touch(ours, &mut tx, &instance.id, fixture::now()).await.unwrap();
        (instance.url_generation, instance.last_used_at) = (2, Some(fixture::now()));
        assert_eq!(get(ours, &mut tx, &instance.id).await.unwrap().as_ref(), Some(&instance));
        let filter = Filter { search: Some("SALES".into()), ..Filter::default() };
        assert_eq!(list(ours, &mut tx, &filter, &PAGE).await.unwrap().items.len(), 1);
        let left = find_on_config(ours, &mut tx, config.name.as_str(), &instance.identifier, None).await.unwrap();
        assert!(left.unwrap().instance.is_none());
        let mut twin = fixture::instance(&other, "9", "ann");
        twin.name = instance.name.clone();
        assert_eq!(insert(ours, &mut tx, &twin).await.unwrap_err().kind(), Kind::AlreadyExists);
    }

    #[tokio::test]
    async fn a_list_is_filtered() {
        let db = fixture::two_environments().await;
        let mut tx = db.store.write().await.unwrap();
        let (_, config, _) = fixture::chain(&db.ours, &mut tx).await;
        fixture::add(&db.ours, &mut tx, &fixture::instance(&config, "2", "Ørsted@example.com")).await;
        let text = |text: &str| Some(text.to_owned());
        for (filter, count) in [
            (Filter { id: Some(InstanceId::parse("inst_2").unwrap()), ..Filter::default() }, 1),
            (Filter { name: text("Name 1"), ..Filter::default() }, 1),
            (Filter { name: text("name 1"), ..Filter::default() }, 0),
            (Filter { config_name: text("config-1"), ..Filter::default() }, 2),
            (Filter { search: text("øRSTED"), ..Filter::default() }, 1),
            (Filter { search: text("NAME"), ..Filter::default() }, 2),
            (Filter { search: text("2\nø"), identifier: text("ann"), ..Filter::default() }, 0),
        ] {
            let found = list(&db.ours, &mut tx, &filter, &PAGE).await.unwrap();
            assert_eq!((found.items.len(), found.total), (count, count as u64), "{filter:?}");
        }
    }

    #[tokio::test]
    async fn a_total_is_exact_from_the_counter_and_to_a_thousand_with_a_filter() {
        let db = fixture::two_environments().await;
        let ours = &db.ours;
        let mut tx = db.store.write().await.unwrap();
        let (_, config, first) = fixture::chain(ours, &mut tx).await;
        for n in 2..=1_001 {
            fixture::add(ours, &mut tx, &fixture::instance(&config, &n.to_string(), "bob")).await;
        }
        let total = async |tx: &mut Tx, filter: Filter| list(ours, tx, &filter, &PAGE).await.unwrap().total;
        let named = Filter { search: Some("name".into()), ..Filter::default() };
        assert_eq!(total(&mut tx, Filter::default()).await, 1_001);
        assert_eq!(total(&mut tx, named.clone()).await, 0);
        assert!(delete(ours, &mut tx, &first.id).await.unwrap());
        assert_eq!(total(&mut tx, Filter::default()).await, 1_000);
        assert_eq!(total(&mut tx, named).await, 1_000);
    }
}
