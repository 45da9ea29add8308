//! Links: made for an app, opened by anybody who holds one.

use super::form::Form;
use super::requested::requested_scopes;
use super::scopes::{self, AskedScope};
use super::stopped::{About, StopReason, Stopped};
use crate::accounts;
use crate::connections::{self, CustomHosts, Wired};
use crate::entrance::browsers::is_of;
use crate::tenancy::verification;
use crate::{App, Error, Result};
use serde_json::json;
use std::time::Duration;
use valetkey_core::{context, journal};
use valetkey_domain::account::{ConnectedAccount, Owner};
use valetkey_domain::authorization::{Authorization, Outcome, Stage, VerifyAt};
use valetkey_domain::connection::Connection;
use valetkey_domain::ctx::Actor;
use valetkey_domain::environment::VerifyMode;
use valetkey_domain::id::AuthorizationId;
use valetkey_domain::{Ctx, Kind, Secret, Timestamp};
use valetkey_storage::Tx;
use valetkey_storage::{accounts as account_rows, authorizations as rows, environments};

/// No token of ours is longer; anything longer isn't worth hashing.
const LONGEST_TOKEN: usize = 100;

/// How many links an account has at a time; older ones end.
const LIVE: i64 = 3;

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
    /// What is to be typed, where people don't sign in at the provider.
    pub form: Option<Form>,
    /// Where the sign-in and what comes of it go that is not the vendor's own.
    pub custom_hosts: CustomHosts,
    /// Until when the link opens.
    pub expires_at: Timestamp,
}

/// What an app wants of a link beside its life.
#[derive(Clone, Debug, Default)]
pub struct LinkOptions {
    /// Where the person is sent to be confirmed.
    pub user_verify_url: Option<String>,
    /// What the app wants back there.
    pub state: Option<String>,
    /// Where the config that the link is made for has people confirmed.
    pub config_verify_url: Option<String>,
    /// Scopes that the person is asked for whatever else they are asked for: those that a call lacked.
    pub scopes: Vec<String>,
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
    wishes: &LinkOptions,
) -> Result<(ConnectedAccount, Link)> {
    let wired = Wired::of(app, connection.clone())?;
    let verify = confirmed_at(app, ctx, &wired, wishes).await?;
    let account = accounts::ensure(app, ctx, connection, owner).await?;
    let link = made(app, ctx, &wired, &account, (life.of(app), &wishes.scopes), verify).await?;
    Ok((account, link))
}

/// A link for an account that opens for `life`, or for what is left of it where one with more than a third of its life
/// was made before and nobody has begun with it: that one is given again, and nothing is written. The account goes on as
/// it is, whatever becomes of the link.
///
/// # Errors
/// The connection is switched off, lacks its OAuth client, or has one whose secret no longer opens; the message says
/// what.
pub async fn link(
    app: &App,
    ctx: &Ctx,
    connection: &Connection,
    account: &ConnectedAccount,
    life: Duration,
) -> Result<Link> {
    let wired = Wired::of(app, connection.clone())?;
    let verify = confirmed_at(app, ctx, &wired, &LinkOptions::default()).await?;
    made(app, ctx, &wired, account, (life, &[]), verify).await
}

async fn made(
    app: &App,
    ctx: &Ctx,
    wired: &Wired,
    account: &ConnectedAccount,
    (life, lacking): (Duration, &[String]),
    verify: Option<VerifyAt>,
) -> Result<Link> {
    let connection = &wired.connection;
    if account.environment != ctx.environment || account.connection != connection.id {
        return Err(Error::not_found("connected account", &account.id));
    }
    if let Err(why) = ready(wired, account) {
        return Err(Error::new(Kind::FailedPrecondition, why));
    }
    connections::client_secret(app, wired).await?;
    let wanted = (life, verify.as_ref(), lacking);
    let before = fresh(ctx, &mut app.core.store.glance().await?, account, wanted, app.core.now()).await?;
    if let Some(link) = again(app, ctx, &before).await? {
        return Ok(link);
    }
    let now = app.core.now();
    let authorization = Authorization {
        id: AuthorizationId::new(app.core.clock.as_ref(), app.core.rng.as_ref()),
        environment: ctx.environment.clone(),
        connection: connection.id.clone(),
        account: account.id.clone(),
        stage: Stage::Linked,
        asked: (!lacking.is_empty()).then(|| lacking.to_vec()),
        verify: verify.clone(),
        link_expires_at: now + life,
        created_at: now,
    };
    let token = app.core.keyring.link_mint(&ctx.environment, &authorization.id).await?;
    let mut tx = app.core.change(ctx).await?;
    // Of many who ask at once one makes the link.
    tx.alone(account.id.as_str()).await?;
    let mut meanwhile = fresh(ctx, &mut tx, account, wanted, now).await?;
    meanwhile.retain(|(one, _)| before.iter().all(|(old, _)| old.id != one.id));
    if !meanwhile.is_empty() {
        drop(tx);
        let link = again(app, ctx, &meanwhile).await?;
        return link.ok_or_else(|| Error::new(Kind::Aborted, "the keys of links are changing: try again"));
    }
    rows::end_older_links(ctx, &mut tx, &account.id, LIVE - 1, now).await?;
    rows::prune(ctx, &mut tx, &account.id, now - super::REMEMBERED).await?;
    rows::insert(ctx, &mut tx, &authorization, &valetkey_vault::sha256(token.bytes())).await?;
    let detail = journal::detail([("account", json!(account.id))]);
    tx.record("authorization.linked", authorization.id.as_str(), detail).await?.commit().await?;
    Ok(Link { url: address(app, &token), expires_at: authorization.link_expires_at })
}

/// Where the person of a link is confirmed. What somebody typed is nobody's sign-in, so there it means nothing.
async fn confirmed_at(app: &App, ctx: &Ctx, wired: &Wired, wishes: &LinkOptions) -> Result<Option<VerifyAt>> {
    let environment = environments::get(&mut app.core.store.glance().await?, &ctx.environment).await?;
    let environment = environment.ok_or_else(|| Error::not_found("environment", &ctx.environment))?;
    let (config, own) = (wishes.config_verify_url.as_deref(), wishes.user_verify_url.as_deref());
    let at = verification::of_link(&environment, config, own, wishes.state.as_deref());
    if wired.is_oauth() { at } else { Ok(None) }
}

/// A link that was made before, with the SHA-256 of its token.
type Made = (Authorization, [u8; 32]);

/// The account's links that may be given again: with more than a third of `life` left and no more than all of it, and
/// neither in use nor spent.
async fn fresh(
    ctx: &Ctx,
    tx: &mut Tx,
    account: &ConnectedAccount,
    (life, verify, lacking): (Duration, Option<&VerifyAt>, &[String]),
    now: Timestamp,
) -> Result<Vec<Made>> {
    let mut made = rows::with_time_left(ctx, tx, &account.id, now).await?;
    made.retain(|(one, _)| {
        let unused = match &one.stage {
            Stage::Linked => true,
            Stage::Started(started) => started.expires_at <= now,
            Stage::Exchanging(_) => false,
            Stage::Done { outcome, .. } => !spends(outcome),
        };
        let asks = one.asked.as_deref().unwrap_or_default();
        let for_a_call = matches!(one.stage, Stage::Linked) && !asks.is_empty();
        let enough = lacking.iter().all(|scope| asks.contains(scope)) && (for_a_call <= !lacking.is_empty());
        let alike = one.verify.as_ref() == verify && enough;
        alike && unused && one.link_expires_at > now + life / 3 && one.link_expires_at <= now + life
    });
    Ok(made)
}

/// The first of these whose token comes out again; one that was made under an older key doesn't.
async fn again(app: &App, ctx: &Ctx, made: &[Made]) -> Result<Option<Link>> {
    for (one, hash) in made {
        let token = app.core.keyring.link_mint(&ctx.environment, &one.id).await?;
        if valetkey_vault::sha256(token.bytes()) == *hash {
            return Ok(Some(Link { url: address(app, &token), expires_at: one.link_expires_at }));
        }
    }
    Ok(None)
}

fn address(app: &App, token: &Secret<str>) -> String {
    app.core.settings.public(&format!("/connect/{}", token.expose()))
}

/// What a link's page shows. Opening spends nothing and binds nobody: scanners and previews open links too.
///
/// # Errors
/// No such link, or one that has expired or done its work.
pub async fn open(app: &App, token: &str) -> std::result::Result<Opened, Stopped> {
    let consent = Consent::by_link(app, token).await?;
    consent.startable(app).await?;
    let asked = if consent.wired.is_oauth() {
        requested_scopes(app, &consent.ctx, &consent.wired, &consent.account, consent.lacking()).await?
    } else {
        Vec::new()
    };
    Ok(Opened {
        authorization: consent.authorization.id,
        about: consent.about,
        scopes: scopes::described(&consent.wired.connector, asked),
        // Where it is not known yet, it is found when the person goes on.
        provider: consent
            .wired
            .endpoints
            .authorize_url
            .as_deref()
            .and_then(connections::origin)
            .unwrap_or_else(|| consent.wired.connector.origin().to_owned()),
        form: (!consent.wired.is_oauth()).then(|| Form::blank(&consent.wired, &consent.account)),
        custom_hosts: consent.wired.custom_hosts(&consent.account),
        expires_at: consent.authorization.link_expires_at,
    })
}

/// What is missing before anybody can sign in on a connection.
fn ready(wired: &Wired, account: &ConnectedAccount) -> std::result::Result<(), String> {
    let name = &wired.connection.name;
    if !wired.connection.enabled {
        return Err(format!("connection '{name}' is switched off: the app's developer can switch it on"));
    }
    if !wired.is_complete() {
        return Err(format!("connection '{name}' lacks its OAuth client: give it a client id and a client secret"));
    }
    if !wired.is_oauth() {
        return Ok(());
    }
    wired.clone().at(account).map(drop).map_err(|unfilled| format!("connection '{name}' leads nowhere yet: {unfilled}"))
}

/// A consent with everything around it.
pub(super) struct Consent {
    pub(super) ctx: Ctx,
    pub(super) authorization: Authorization,
    pub(super) account: ConnectedAccount,
    pub(super) wired: Wired,
    pub(super) about: About,
    /// Whether the environment lets only members of the dashboard sign in with its links.
    pub(super) for_members: bool,
}

impl Consent {
    async fn by_link(app: &App, token: &str) -> std::result::Result<Self, Stopped> {
        if token.is_empty() || token.len() > LONGEST_TOKEN {
            return Err(StopReason::LinkUnknown.into());
        }
        context::time_is_known(&app.core)?;
        let hash = valetkey_vault::sha256(token.as_bytes());
        let known = valetkey_storage::doors::authorization_by_link(&mut app.core.store.glance().await?, &hash).await?;
        let (environment, id) = known.ok_or(StopReason::LinkUnknown)?;
        let ctx = context::enter(&app.core, environment, Actor::Link(id.clone()));
        Self::load(app, ctx, &id).await
    }

    /// By the link's token, for its button, pressed in this browser.
    pub(super) async fn to_start(app: &App, token: &str, browser: &Secret<str>) -> std::result::Result<Self, Stopped> {
        let consent = Self::by_link(app, token).await?;
        let now = app.core.now();
        consent.startable(app).await?;
        match &consent.authorization.stage {
            Stage::Started(first) if first.expires_at > now && !is_of(&first.browser, Some(browser)) => {
                Err(Stopped::from(StopReason::StartedElsewhere).about(consent.about))
            }
            _ => Ok(consent),
        }
    }

    /// What is asked for in any case: what the call lacked of which the link came, and what an earlier start asked for.
    pub(super) fn lacking(&self) -> &[String] {
        self.authorization.asked.as_deref().unwrap_or_default()
    }

    /// What was asked for. A consent that was started by an earlier version asked for what the connection says.
    pub(super) fn asked(&self) -> Vec<String> {
        self.authorization.asked.clone().unwrap_or_else(|| self.wired.scopes())
    }

    pub(super) async fn load(app: &App, ctx: Ctx, id: &AuthorizationId) -> std::result::Result<Self, Stopped> {
        let mut tx = app.core.store.read().await?;
        let authorization = rows::get(&ctx, &mut tx, id).await?.ok_or(StopReason::LinkUnknown)?;
        let account = account_rows::get(&ctx, &mut tx, &authorization.account).await?.ok_or(StopReason::LinkUnknown)?;
        let environment = environments::get(&mut tx, &ctx.environment).await?.ok_or(StopReason::LinkUnknown)?;
        drop(tx);
        let wired = Wired::of(app, connections::get(app, &ctx, &authorization.connection).await?)?;
        // What the account lacks is said where somebody wants to begin; until then it leads nowhere. Where it is typed, it is
        // known only then.
        let wired = if wired.is_oauth() { wired.clone().at(&account).unwrap_or(wired) } else { wired };
        let about = About {
            connector: wired.connector.display_name.clone(),
            connection: wired.connection.name.clone(),
            app: environment.label().to_owned(),
            brand: environment.brand,
            identifier: account.owner.identifier.clone(),
        };
        // A link that brings its own page is confirmed there whatever the mode, and what is typed by nobody.
        let for_members = environment.user_verify_mode == Some(VerifyMode::Platform)
            && authorization.verify.is_none()
            && wired.is_oauth();
        Ok(Self { ctx, authorization, account, wired, about, for_members })
    }

    /// Whether the page's button may be pressed.
    async fn startable(&self, app: &App) -> std::result::Result<(), Stopped> {
        let now = app.core.now();
        let why = match &self.authorization.stage {
            Stage::Done { outcome, .. } if spends(outcome) => Some(StopReason::LinkUsed),
            _ if self.authorization.link_expires_at <= now => Some(StopReason::LinkExpired),
            Stage::Exchanging(started) if started.expires_at > now => Some(StopReason::Busy),
            _ => match ready(&self.wired, &self.account) {
                Err(why) => Some(StopReason::Unready(why)),
                Ok(()) => shut(app, &self.wired).await?.map(StopReason::Unready),
            },
        };
        why.map_or(Ok(()), |why| Err(Stopped::from(why).about(self.about.clone())))
    }
}

/// Why the OAuth client's secret can't be used, so that nobody is sent away for a code that can't be exchanged.
async fn shut(app: &App, wired: &Wired) -> Result<Option<String>> {
    match connections::client_secret(app, wired).await {
        Ok(_) => Ok(None),
        Err(error) if error.kind() == Kind::FailedPrecondition => Ok(Some(error.message().to_owned())),
        Err(error) => Err(error),
    }
}

/// Whether this outcome is the last that a link leads to.
const fn spends(outcome: &Outcome) -> bool {
    matches!(
        outcome,
        Outcome::Connected | Outcome::ConnectedWithout(_) | Outcome::OtherAccount { .. } | Outcome::Unconfirmed
    )
}
