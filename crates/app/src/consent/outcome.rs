//! How a consent ended, for the browser that was in it.

use super::link::Found;
use super::scopes::{self, AskedScope};
use super::stopped::{About, Stopped, Why};
use crate::App;
use crate::entrance::browsers::is_of;
use crate::tenancy::verification;
use std::time::Duration;
use url::Url;
use valetkey_core::context;
use valetkey_domain::Secret;
use valetkey_domain::authorization::{Outcome, Stage};
use valetkey_domain::ctx::Actor;
use valetkey_domain::id::AuthorizationId;
use valetkey_storage::pending_credentials;

/// How long a reload waits for an exchange that is going on.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often it looks.
const LOOK: Duration = Duration::from_millis(100);

/// How a consent ended.
#[derive(Clone, Debug)]
pub struct Ended {
    /// How.
    pub outcome: Outcome,
    /// What it was about.
    pub about: About,
    /// After [`Outcome::ConnectedWithout`]: the scopes that were withheld.
    pub withheld: Vec<AskedScope>,
    /// What the provider said of it: its words, not ours.
    pub words: Option<String>,
    /// After [`Outcome::OtherAccount`]: whether the person can still choose. If not, nothing was replaced.
    pub undecided: bool,
    /// After [`Outcome::Unconfirmed`], while the app can still confirm it: where the browser takes the person for that.
    pub confirmed_at: Option<Url>,
}

/// The stored outcome of a consent, for the browser that started it. Waits a little for an exchange to end.
///
/// # Errors
/// It is not this browser's, not ended, or never was.
pub async fn outcome(app: &App, id: &AuthorizationId, browser: Option<&Secret<str>>) -> Result<Ended, Stopped> {
    let mut waited = Duration::ZERO;
    loop {
        let found = theirs(app, id, browser).await?;
        match &found.authorization.stage {
            Stage::Done { outcome, words, .. } => {
                let (outcome, words, undecided) = (outcome.clone(), words.clone(), undecided(app, &found).await?);
                let withheld = scopes::described(&found.wired.connector, withheld(&outcome));
                let confirmed_at = confirmed_at(app, &found, &outcome, undecided).await?;
                return Ok(Ended { outcome, about: found.about, withheld, words, undecided, confirmed_at });
            }
            Stage::Exchanging(started) if started.expires_at <= app.core.now() => {
                return Err(Stopped::from(Why::TimedOut).about(found.about));
            }
            Stage::Exchanging(_) if waited < PATIENCE => {}
            _ => return Err(Stopped::from(Why::Busy).about(found.about)),
        }
        tokio::time::sleep(LOOK).await;
        waited += LOOK;
    }
}

/// A consent, for the browser that started it.
pub(super) async fn theirs(app: &App, id: &AuthorizationId, browser: Option<&Secret<str>>) -> Result<Found, Stopped> {
    let environment = valetkey_storage::doors::authorization(&mut app.core.store.glance().await?, id).await?;
    let environment = environment.ok_or(Why::StrayAnswer)?;
    let ctx = context::enter(&app.core, environment, Actor::Link(id.clone()));
    let found = Found::load(app, ctx, id).await?;
    let bound = match &found.authorization.stage {
        Stage::Linked => None,
        Stage::Started(started) | Stage::Exchanging(started) => Some(&started.browser),
        Stage::Done { browser, .. } => browser.as_ref(),
    };
    if bound.is_some_and(|hash| is_of(hash, browser)) { Ok(found) } else { Err(Why::OtherBrowser.into()) }
}

/// The app's address with the name of this request, which nobody has but the browser that signed in.
async fn confirmed_at(app: &App, found: &Found, outcome: &Outcome, waits: bool) -> Result<Option<Url>, Stopped> {
    let (Outcome::Unconfirmed, true, Some(at)) = (outcome, waits, &found.authorization.verify) else { return Ok(None) };
    let mut url = verification::checked(&at.url)?;
    let request = app.core.keyring.request_mint(&found.ctx.environment, &found.authorization.id).await?;
    {
        let mut query = url.query_pairs_mut();
        query.append_pair("auth_request_id", request.expose());
        if let Some(state) = &at.state {
            query.append_pair("state", state);
        }
    }
    Ok(Some(url))
}

fn withheld(outcome: &Outcome) -> Vec<String> {
    match outcome {
        Outcome::ConnectedWithout(scopes) => scopes.clone(),
        _ => Vec::new(),
    }
}

async fn undecided(app: &App, found: &Found) -> Result<bool, Stopped> {
    let id = &found.authorization.id;
    let waiting = pending_credentials::get(&found.ctx, &mut app.core.store.glance().await?, id, app.core.now()).await?;
    Ok(waiting.is_some())
}
