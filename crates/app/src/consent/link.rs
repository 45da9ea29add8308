//! Links, opened by anybody who holds one. How they are made is in `links`.

use super::form::Form;
use super::requested::requested_scopes;
use super::scopes::{self, AskedScope};
use super::stopped::{About, StopReason, Stopped};
use crate::connections::{self, CustomHosts, Wired};
use crate::entrance::browsers::is_of;
use crate::{App, Result};
use valetkey_core::context;
use valetkey_domain::account::ConnectedAccount;
use valetkey_domain::authorization::{Authorization, Outcome, Stage};
use valetkey_domain::ctx::Actor;
use valetkey_domain::environment::VerifyMode;
use valetkey_domain::id::AuthorizationId;
use valetkey_domain::{Ctx, Kind, Secret, Timestamp};
use valetkey_storage::{accounts as account_rows, authorizations as rows, environments};

/// No token of ours is longer; anything longer isn't worth hashing.
const LONGEST_TOKEN: usize = 100;

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
pub(super) fn ready(wired: &Wired, account: &ConnectedAccount) -> std::result::Result<(), String> {
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
pub(super) const fn spends(outcome: &Outcome) -> bool {
    matches!(
        outcome,
        Outcome::Connected | Outcome::ConnectedWithout(_) | Outcome::OtherAccount { .. } | Outcome::Unconfirmed
    )
}
