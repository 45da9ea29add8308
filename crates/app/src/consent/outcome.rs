//! How a consent ended, for the browser that was in it.

use super::link::Consent;
use super::scopes::{self, AskedScope};
use super::stopped::{About, StopReason, Stopped};
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
const MAX_WAIT: Duration = Duration::from_secs(10);
/// How often it looks.
const POLL_INTERVAL: Duration = Duration::from_millis(100);

/// How a consent ended.
#[derive(Clone, Debug)]
pub struct ConsentReport {
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
pub async fn outcome(app: &App, id: &AuthorizationId, browser: Option<&Secret<str>>) -> Result<ConsentReport, Stopped> {
    let mut waited = Duration::ZERO;
    loop {
        let consent = for_browser(app, id, browser).await?;
        match &consent.authorization.stage {
            Stage::Done { outcome, words, .. } => {
                let (outcome, words, undecided) = (outcome.clone(), words.clone(), undecided(app, &consent).await?);
                let withheld = scopes::described(&consent.wired.connector, withheld(&outcome));
                let confirmed_at = confirmed_at(app, &consent, &outcome, undecided).await?;
                return Ok(ConsentReport { outcome, about: consent.about, withheld, words, undecided, confirmed_at });
            }
            Stage::Exchanging(started) if started.expires_at <= app.core.now() => {
                return Err(Stopped::from(StopReason::TimedOut).about(consent.about));
            }
            Stage::Exchanging(_) if waited < MAX_WAIT => {}
            _ => return Err(Stopped::from(StopReason::Busy).about(consent.about)),
        }
        tokio::time::sleep(POLL_INTERVAL).await;
        waited += POLL_INTERVAL;
    }
}

/// A consent, for the browser that started it.
pub(super) async fn for_browser(
    app: &App,
    id: &AuthorizationId,
    browser: Option<&Secret<str>>,
) -> Result<Consent, Stopped> {
    let environment = valetkey_storage::doors::authorization(&mut app.core.store.glance().await?, id).await?;
    let environment = environment.ok_or(StopReason::StrayAnswer)?;
    let ctx = context::enter(&app.core, environment, Actor::Link(id.clone()));
    let consent = Consent::load(app, ctx, id).await?;
    let bound = match &consent.authorization.stage {
        Stage::Linked => None,
        Stage::Started(started) | Stage::Exchanging(started) => Some(&started.browser),
        Stage::Done { browser, .. } => browser.as_ref(),
    };
    if bound.is_some_and(|hash| is_of(hash, browser)) { Ok(consent) } else { Err(StopReason::OtherBrowser.into()) }
}

/// The app's address with the name of this request, which nobody has but the browser that signed in.
async fn confirmed_at(app: &App, consent: &Consent, outcome: &Outcome, waits: bool) -> Result<Option<Url>, Stopped> {
    let (Outcome::Unconfirmed, true, Some(at)) = (outcome, waits, &consent.authorization.verify) else {
        return Ok(None);
    };
    let mut url = verification::checked(&at.url)?;
    let request = app.core.keyring.request_mint(&consent.ctx.environment, &consent.authorization.id).await?;
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

async fn undecided(app: &App, consent: &Consent) -> Result<bool, Stopped> {
    let id = &consent.authorization.id;
    let waiting =
        pending_credentials::get(&consent.ctx, &mut app.core.store.glance().await?, id, app.core.now()).await?;
    Ok(waiting.is_some())
}
