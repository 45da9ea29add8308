//! What a person sees and takes back: every connection of theirs with its state, and those that they gave.
//!
//! A browser that finished a consent may look. What it may take back is what it gave itself: who forwards a link gives
//! away that one connection, and not the others.

use super::link::Consent;
use super::outcome::for_browser;
use super::stopped::{StopReason, Stopped};
use crate::accounts::{self, AccountRef};
use crate::connections::{self, Wired};
use crate::credentials::revoke::AtProvider;
use crate::entrance::browsers::is_of;
use crate::{App, Page, Result};
use valetkey_domain::account::{ConnectedAccount, Status};
use valetkey_domain::authorization::{Outcome, Stage};
use valetkey_domain::brand::Brand;
use valetkey_domain::id::{AccountId, AuthorizationId, ConnectionId};
use valetkey_domain::name::{ConnectionName, Identifier};
use valetkey_domain::{Ctx, Kind, Secret};
use valetkey_storage::{authorizations, configs};

/// The most connections that are shown.
const MOST: u32 = 50;

/// A person's connections in one app.
#[derive(Clone, Debug)]
pub struct Yours {
    /// The app's name.
    pub app: String,
    /// How it looks.
    pub brand: Brand,
    /// Who the person is there.
    pub identifier: Identifier,
    /// The connections.
    pub connections: Vec<YourConnection>,
}

/// One of them.
#[derive(Clone, Debug)]
pub struct YourConnection {
    /// The kind of app, as people call it.
    pub connector: String,
    /// Its name.
    pub connection: ConnectionName,
    /// How it stands; PENDING_AUTH while nobody was asked.
    pub status: Status,
    /// What this browser gave and can take back.
    pub given: Option<GivenAccount>,
}

/// What a browser gave.
#[derive(Clone, Debug)]
pub struct GivenAccount {
    /// The account.
    pub account: AccountId,
    /// Who signed in at the provider, if that is known.
    pub subject: Option<String>,
}

/// The connections of the person who finished this consent in this browser.
///
/// # Errors
/// It is not this browser's, or it did not end well.
pub async fn yours(
    app: &App,
    id: &AuthorizationId,
    browser: Option<&Secret<str>>,
) -> std::result::Result<Yours, Stopped> {
    let consent = finished(app, id, browser).await?;
    let (ctx, owner) = (&consent.ctx, &consent.account.owner);
    let mut connections = Vec::new();
    for of in reached(app, &consent).await? {
        let connection = match connections::get(app, ctx, &of).await {
            Ok(connection) => connection,
            // It went since the list was read.
            Err(error) if error.kind() == Kind::NotFound => continue,
            Err(error) => return Err(error.into()),
        };
        let Ok(wired) = Wired::of(app, connection) else { continue };
        let account = accounts::find(app, ctx, &of, owner).await?;
        let given = match &account {
            Some(account) if gave(app, ctx, account, browser).await? => {
                Some(GivenAccount { account: account.id.clone(), subject: account.subject.clone() })
            }
            _ => None,
        };
        connections.push(YourConnection {
            connector: wired.connector.display_name.clone(),
            connection: wired.connection.name,
            status: account.map_or(Status::PendingAuth, |account| account.status),
            given,
        });
    }
    Ok(Yours { app: consent.about.app, brand: consent.about.brand, identifier: consent.about.identifier, connections })
}

/// Takes back what this browser gave: the tokens are forgotten here and revoked at the provider. Says what became of them
/// there, and on which kind of app.
///
/// # Errors
/// It is not this browser's consent, or not what it gave.
pub async fn withdraw(
    app: &App,
    id: &AuthorizationId,
    browser: Option<&Secret<str>>,
    account: &AccountId,
) -> std::result::Result<(AtProvider, String), Stopped> {
    let consent = finished(app, id, browser).await?;
    let ctx = &consent.ctx;
    let (connection, found) = match accounts::get(app, ctx, &AccountRef::Id(account.clone())).await {
        Ok(found) => found,
        Err(error) if error.kind() == Kind::NotFound => return Err(StopReason::StrayAnswer.into()),
        Err(error) => return Err(error.into()),
    };
    if found.owner != consent.account.owner || !gave(app, ctx, &found, browser).await? {
        return Err(StopReason::StrayAnswer.into());
    }
    let connector = Wired::of(app, connection)?.connector.display_name.clone();
    let (_, became) = accounts::disconnect(app, ctx, &AccountRef::Id(found.id)).await?;
    Ok((became, connector))
}

/// The consent, if it is this browser's and connected something.
async fn finished(
    app: &App,
    id: &AuthorizationId,
    browser: Option<&Secret<str>>,
) -> std::result::Result<Consent, Stopped> {
    let consent = for_browser(app, id, browser).await?;
    match &consent.authorization.stage {
        Stage::Done { outcome: Outcome::Connected | Outcome::ConnectedWithout(_), .. } => Ok(consent),
        _ => Err(StopReason::StrayAnswer.into()),
    }
}

/// The connections that the person is asked for by the configs of their servers, and those on which there is an account.
async fn reached(app: &App, consent: &Consent) -> Result<Vec<ConnectionId>> {
    let (ctx, identifier) = (&consent.ctx, &consent.account.owner.identifier);
    let mut all = configs::reached(ctx, &mut app.core.store.read().await?, identifier, MOST).await?;
    let filter = accounts::Filter { identifier: Some(identifier.to_string()), ..accounts::Filter::default() };
    let listed = accounts::list(app, ctx, &filter, &Page { size: MOST, after: None }).await?;
    let others = listed.items.into_iter().filter(|account| account.owner == consent.account.owner);
    for connection in others.map(|account| account.connection) {
        if !all.contains(&connection) {
            all.push(connection);
        }
    }
    all.truncate(usize::try_from(MOST).unwrap_or(usize::MAX));
    Ok(all)
}

/// Whether what the account holds was given in this browser: the last consent that connected it was this browser's.
async fn gave(app: &App, ctx: &Ctx, account: &ConnectedAccount, browser: Option<&Secret<str>>) -> Result<bool> {
    if account.credential.is_none() {
        return Ok(false);
    }
    let ended = authorizations::ended(ctx, &mut app.core.store.glance().await?, &account.id).await?;
    let last = ended.into_iter().find_map(|one| match one.stage {
        Stage::Done { outcome: Outcome::Connected | Outcome::ConnectedWithout(_), browser, .. } => Some(browser),
        _ => None,
    });
    Ok(last.flatten().is_some_and(|hash| is_of(&hash, browser)))
}
