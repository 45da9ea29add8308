//! The button of a link's page: bound to one browser, and off to the provider.

use super::link::Consent;
use super::member;
use super::requested::requested_scopes;
use super::stopped::{StopReason, Stopped};
use crate::credentials::oauth;
use crate::{App, Error, connections};
use serde_json::json;
use std::time::Duration;
use url::Url;
use valetkey_connectors::{OAuth2, Pkce};
use valetkey_core::{journal, places};
use valetkey_domain::account::{ConnectedAccount, Status};
use valetkey_domain::authorization::Started;
use valetkey_domain::{Kind, Secret, Timestamp};
use valetkey_outbound::oauth::{self as endpoint, AuthorizationRequest};
use valetkey_storage::authorizations as rows;
use valetkey_vault::{Purpose, random};

/// How long what was found stands where somebody signs in again.
const AGAIN: Duration = Duration::from_secs(60);
/// How long the provider's page may stay open.
const CONSENT: Duration = Duration::from_secs(10 * 60);

/// Starts the consent of a link in the browser that holds this cookie, and this session of the dashboard if it has one;
/// gives the provider's address to send it to.
///
/// # Errors
/// No such link, or one that has expired, done its work, is being finished this moment, or was started in another browser
/// that may still finish; or nobody is signed in to the dashboard where the environment wants it.
pub async fn start(
    app: &App,
    token: &str,
    browser: &Secret<str>,
    session: Option<&Secret<str>>,
) -> Result<Url, Stopped> {
    let mut consent = Consent::to_start(app, token, browser).await?;
    let member = member::check(app, &consent, session).await?;
    let old = outdated_by(app, &consent.account);
    consent.wired = match connections::discovered(app, &consent.ctx, consent.wired.clone(), old).await {
        Ok(wired) => wired,
        Err(error) if error.kind() == Kind::FailedPrecondition => {
            let why = StopReason::Unready(error.message().to_owned());
            return Err(Stopped::from(why).about(consent.about));
        }
        Err(error) => return Err(error.into()),
    };
    let asked = requested_scopes(app, &consent.ctx, &consent.wired, &consent.account, consent.lacking()).await?;
    let state = random::bearer("")?;
    let (verifier, challenge) = random::pkce()?;
    let redirect_uri = connections::redirect_uri(app, &consent.wired.connection.id);
    let url = provider(&consent, &asked, (&redirect_uri, &state, &challenge, &random::nonce(&verifier)))?;
    let audience = consent.wired.verifier_audience();
    let place = places::verifier(&consent.ctx, &consent.authorization.id, &consent.account, &audience);
    let sealed = app.core.keyring.seal(&consent.ctx.environment, Purpose::Flow, &place, verifier.bytes()).await?;
    let started = Started {
        browser: valetkey_vault::sha256(browser.bytes()),
        state: valetkey_vault::sha256(state.bytes()),
        verifier: sealed,
        redirect_uri,
        expires_at: app.core.now() + CONSENT,
    };
    let mut tx = app.core.change(&consent.ctx).await?;
    if !rows::start(&consent.ctx, &mut tx, &consent.authorization.id, &started, &asked, app.core.now()).await? {
        // Its state changed since it was read: say what it is now.
        drop(tx);
        Consent::to_start(app, token, browser).await?;
        return Err(Stopped::from(StopReason::Busy).about(consent.about));
    }
    let id = consent.authorization.id.as_str();
    let detail = member.map(|member| journal::detail([("member", json!(member))])).unwrap_or_default();
    tx.record("authorization.started", id, detail).await?.commit().await?;
    Ok(url)
}

/// Since when what was found of signing in is to be found out anew: where a sign-in has ended, the server may name another
/// authorization server by now; and where somebody signs in again who had signed in, the last one may not have helped.
fn outdated_by(app: &App, account: &ConnectedAccount) -> Option<Timestamp> {
    match account.status {
        Status::Expired(_) => Some(account.updated_at),
        _ => account.credential.as_ref().map(|_| app.core.now() - AGAIN),
    }
}

/// The authorization request.
fn provider(
    consent: &Consent,
    scopes: &[String],
    (redirect_uri, state, challenge, nonce): (&str, &Secret<str>, &str, &Secret<str>),
) -> Result<Url, Stopped> {
    let (wired, rules) = (&consent.wired, consent.wired.oauth()?);
    let client = oauth::Endpoint::of(wired)?;
    let asked = AuthorizationRequest {
        authorize_url: wired.endpoints.authorize_url.as_deref().unwrap_or(&rules.authorize_url),
        client_id: client.client_id(),
        redirect_uri,
        scopes,
        scope_separator: &rules.scope_separator,
        scope_param: &rules.scope_param,
        state,
        challenge: uses_pkce(rules).then_some(challenge),
        nonce,
        also: rules
            .authorize_params
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .chain(wired.resource().map(|resource| ("resource", resource)))
            .collect(),
    };
    let made = endpoint::authorization_url(&asked).map_err(|error| {
        let message = format!("connection '{}': {error}", wired.connection.name);
        Error::new(Kind::FailedPrecondition, message)
    });
    Ok(made?)
}

/// Whether the provider takes part in PKCE.
pub(super) fn uses_pkce(rules: &OAuth2) -> bool {
    rules.pkce == Pkce::S256
}
