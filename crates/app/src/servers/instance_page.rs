//! The page of an instance: every connection of its config with its state, and the way to sign in where that is missing.
//!
//! Its link is derived under the environment's url key, names when it ends, and ends with the instance's URL. It carries no
//! credential and gives nothing but what the links of the single connections give: who the person is, is made sure of
//! there.

use super::configs;
use crate::accounts;
use crate::connections::{self, Wired};
use crate::consent::{Life, Link, LinkOptions, StopReason, Stopped, link_for};
use crate::tenancy::verification;
use crate::{App, Result};
use valetkey_core::context;
use valetkey_domain::account::{Owner, Status};
use valetkey_domain::brand::Brand;
use valetkey_domain::config::Mapping;
use valetkey_domain::connection::Connection;
use valetkey_domain::ctx::Actor;
use valetkey_domain::instance::McpInstance;
use valetkey_domain::name::{ConnectionName, Identifier};
use valetkey_domain::time::{from_millis, to_millis};
use valetkey_domain::{Ctx, Timestamp};
use valetkey_storage::{doors, environments};

/// What the page shows.
#[derive(Clone, Debug)]
pub struct InstancePage {
    /// Who asks: what people call the environment.
    pub app: String,
    /// How that looks.
    pub brand: Brand,
    /// The app's name for the user.
    pub identifier: Identifier,
    /// The connections, in the developer's order.
    pub connections: Vec<PageConnection>,
    /// Until when the link opens.
    pub expires_at: Timestamp,
}

/// One of them.
#[derive(Clone, Debug)]
pub struct PageConnection {
    /// The kind of app, as people call it.
    pub connector: String,
    /// Its name.
    pub connection: ConnectionName,
    /// How it stands; PENDING_AUTH while nobody was asked.
    pub status: Status,
    /// Whether it is switched on, so that one can sign in.
    pub on: bool,
}

/// The link to the page, if more than one connection wants its user to sign in: for one alone its own link is shorter. None
/// where nobody could be confirmed who signs in: what is to be done then is said for the one connection.
///
/// # Errors
/// The database cannot be read.
pub(crate) async fn link_if_several(
    app: &App,
    ctx: &Ctx,
    instance: &McpInstance,
    (mappings, verify_url): (&[Mapping], Option<&str>),
) -> Result<Option<Link>> {
    let owner = Owner::of(instance.identifier.clone());
    let mut missing = 0;
    for mapping in mappings {
        let on = connections::get(app, ctx, &mapping.connection).await?.enabled;
        let account = accounts::find(app, ctx, &mapping.connection, &owner).await?;
        if on && account.is_none_or(|account| account.status != Status::Active) {
            missing += 1;
        }
    }
    if missing < 2 {
        return Ok(None);
    }
    let environment = environments::get(&mut app.core.store.glance().await?, &ctx.environment).await?;
    if environment.is_none_or(|environment| verification::of_link(&environment, verify_url, None, None).is_err()) {
        return Ok(None);
    }
    let until = until(app);
    let token = app.core.keyring.page_mint(instance, until).await?;
    let url = app.core.settings.public(&format!("/connect/i/{}", token.expose()));
    Ok(Some(Link { url, expires_at: until }))
}

/// Between two thirds and all of a chat link's life from now: who asks again soon is given the same link.
fn until(app: &App) -> Timestamp {
    let life = app.core.settings.chat_link_life;
    let step = i64::try_from((life / 3).as_millis()).unwrap_or(i64::MAX).max(1);
    let last = to_millis(app.core.now() + life);
    from_millis(last - last.rem_euclid(step))
}

/// What the page shows. Looking changes nothing: scanners and previews open links too.
///
/// # Errors
/// No such link, or one that has ended.
pub async fn open(app: &App, token: &str) -> std::result::Result<InstancePage, Stopped> {
    let (ctx, instance, expires_at) = enter(app, token).await?;
    let owner = Owner::of(instance.identifier.clone());
    let mut shown = Vec::new();
    for mapping in configs::get(app, &ctx, &instance.config).await?.mappings {
        let connection = connections::get(app, &ctx, &mapping.connection).await?;
        let account = accounts::find(app, &ctx, &connection.id, &owner).await?;
        let Ok(Wired { connector, connection, .. }) = Wired::of(app, connection) else { continue };
        shown.push(PageConnection {
            connector: connector.display_name.clone(),
            connection: connection.name,
            status: account.map_or(Status::PendingAuth, |account| account.status),
            on: connection.enabled,
        });
    }
    let environment = environments::get(&mut app.core.store.glance().await?, &ctx.environment).await?;
    let environment = environment.ok_or(StopReason::LinkUnknown)?;
    let app = environment.label().to_owned();
    let (brand, identifier) = (environment.brand, instance.identifier);
    Ok(InstancePage { app, brand, identifier, connections: shown, expires_at })
}

/// The link to sign in with on one of the page's connections; none where that is not missing any more.
///
/// # Errors
/// As for [`open`]; the config has no such connection; or it cannot be signed in to yet.
pub async fn sign_in(app: &App, token: &str, connection: &str) -> std::result::Result<Option<Link>, Stopped> {
    let (ctx, instance, _) = enter(app, token).await?;
    let config = configs::get(app, &ctx, &instance.config).await?;
    let wishes = LinkOptions { config_verify_url: config.options.user_verify_url, ..LinkOptions::default() };
    let mapping = config.mappings.into_iter().find(|mapping| mapping.connection_name.as_str() == connection);
    let mapping = mapping.ok_or(StopReason::StrayAnswer)?;
    let connection: Connection = connections::get(app, &ctx, &mapping.connection).await?;
    let owner = Owner::of(instance.identifier);
    let account = accounts::find(app, &ctx, &connection.id, &owner).await?;
    if account.is_some_and(|account| account.status == Status::Active) {
        return Ok(None);
    }
    let (_, link) = link_for(app, &ctx, &connection, owner, Life::Chat, &wishes).await?;
    Ok(Some(link))
}

/// The instance of a link that opens.
async fn enter(app: &App, token: &str) -> std::result::Result<(Ctx, McpInstance, Timestamp), Stopped> {
    context::time_is_known(&app.core)?;
    let (environment, claim) = app.core.keyring.page_check(token).await?.ok_or(StopReason::LinkUnknown)?;
    let found = doors::instance(&mut app.core.store.glance().await?, &claim.instance, &claim.key).await?;
    let found = found.map(|(instance, _)| instance);
    let instance = found.filter(|found| found.environment == environment && claim.opens(found));
    let instance = instance.ok_or(StopReason::LinkUnknown)?;
    if claim.until <= app.core.now() {
        return Err(StopReason::LinkExpired.into());
    }
    let ctx = context::enter(&app.core, environment, Actor::Instance(instance.id.clone()));
    Ok((ctx, instance, claim.until))
}

#[cfg(test)]
mod tests;
