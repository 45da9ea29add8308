//! Custom providers. Those of a connection are read together with it (`connections.rs`).

use crate::list::{MAX_SIZE, folded};
use crate::row::json_text;
use crate::walk::{self, ListQuery, Source, Texts, Total};
use crate::{Arg, Error, Listed, Page, Row, Tx, args, counters};
use std::sync::LazyLock;
use valetkey_domain::Ctx;
use valetkey_domain::id::ProviderId;
use valetkey_domain::provider::Provider;

const SOURCE: Source = Source {
    prefix: ProviderId::PREFIX,
    table: "providers",
    columns: "t.*",
    joins: "",
    always: "",
    looked_at: "",
    fits: "",
    filters: 0,
    newest_first: false,
};

static ALL: LazyLock<Texts> = LazyLock::new(|| SOURCE.by(walk::ALL));

/// All texts.
#[cfg(test)]
pub(crate) fn texts() -> Vec<&'static str> {
    ALL.all()
}

/// How many names [`slugs`] gives: enough for a word to be found near, and no more than a glance costs.
const NAMES: i64 = 1000;

/// Adds a provider.
///
/// # Errors
/// Another has the same name, ignoring case, or the same slug.
pub async fn insert(ctx: &Ctx, tx: &mut Tx, provider: &Provider) -> Result<(), Error> {
    let sql = "INSERT INTO providers (environment_id, id, revision, display_name, name_folded, description, icon_src,
            proxy_url, proxy_enabled, auth_patterns, metadata, updated_at, tools_digest, slug, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)";
    let values = values(ctx, provider)?.into_iter().chain(args![&provider.slug, provider.created_at]);
    tx.run(sql, values).await?;
    counters::add(ctx, tx, counters::PROVIDERS, 1).await
}

/// The provider with this slug.
///
/// # Errors
/// The database cannot be read.
pub async fn by_slug(ctx: &Ctx, tx: &mut Tx, slug: &str) -> Result<Option<Provider>, Error> {
    let sql = "SELECT * FROM providers WHERE environment_id = $1 AND slug = $2";
    tx.one(sql, args![&ctx.environment, slug]).await?.as_ref().map(read).transpose()
}

/// The provider of this name, ignoring case.
///
/// # Errors
/// The database cannot be read.
pub async fn by_name(ctx: &Ctx, tx: &mut Tx, display_name: &str) -> Result<Option<Provider>, Error> {
    let sql = "SELECT * FROM providers WHERE environment_id = $1 AND name_folded = $2";
    tx.one(sql, args![&ctx.environment, folded(display_name)]).await?.as_ref().map(read).transpose()
}

/// The slugs of the environment's oldest providers, at most a thousand.
///
/// # Errors
/// The database cannot be read.
pub async fn slugs(ctx: &Ctx, tx: &mut Tx) -> Result<Vec<String>, Error> {
    let sql = "SELECT id, slug FROM providers WHERE environment_id = $1 ORDER BY id LIMIT $2";
    let rows = tx.all(sql, args![&ctx.environment, NAMES]).await?;
    rows.iter().map(|row| row.fit("providers", |row| row.text("slug").map(str::to_owned))).collect()
}

/// A page of the environment's providers.
///
/// # Errors
/// The database cannot be read.
pub async fn list(ctx: &Ctx, tx: &mut Tx, page: &Page) -> Result<Listed<Provider>, Error> {
    let asked = ListQuery::by(&ALL, vec![None], Vec::new());
    asked.page(ctx, tx, page, MAX_SIZE, Total::Kept(counters::PROVIDERS)).await?.read(read)
}

/// Changes a provider over the revision that it was read at, and raises the revision. False if somebody else changed or
/// removed it meanwhile.
///
/// # Errors
/// Another has the same name, ignoring case.
pub async fn update(ctx: &Ctx, tx: &mut Tx, provider: &Provider) -> Result<bool, Error> {
    let sql =
        "UPDATE providers SET display_name = $4, name_folded = $5, description = $6, icon_src = $7, proxy_url = $8,
            proxy_enabled = $9, auth_patterns = $10, metadata = $11, updated_at = $12, tools_digest = $13,
            revision = revision + 1
        WHERE environment_id = $1 AND id = $2 AND revision = $3";
    Ok(tx.run(sql, values(ctx, provider)?).await? == 1)
}

/// Removes a provider; false if there is none.
///
/// # Errors
/// The database cannot be written.
pub async fn delete(ctx: &Ctx, tx: &mut Tx, id: &ProviderId) -> Result<bool, Error> {
    tx.run(FORGET, args![&ctx.environment, id]).await?;
    let sql = "DELETE FROM providers WHERE environment_id = $1 AND id = $2";
    let gone = tx.run(sql, args![&ctx.environment, id]).await? == 1;
    if gone {
        counters::add(ctx, tx, counters::PROVIDERS, -1).await?;
    }
    Ok(gone)
}

const FORGET: &str = "DELETE FROM provider_tools WHERE environment_id = $1 AND provider_id = $2";

/// The text of the tools that a provider has by import; none if it has none.
///
/// # Errors
/// The database cannot be read.
pub async fn tools(ctx: &Ctx, tx: &mut Tx, id: &ProviderId) -> Result<Option<String>, Error> {
    let sql = "SELECT tools FROM provider_tools WHERE environment_id = $1 AND provider_id = $2";
    let row = tx.one(sql, args![&ctx.environment, id]).await?;
    row.map(|row| row.fit("provider_tools", |row| row.text("tools").map(str::to_owned))).transpose()
}

/// Puts a text in place of the tools that a provider had; an empty one leaves it none. The provider of this environment is
/// changed in the same transaction.
///
/// # Errors
/// The database cannot be written.
pub async fn put_tools(ctx: &Ctx, tx: &mut Tx, id: &ProviderId, text: &str) -> Result<(), Error> {
    tx.run(FORGET, args![&ctx.environment, id]).await?;
    if text.is_empty() {
        return Ok(());
    }
    let sql = "INSERT INTO provider_tools (provider_id, environment_id, tools) VALUES ($1, $2, $3)";
    tx.run(sql, args![id, &ctx.environment, text]).await?;
    Ok(())
}

/// What is written of one, in the order of both statements.
fn values(ctx: &Ctx, provider: &Provider) -> Result<[Arg; 13], Error> {
    Ok(args![
        &ctx.environment,
        &provider.id,
        provider.revision,
        &provider.display_name,
        folded(&provider.display_name),
        &provider.description,
        &provider.icon_src,
        &provider.proxy_url,
        provider.proxy_enabled,
        json_text(&provider.auth_patterns)?,
        json_text(&provider.metadata)?,
        provider.updated_at,
        &provider.tools_digest,
    ])
}

fn read(row: &Row) -> Result<Provider, Error> {
    read_as(row, "")
}

/// Reads one whose columns have this before their names.
pub(crate) fn read_as(row: &Row, before: &str) -> Result<Provider, Error> {
    let column = |name: &str| format!("{before}{name}");
    row.fit("providers", |row| {
        Ok(Provider {
            id: row.parsed(&column("id"))?,
            environment: row.parsed("environment_id")?,
            slug: row.text(&column("slug"))?.into(),
            display_name: row.text(&column("display_name"))?.into(),
            description: row.text(&column("description"))?.into(),
            icon_src: row.text(&column("icon_src"))?.into(),
            proxy_url: row.text(&column("proxy_url"))?.into(),
            proxy_enabled: row.flag(&column("proxy_enabled"))?,
            auth_patterns: row.json(&column("auth_patterns"))?,
            metadata: row.json(&column("metadata"))?,
            revision: row.integer(&column("revision"))?,
            tools_digest: row.text(&column("tools_digest"))?.into(),
            created_at: row.timestamp(&column("created_at"))?,
            updated_at: row.timestamp(&column("updated_at"))?,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::changes;
    use crate::{connections as connection_rows, fixture};
    use serde_json::json;
    use valetkey_domain::Kind;
    use valetkey_domain::connection::Connection;

    fn provider(ctx: &Ctx, tail: &str) -> Provider {
        Provider {
            id: ProviderId::parse(&format!("prv_{tail}")).unwrap(),
            environment: ctx.environment.clone(),
            slug: format!("acme:{tail}"),
            display_name: format!("Acme {tail}"),
            description: "An app".into(),
            icon_src: "https://acme.com/icon".into(),
            proxy_url: "https://{{domain}}.acme.com".into(),
            proxy_enabled: true,
            auth_patterns: json!([{ "type": "BEARER", "unknown": { "kept": [1, 2.5, null, "\u{e9}"] } }]),
            metadata: [("plan".to_owned(), "gold".to_owned())].into(),
            revision: 1,
            tools_digest: String::new(),
            created_at: fixture::now(),
            updated_at: fixture::now(),
        }
    }

    #[tokio::test]
    async fn comes_back_as_it_was_put_and_with_its_connections() {
        let db = fixture::two_environments().await;
        let (ours, mut tx) = (&db.ours, db.store.write().await.unwrap());
        let put = provider(ours, "1");
        insert(ours, &mut tx, &put).await.unwrap();
        assert_eq!(by_slug(ours, &mut tx, "acme:1").await.unwrap().as_ref(), Some(&put));
        assert_eq!(by_name(ours, &mut tx, "ACME 1").await.unwrap().as_ref(), Some(&put));
        for (tail, connector) in [("1", "acme:1"), ("2", "gmail"), ("3", "acme:1"), ("4", "acme:2")] {
            let connection = Connection { connector: connector.into(), ..fixture::connection(ours, tail) };
            connection_rows::insert(ours, &mut tx, &connection).await.unwrap();
        }
        let on_it = connection_rows::of_connector(ours, &mut tx, "acme:1", "", 9).await.unwrap();
        assert_eq!(on_it.iter().map(|one| one.id.as_str()).collect::<Vec<_>>(), ["conn_1", "conn_3"]);
        assert_eq!(connection_rows::of_connector(ours, &mut tx, "acme:1", "conn_1", 9).await.unwrap().len(), 1);
        let known = on_it.iter().map(|one| one.provider.as_deref()).collect::<Vec<_>>();
        assert_eq!(known, [Some(&put), Some(&put)]);
        let named = connection_rows::by_name(ours, &mut tx, "mail 1").await.unwrap().unwrap();
        assert_eq!(named.provider.as_deref(), Some(&put));
        let shipped = connection_rows::by_name(ours, &mut tx, "mail 2").await.unwrap().unwrap();
        assert_eq!(shipped.provider, None);
        assert!(delete(ours, &mut tx, &put.id).await.unwrap());
        assert_eq!(list(ours, &mut tx, &Page { size: 10, after: None }).await.unwrap().total, 0);
    }

    #[tokio::test]
    async fn names_are_unique_ignoring_case_within_an_environment() {
        let db = fixture::two_environments().await;
        let mut tx = db.store.write().await.unwrap();
        insert(&db.ours, &mut tx, &provider(&db.ours, "1")).await.unwrap();
        let same = |ctx: &Ctx, tail: &str| Provider { display_name: "ACME 1".into(), ..provider(ctx, tail) };
        insert(&db.theirs, &mut tx, &same(&db.theirs, "3")).await.unwrap();
        let clash = insert(&db.ours, &mut tx, &same(&db.ours, "2")).await.unwrap_err();
        assert_eq!(clash.kind(), Kind::AlreadyExists);
    }

    #[tokio::test]
    async fn the_second_of_two_changes_from_one_reading_is_refused() {
        let db = fixture::two_environments().await;
        let (ours, mut tx) = (&db.ours, db.store.write().await.unwrap());
        let mut changed = provider(ours, "1");
        insert(ours, &mut tx, &changed).await.unwrap();
        changed.description = "Another".into();
        assert!(update(ours, &mut tx, &changed).await.unwrap());
        assert!(!update(ours, &mut tx, &changed).await.unwrap());
        assert_eq!(by_slug(ours, &mut tx, "acme:1").await.unwrap().unwrap().description, "Another");
    }

    #[tokio::test]
    async fn tools_are_put_in_place_of_those_before_and_go_with_their_provider() {
        let db = fixture::two_environments().await;
        let (ours, mut tx) = (&db.ours, db.store.write().await.unwrap());
        let (one, other) = (provider(ours, "1"), provider(ours, "2"));
        for provider in [&one, &other] {
            insert(ours, &mut tx, provider).await.unwrap();
            assert_eq!(tools(ours, &mut tx, &provider.id).await.unwrap(), None);
        }
        for text in ["first \u{e9}", "second"] {
            put_tools(ours, &mut tx, &one.id, text).await.unwrap();
            assert_eq!(tools(ours, &mut tx, &one.id).await.unwrap().as_deref(), Some(text));
        }
        assert_eq!(tools(ours, &mut tx, &other.id).await.unwrap(), None);
        let was = changes::get(&mut tx, changes::Kind::Provider, one.id.as_str()).await.unwrap().unwrap().state;
        let digested = Provider { tools_digest: "ab".into(), ..one.clone() };
        assert!(update(ours, &mut tx, &digested).await.unwrap());
        tx.run("UPDATE providers SET revision = 1", []).await.unwrap();
        let is = changes::get(&mut tx, changes::Kind::Provider, one.id.as_str()).await.unwrap().unwrap().state;
        assert_ne!(is.text, was.text, "the journal's record of a row says which tools it has");
        assert_eq!(by_slug(ours, &mut tx, "acme:1").await.unwrap().unwrap().tools_digest, "ab");
        put_tools(ours, &mut tx, &one.id, "").await.unwrap();
        assert_eq!(tools(ours, &mut tx, &one.id).await.unwrap(), None);
        put_tools(ours, &mut tx, &one.id, "third").await.unwrap();
        assert!(delete(ours, &mut tx, &one.id).await.unwrap());
        assert_eq!(tools(ours, &mut tx, &one.id).await.unwrap(), None);
    }

    #[tokio::test]
    async fn a_stranger_finds_and_changes_nothing() {
        let db = fixture::two_environments().await;
        let (stranger, mut tx) = (&db.theirs, db.store.write().await.unwrap());
        let ours = provider(&db.ours, "1");
        insert(&db.ours, &mut tx, &ours).await.unwrap();
        put_tools(&db.ours, &mut tx, &ours.id, "ours").await.unwrap();
        assert!(tools(stranger, &mut tx, &ours.id).await.unwrap().is_none());
        put_tools(stranger, &mut tx, &ours.id, "").await.unwrap();
        assert_eq!(tools(&db.ours, &mut tx, &ours.id).await.unwrap().as_deref(), Some("ours"));
        let of_ours = Connection { connector: "acme:1".into(), ..fixture::connection(&db.ours, "1") };
        connection_rows::insert(&db.ours, &mut tx, &of_ours).await.unwrap();
        assert!(by_slug(stranger, &mut tx, "acme:1").await.unwrap().is_none());
        assert!(by_name(stranger, &mut tx, "Acme 1").await.unwrap().is_none());
        assert!(slugs(stranger, &mut tx).await.unwrap().is_empty());
        assert!(connection_rows::of_connector(stranger, &mut tx, "acme:1", "", 9).await.unwrap().is_empty());
        assert!(!update(stranger, &mut tx, &ours).await.unwrap());
        assert!(!delete(stranger, &mut tx, &ours.id).await.unwrap());
        assert_eq!(list(stranger, &mut tx, &Page { size: 10, after: None }).await.unwrap().total, 0);
        // A connection of theirs that names the slug of ours is on nothing.
        let theirs = Connection { connector: "acme:1".into(), ..fixture::connection(stranger, "2") };
        connection_rows::insert(stranger, &mut tx, &theirs).await.unwrap();
        let read = connection_rows::get(stranger, &mut tx, &theirs.id).await.unwrap().unwrap();
        assert_eq!(read.provider, None);
    }
}
