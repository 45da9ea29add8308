//! Organisations: the customers of an app, to which connected accounts can belong. An account names one by its id; one that
//! accounts belong to is not removed.

use crate::{App, Error, Listed, Page, Result};
use serde_json::Map;
use std::collections::BTreeMap;
use valetkey_domain::id::OrganizationId;
use valetkey_domain::invisible::is_invisible;
use valetkey_domain::name::plain;
use valetkey_domain::organization::Organization;
use valetkey_domain::{Ctx, Kind};
use valetkey_storage::{Tx, organizations as rows};

pub use valetkey_storage::organizations::Filter;

/// The longest external id, in characters.
const MAX_EXTERNAL_ID: usize = 255;

/// Which organisation is meant.
pub enum OrganizationRef {
    /// By its id.
    Id(OrganizationId),
    /// By what the app calls it.
    ExternalId(String),
}

/// An organisation to be made.
pub struct New {
    /// What people call it.
    pub display_name: String,
    /// What the app calls it.
    pub external_id: Option<String>,
    /// Its name in addresses.
    pub slug: Option<String>,
    /// Where its logo is.
    pub logo_url: Option<String>,
    /// What the app keeps with it.
    pub metadata: BTreeMap<String, String>,
}

/// What to change; what is absent stays, and an absent value within takes away.
#[derive(Default)]
pub struct Update {
    /// Another name.
    pub display_name: Option<String>,
    /// Another external id.
    pub external_id: Option<Option<String>>,
    /// Another slug.
    pub slug: Option<Option<String>>,
    /// Another logo.
    pub logo_url: Option<Option<String>>,
    /// Other metadata, whole.
    pub metadata: Option<BTreeMap<String, String>>,
}

/// Makes an organisation.
///
/// # Errors
/// A text that breaks its rule, or another organisation has the same external id or slug.
pub async fn create(app: &App, ctx: &Ctx, new: New) -> Result<Organization> {
    let now = app.core.now();
    let organization = Organization {
        id: OrganizationId::new(app.core.clock.as_ref(), app.core.rng.as_ref()),
        environment: ctx.environment.clone(),
        display_name: new.display_name,
        external_id: new.external_id,
        slug: new.slug,
        logo_url: new.logo_url,
        metadata: new.metadata,
        revision: 1,
        created_at: now,
        updated_at: now,
    };
    check(&organization)?;
    let mut change = app.core.change(ctx).await?;
    check_free(ctx, &mut change, &organization).await?;
    rows::insert(ctx, &mut change, &organization).await.map_err(taken_meanwhile)?;
    change.record("organization.created", organization.id.as_str(), Map::new()).await?.commit().await?;
    Ok(organization)
}

/// The organisation that is meant.
///
/// # Errors
/// There is none in this environment.
pub async fn get(app: &App, ctx: &Ctx, which: &OrganizationRef) -> Result<Organization> {
    found(ctx, &mut app.core.store.glance().await?, which).await
}

/// A page of the environment's organisations.
///
/// # Errors
/// The page token is none, or the database cannot be read.
pub async fn list(app: &App, ctx: &Ctx, filter: &Filter, page: &Page) -> Result<Listed<Organization>> {
    Ok(rows::list(ctx, &mut app.core.store.read().await?, filter, page).await?)
}

/// Changes an organisation.
///
/// # Errors
/// As for [`create`]; no such organisation; or somebody else changed it meanwhile.
pub async fn update(app: &App, ctx: &Ctx, which: &OrganizationRef, change: Update) -> Result<Organization> {
    let mut organization = get(app, ctx, which).await?;
    organization.display_name = change.display_name.unwrap_or(organization.display_name);
    organization.external_id = change.external_id.unwrap_or(organization.external_id);
    organization.slug = change.slug.unwrap_or(organization.slug);
    organization.logo_url = change.logo_url.unwrap_or(organization.logo_url);
    organization.metadata = change.metadata.unwrap_or(organization.metadata);
    organization.updated_at = app.core.now();
    check(&organization)?;
    let mut change = app.core.change(ctx).await?;
    check_free(ctx, &mut change, &organization).await?;
    if !rows::update(ctx, &mut change, &organization).await.map_err(taken_meanwhile)? {
        let message = format!("organisation '{}' was changed meanwhile: try again", organization.id);
        return Err(Error::new(Kind::Aborted, message));
    }
    change.record("organization.updated", organization.id.as_str(), Map::new()).await?.commit().await?;
    organization.revision += 1;
    Ok(organization)
}

/// Removes an organisation.
///
/// # Errors
/// There is none in this environment, or connected accounts belong to it.
pub async fn delete(app: &App, ctx: &Ctx, which: &OrganizationRef) -> Result<()> {
    let mut change = app.core.change(ctx).await?;
    let Organization { id, display_name, .. } = found(ctx, &mut change, which).await?;
    if let Some(account) = rows::account_in(ctx, &mut change, &id).await? {
        let message = format!(
            "connected accounts belong to organisation '{display_name}' ({id}), {account} among them: delete them first \
             (ListConnectedAccounts with organization_id shows them)"
        );
        return Err(Error::new(Kind::FailedPrecondition, message));
    }
    if !rows::delete(ctx, &mut change, &id).await? {
        return Err(Error::not_found("organisation", &id));
    }
    change.record("organization.deleted", id.as_str(), Map::new()).await?.commit().await
}

async fn found(ctx: &Ctx, tx: &mut Tx, which: &OrganizationRef) -> Result<Organization> {
    match which {
        OrganizationRef::Id(id) => rows::get(ctx, tx, id).await?.ok_or_else(|| Error::not_found("organisation", id)),
        OrganizationRef::ExternalId(external_id) => {
            let found = rows::by_external_id(ctx, tx, external_id).await?;
            found.ok_or_else(|| Error::not_found("organisation with the external id", external_id))
        }
    }
}

fn check(organization: &Organization) -> Result<()> {
    // Marks that join pictures may stand in a name for people, if there is something to be seen beside them.
    if organization.display_name.chars().all(|c| c.is_whitespace() || is_invisible(c)) {
        return Err(Error::invalid("display_name has nothing in it that can be seen"));
    }
    let Some(external_id) = &organization.external_id else { return Ok(()) };
    plain(external_id, MAX_EXTERNAL_ID, "external_id").map_err(Error::invalid)
}

/// Nobody else has the external id or the slug.
async fn check_free(ctx: &Ctx, tx: &mut Tx, organization: &Organization) -> Result<()> {
    let mut same = Vec::new();
    if let Some(external_id) = &organization.external_id {
        same.push(("external_id", external_id, rows::by_external_id(ctx, tx, external_id).await?));
    }
    if let Some(slug) = &organization.slug {
        same.push(("slug", slug, rows::by_slug(ctx, tx, slug).await?));
    }
    for (what, text, found) in same {
        if let Some(other) = found.filter(|other| other.id != organization.id) {
            let message =
                format!("organisation '{}' ({}) has the {what} '{text}' already", other.display_name, other.id);
            return Err(Error::new(Kind::AlreadyExists, message));
        }
    }
    Ok(())
}

/// What another transaction took between the look and the write.
fn taken_meanwhile(error: valetkey_storage::Error) -> Error {
    match error.kind() {
        Kind::AlreadyExists => {
            Error::new(Kind::AlreadyExists, "another organisation has this external_id or slug already")
        }
        _ => error.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts;
    use crate::fixture::fixture;
    use valetkey_domain::account::Owner;
    use valetkey_domain::name::Identifier;

    fn new(external_id: Option<&str>) -> New {
        New {
            display_name: "Acme".into(),
            external_id: external_id.map(str::to_owned),
            slug: None,
            logo_url: None,
            metadata: BTreeMap::new(),
        }
    }

    #[tokio::test]
    async fn an_external_id_is_one_organisations_alone_and_may_be_given_up() {
        let server = fixture("{rotates: true}").await;
        let (app, ctx) = (&server.app, &server.ctx);
        let first = create(app, ctx, new(Some("acme"))).await.unwrap();
        let clash = create(app, ctx, new(Some("acme"))).await.unwrap_err();
        assert_eq!(clash.kind(), Kind::AlreadyExists);
        assert!(clash.message().contains(first.id.as_str()), "{clash:?}");
        let change = Update { external_id: Some(None), ..Update::default() };
        let freed = update(app, ctx, &OrganizationRef::ExternalId("acme".into()), change).await.unwrap();
        assert_eq!((freed.external_id, freed.revision), (None, 2));
        create(app, ctx, new(Some("acme"))).await.unwrap();
        for wrong in ["a\nb", "ac\u{3164}me", "acme ", &"x".repeat(256)] {
            let refused = create(app, ctx, new(Some(wrong))).await.unwrap_err();
            assert!(refused.message().starts_with("external_id"), "{refused:?}");
        }
        for (name, taken) in [("\u{3164} \u{e0041}", false), ("Acme 👩‍👩‍👧", true)] {
            let made = create(app, ctx, New { display_name: name.into(), ..new(None) }).await;
            assert_eq!(made.is_ok(), taken, "{name:?}");
        }
    }

    #[tokio::test]
    async fn one_that_accounts_belong_to_stays() {
        let server = fixture("{rotates: true}").await;
        let (app, ctx) = (&server.app, &server.ctx);
        let made = create(app, ctx, new(None)).await.unwrap();
        let owner = Owner { organization: Some(made.id.to_string()), ..Owner::of(Identifier::parse("ann").unwrap()) };
        let account = accounts::ensure(app, ctx, &server.connection, owner).await.unwrap();
        let which = OrganizationRef::Id(made.id);
        let refused = delete(app, ctx, &which).await.unwrap_err();
        assert_eq!(refused.kind(), Kind::FailedPrecondition);
        assert!(refused.message().contains(account.id.as_str()), "{refused:?}");
        accounts::delete(app, ctx, &accounts::AccountRef::Id(account.id)).await.unwrap();
        delete(app, ctx, &which).await.unwrap();
        assert_eq!(get(app, ctx, &which).await.unwrap_err().kind(), Kind::NotFound);
    }
}
