//! Organisations.

use crate::list::{MAX_SIZE, containing, folded};
use crate::row::json_text;
use crate::walk::{self, ListQuery, Source, Texts, Total};
use crate::{Arg, Error, Listed, Page, Row, Tx, args, counters};
use std::sync::LazyLock;
use valetkey_domain::Ctx;
use valetkey_domain::id::{AccountId, OrganizationId};
use valetkey_domain::organization::Organization;

/// Which organisations a list shows; what is absent filters nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// The app's own id for it, exactly.
    pub external_id: Option<String>,
    /// Text that name, id or external id holds, ignoring case.
    pub search: Option<String>,
}

const SOURCE: Source = Source {
    prefix: OrganizationId::PREFIX,
    table: "organizations",
    columns: "t.*",
    joins: "",
    always: "",
    looked_at: ", t.search_text",
    fits: "(CAST($5 AS TEXT) IS NULL OR w.search_text LIKE $5 ESCAPE '\\')",
    filters: 1,
    newest_first: false,
};

static ALL: LazyLock<Texts> = LazyLock::new(|| SOURCE.by(walk::ALL));

static BY_EXTERNAL_ID: LazyLock<Texts> =
    LazyLock::new(|| SOURCE.by_few("t.environment_id = $1 AND t.external_id = KEY"));

/// All texts.
#[cfg(test)]
pub(crate) fn texts() -> Vec<&'static str> {
    [&ALL, &BY_EXTERNAL_ID].into_iter().flat_map(|list| list.all()).collect()
}

/// Adds an organisation.
///
/// # Errors
/// Another has the same external id or slug.
pub async fn insert(ctx: &Ctx, tx: &mut Tx, organization: &Organization) -> Result<(), Error> {
    let sql = "INSERT INTO organizations (environment_id, id, revision, display_name, external_id, slug, logo_url,
            metadata, search_text, updated_at, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    let values = values(ctx, organization)?.into_iter().chain(args![organization.created_at]);
    tx.run(sql, values).await?;
    counters::add(ctx, tx, counters::ORGANIZATIONS, 1).await
}

/// The organisation of this id.
///
/// # Errors
/// The database cannot be read.
pub async fn get(ctx: &Ctx, tx: &mut Tx, id: &OrganizationId) -> Result<Option<Organization>, Error> {
    let sql = "SELECT * FROM organizations WHERE environment_id = $1 AND id = $2";
    tx.one(sql, args![&ctx.environment, id]).await?.as_ref().map(read).transpose()
}

/// The organisation that the app calls so.
///
/// # Errors
/// The database cannot be read.
pub async fn by_external_id(ctx: &Ctx, tx: &mut Tx, external_id: &str) -> Result<Option<Organization>, Error> {
    let sql = "SELECT * FROM organizations WHERE environment_id = $1 AND external_id = $2";
    tx.one(sql, args![&ctx.environment, external_id]).await?.as_ref().map(read).transpose()
}

/// The organisation with this slug.
///
/// # Errors
/// The database cannot be read.
pub async fn by_slug(ctx: &Ctx, tx: &mut Tx, slug: &str) -> Result<Option<Organization>, Error> {
    let sql = "SELECT * FROM organizations WHERE environment_id = $1 AND slug = $2";
    tx.one(sql, args![&ctx.environment, slug]).await?.as_ref().map(read).transpose()
}

/// A page of the environment's organisations.
///
/// # Errors
/// The database cannot be read.
pub async fn list(ctx: &Ctx, tx: &mut Tx, filter: &Filter, page: &Page) -> Result<Listed<Organization>, Error> {
    let search = filter.search.as_deref().map(containing);
    let texts = if filter.external_id.is_some() { &BY_EXTERNAL_ID } else { &ALL };
    let asked = ListQuery::by(texts, vec![filter.external_id.as_deref().map(Arg::from)], args![search].into());
    asked.page(ctx, tx, page, MAX_SIZE, Total::Kept(counters::ORGANIZATIONS)).await?.read(read)
}

/// Changes an organisation over the revision that it was read at, and raises the revision. False if somebody else changed
/// or removed it meanwhile.
///
/// # Errors
/// Another has the same external id or slug.
pub async fn update(ctx: &Ctx, tx: &mut Tx, organization: &Organization) -> Result<bool, Error> {
    let sql = "UPDATE organizations SET display_name = $4, external_id = $5, slug = $6, logo_url = $7, metadata = $8,
            search_text = $9, updated_at = $10, revision = revision + 1
        WHERE environment_id = $1 AND id = $2 AND revision = $3";
    Ok(tx.run(sql, values(ctx, organization)?).await? == 1)
}

/// One connected account that belongs to an organisation, if any does.
///
/// # Errors
/// The database cannot be read.
pub async fn account_in(ctx: &Ctx, tx: &mut Tx, id: &OrganizationId) -> Result<Option<AccountId>, Error> {
    let sql = "SELECT id FROM connected_accounts
        WHERE environment_id = $1 AND organization_id = $2 AND organization_id <> '' ORDER BY id LIMIT 1";
    let row = tx.one(sql, args![&ctx.environment, id]).await?;
    row.map(|row| row.fit("connected_accounts", |row| row.parsed("id"))).transpose()
}

/// Removes an organisation; false if there is none.
///
/// # Errors
/// The database cannot be written.
pub async fn delete(ctx: &Ctx, tx: &mut Tx, id: &OrganizationId) -> Result<bool, Error> {
    let sql = "DELETE FROM organizations WHERE environment_id = $1 AND id = $2";
    let gone = tx.run(sql, args![&ctx.environment, id]).await? == 1;
    if gone {
        counters::add(ctx, tx, counters::ORGANIZATIONS, -1).await?;
    }
    Ok(gone)
}

/// What is written of one, in the order of both statements.
fn values(ctx: &Ctx, organization: &Organization) -> Result<[Arg; 10], Error> {
    let external_id = organization.external_id.as_deref();
    let search_text =
        format!("{}\n{}\n{}", organization.display_name, organization.id, external_id.unwrap_or_default());
    Ok(args![
        &ctx.environment,
        &organization.id,
        organization.revision,
        &organization.display_name,
        external_id,
        organization.slug.as_deref(),
        organization.logo_url.as_deref(),
        json_text(&organization.metadata)?,
        folded(&search_text),
        organization.updated_at,
    ])
}

fn read(row: &Row) -> Result<Organization, Error> {
    row.fit("organizations", |row| {
        Ok(Organization {
            id: row.parsed("id")?,
            environment: row.parsed("environment_id")?,
            display_name: row.text("display_name")?.into(),
            external_id: row.optional_text("external_id")?.map(str::to_owned),
            slug: row.optional_text("slug")?.map(str::to_owned),
            logo_url: row.optional_text("logo_url")?.map(str::to_owned),
            metadata: row.json("metadata")?,
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

    fn organization(ctx: &Ctx, tail: &str) -> Organization {
        Organization {
            id: OrganizationId::parse(&format!("org_{tail}")).unwrap(),
            environment: ctx.environment.clone(),
            display_name: format!("Acme {tail}"),
            external_id: Some(format!("customer-{tail}")),
            slug: None,
            logo_url: None,
            metadata: [("plan".to_owned(), "gold".to_owned())].into(),
            revision: 1,
            created_at: fixture::now(),
            updated_at: fixture::now(),
        }
    }

    #[tokio::test]
    async fn comes_back_as_it_was_put_and_is_found() {
        let db = fixture::two_environments().await;
        let (ours, mut tx) = (&db.ours, db.store.write().await.unwrap());
        let put = organization(ours, "1");
        insert(ours, &mut tx, &put).await.unwrap();
        insert(ours, &mut tx, &organization(ours, "2")).await.unwrap();
        assert_eq!(get(ours, &mut tx, &put.id).await.unwrap().as_ref(), Some(&put));
        assert_eq!(by_external_id(ours, &mut tx, "customer-1").await.unwrap().as_ref(), Some(&put));
        let page = Page { size: 10, after: None };
        for (external_id, search, count) in [
            (None, None, 2),
            (Some("customer-2"), None, 1),
            (Some("CUSTOMER-2"), None, 0),
            (None, Some("ACME"), 2),
            (None, Some("org_2"), 1),
            (None, Some("mer-1"), 1),
            (None, Some("%"), 0),
        ] {
            let filter = Filter { external_id: external_id.map(String::from), search: search.map(String::from) };
            let found = list(ours, &mut tx, &filter, &page).await.unwrap();
            assert_eq!((found.items.len(), found.total), (count, count as u64), "{filter:?}");
        }
        assert!(delete(ours, &mut tx, &put.id).await.unwrap());
        assert_eq!(list(ours, &mut tx, &Filter::default(), &page).await.unwrap().total, 1);
    }

    #[tokio::test]
    async fn external_ids_and_slugs_are_unique_within_an_environment() {
        let db = fixture::two_environments().await;
        let mut tx = db.store.write().await.unwrap();
        insert(&db.ours, &mut tx, &organization(&db.ours, "1")).await.unwrap();
        let same =
            |ctx: &Ctx, tail: &str| Organization { external_id: Some("customer-1".into()), ..organization(ctx, tail) };
        insert(&db.theirs, &mut tx, &same(&db.theirs, "3")).await.unwrap();
        let clash = insert(&db.ours, &mut tx, &same(&db.ours, "2")).await.unwrap_err();
        assert_eq!(clash.kind(), Kind::AlreadyExists);
    }

    #[tokio::test]
    async fn the_second_of_two_changes_from_one_reading_is_refused() {
        let db = fixture::two_environments().await;
        let (ours, mut tx) = (&db.ours, db.store.write().await.unwrap());
        let mut changed = organization(ours, "1");
        insert(ours, &mut tx, &changed).await.unwrap();
        changed.display_name = "Other".into();
        assert!(update(ours, &mut tx, &changed).await.unwrap());
        assert!(!update(ours, &mut tx, &changed).await.unwrap());
        assert_eq!(get(ours, &mut tx, &changed.id).await.unwrap().unwrap().display_name, "Other");
    }

    #[tokio::test]
    async fn a_stranger_finds_and_changes_nothing() {
        let db = fixture::two_environments().await;
        let (stranger, mut tx) = (&db.theirs, db.store.write().await.unwrap());
        let ours = organization(&db.ours, "1");
        insert(&db.ours, &mut tx, &ours).await.unwrap();
        assert!(get(stranger, &mut tx, &ours.id).await.unwrap().is_none());
        assert!(by_external_id(stranger, &mut tx, "customer-1").await.unwrap().is_none());
        assert!(!update(stranger, &mut tx, &ours).await.unwrap());
        assert!(!delete(stranger, &mut tx, &ours.id).await.unwrap());
        let page = Page { size: 10, after: None };
        assert_eq!(list(stranger, &mut tx, &Filter::default(), &page).await.unwrap().total, 0);
    }
}
