//! Links: made for an app, opened by anybody who holds one.

use super::scopes::{self, AskedScope};
use super::stopped::{About, Stopped, Why};
use crate::accounts;
use crate::connections::{self, Wired};
use crate::{App, Error, Result};
use serde_json::json;
use std::time::Duration;
use valetkey_core::{context, journal};
use valetkey_domain::account::{ConnectedAccount, Owner};
use valetkey_domain::authorization::{Authorization, Outcome, Stage};
use valetkey_domain::connection::Connection;
use valetkey_domain::ctx::Actor;
use valetkey_domain::id::AuthorizationId;
use valetkey_domain::{Ctx, Kind, Timestamp};
use valetkey_storage::{accounts as account_rows, authorizations as rows, environments};
use valetkey_vault::random;

/// No token of ours is longer; anything longer isn't worth hashing.
const LONGEST_TOKEN: usize = 100;

/// An address where a person can sign in.
#[derive(Clone)]
pub struct Link {
    /// The address; whoever has it can sign in for the user it was made for.
    pub url: String,
    /// Until when it opens.
    pub expires_at: Timestamp,
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Link").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

/// How a link reaches its person, which says how long it opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    /// With an MCP answer or in a chat: it is opened at once or not at all.
    Chat,
    /// Sent to somebody, who may read it tomorrow.
    Mail,
}

impl Life {
    fn of(self, app: &App) -> Duration {
        match self {
            Self::Chat => app.core.settings.chat_link_life,
            Self::Mail => app.core.settings.mail_link_life,
        }
    }
}

/// What the page behind a link shows.
#[derive(Clone, Debug)]
pub struct Opened {
    /// The consent.
    pub authorization: AuthorizationId,
    /// What it is about.
    pub about: About,
    /// What will be asked for.
    pub scopes: Vec<AskedScope>,
    /// The origin of the provider's sign-in page (`https://accounts.google.com`).
    pub provider: String,
    /// Until when the link opens.
    pub expires_at: Timestamp,
}

/// A link for this owner to sign in with on a connection, with the account, which is made if there is none.
///
/// # Errors
/// As for [`link`].
pub async fn link_for(
    app: &App,
    ctx: &Ctx,
    connection: &Connection,
    owner: Owner,
    life: Life,
) -> Result<(ConnectedAccount, Link)> {
    let account = accounts::ensure(app, ctx, connection, owner).await?;
    let link = link(app, ctx, connection, &account, life.of(app)).await?;
    Ok((account, link))
}

/// Makes a link for an account that opens for `life`. The account goes on as it is, whatever becomes of the link.
///
/// # Errors
/// The connection is switched off or lacks its OAuth client; the message says what.
pub async fn link(
    app: &App,
    ctx: &Ctx,
    connection: &Connection,
    account: &ConnectedAccount,
    life: Duration,
) -> Result<Link> {
    if account.environment != ctx.environment || account.connection != connection.id {
        return Err(Error::not_found("connected account", &account.id));
    }
    if let Err(why) = ready(&Wired::of(app, connection.clone())?) {
        return Err(Error::new(Kind::FailedPrecondition, why));
    }
    let token = random::bearer("")?;
    let now = app.core.now();
    let authorization = Authorization {
        id: AuthorizationId::new(app.core.clock.as_ref(), app.core.rng.as_ref()),
        environment: ctx.environment.clone(),
        connection: connection.id.clone(),
        account: account.id.clone(),
        stage: Stage::Linked,
        link_expires_at: now + life,
        created_at: now,
    };
    let mut tx = app.core.change(ctx).await?;
    rows::prune(ctx, &mut tx, &account.id, now - super::REMEMBERED).await?;
    rows::insert(ctx, &mut tx, &authorization, &valetkey_vault::sha256(token.bytes())).await?;
    let detail = journal::detail([("account", json!(account.id))]);
    tx.record("authorization.linked", authorization.id.as_str(), detail).await?.commit().await?;
    let url = app.core.settings.public(&format!("/connect/{}", token.expose()));
    Ok(Link { url, expires_at: authorization.link_expires_at })
}

/// What a link's page shows. Opening spends nothing and binds nobody: scanners and previews open links too.
///
/// # Errors
/// No such link, or one that has expired or done its work.
pub async fn open(app: &App, token: &str) -> std::result::Result<Opened, Stopped> {
    let found = Found::by_link(app, token).await?;
    found.startable(app.core.now())?;
    Ok(Opened {
        authorization: found.authorization.id,
        about: found.about,
        scopes: scopes::described(&found.wired.connector, found.wired.scopes()),
        provider: connections::origin(&found.wired.endpoints.authorize_url).unwrap_or_default(),
        expires_at: found.authorization.link_expires_at,
    })
}

/// What is missing before anybody can sign in on a connection.
fn ready(wired: &Wired) -> std::result::Result<(), String> {
    let name = &wired.connection.name;
    if !wired.connection.enabled {
        return Err(format!("connection '{name}' is switched off: the app's developer can switch it on"));
    }
    if !wired.is_complete() {
        return Err(format!("connection '{name}' lacks its OAuth client: give it a client id and a client secret"));
    }
    Ok(())
}

/// A consent with everything around it.
pub(super) struct Found {
    pub(super) ctx: Ctx,
    pub(super) authorization: Authorization,
    pub(super) account: ConnectedAccount,
    pub(super) wired: Wired,
    pub(super) about: About,
}

impl Found {
    async fn by_link(app: &App, token: &str) -> std::result::Result<Self, Stopped> {
        if token.is_empty() || token.len() > LONGEST_TOKEN {
            return Err(Why::LinkUnknown.into());
        }
        context::time_is_known(&app.core)?;
        let hash = valetkey_vault::sha256(token.as_bytes());
        let known = valetkey_storage::doors::authorization_by_link(&mut app.core.store.glance().await?, &hash).await?;
        let (environment, id) = known.ok_or(Why::LinkUnknown)?;
        let ctx = context::enter(&app.core, environment, Actor::Link(id.clone()));
        Self::load(app, ctx, &id).await
    }

    /// By the link's token, for its button.
    pub(super) async fn to_start(app: &App, token: &str) -> std::result::Result<Self, Stopped> {
        let found = Self::by_link(app, token).await?;
        found.startable(app.core.now())?;
        Ok(found)
    }

    pub(super) async fn load(app: &App, ctx: Ctx, id: &AuthorizationId) -> std::result::Result<Self, Stopped> {
        let mut tx = app.core.store.read().await?;
        let authorization = rows::get(&ctx, &mut tx, id).await?.ok_or(Why::LinkUnknown)?;
        let account = account_rows::get(&ctx, &mut tx, &authorization.account).await?.ok_or(Why::LinkUnknown)?;
        let environment = environments::get(&mut tx, &ctx.environment).await?.ok_or(Why::LinkUnknown)?;
        drop(tx);
        let wired = Wired::of(app, connections::get(app, &ctx, &authorization.connection).await?)?;
        let about = About {
            connector: wired.connector.display_name.clone(),
            connection: wired.connection.name.clone(),
            app: environment.shown().to_owned(),
            identifier: account.owner.identifier.clone(),
        };
        Ok(Self { ctx, authorization, account, wired, about })
    }

    /// Whether the page's button may be pressed.
    fn startable(&self, now: Timestamp) -> std::result::Result<(), Stopped> {
        let why = match &self.authorization.stage {
            Stage::Done { outcome, .. } if spends(outcome) => Some(Why::LinkUsed),
            _ if self.authorization.link_expires_at <= now => Some(Why::LinkExpired),
            Stage::Exchanging(started) if started.expires_at > now => Some(Why::Busy),
            _ => ready(&self.wired).err().map(Why::Unready),
        };
        why.map_or(Ok(()), |why| Err(Stopped::from(why).about(self.about.clone())))
    }
}

/// Whether this outcome is the last that a link leads to.
const fn spends(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Connected | Outcome::ConnectedWithout(_) | Outcome::OtherAccount { .. })
}
