//! The button of a link's page: bound to one browser, and off to the provider.

use super::link::Found;
use super::stopped::{Stopped, Why};
use crate::credentials::oauth;
use crate::{App, Error, connections};
use serde_json::Map;
use std::time::Duration;
use url::Url;
use valetkey_connectors::{OAuth2, Pkce};
use valetkey_core::places;
use valetkey_domain::authorization::Started;
use valetkey_domain::{Kind, Secret};
use valetkey_storage::authorizations as rows;
use valetkey_vault::{Purpose, random};

/// How long the provider's page may stay open.
const CONSENT: Duration = Duration::from_secs(10 * 60);

/// Parameters of the authorization request that no connector file sets, and one that would let one token serve several
/// connections.
const OWN: [&str; 8] = [
    "client_id",
    "redirect_uri",
    "response_type",
    "scope",
    "state",
    "code_challenge",
    "code_challenge_method",
    "include_granted_scopes",
];

/// Starts the consent of a link in the browser that holds this cookie; gives the provider's address to send it to.
///
/// # Errors
/// No such link, or one that has expired, done its work, or is being finished this moment.
pub async fn start(app: &App, token: &str, browser: &Secret<str>) -> Result<Url, Stopped> {
    let found = Found::to_start(app, token).await?;
    let state = random::bearer("")?;
    let (verifier, challenge) = random::pkce()?;
    let redirect_uri = connections::redirect_uri(app, &found.wired.connection.id);
    let url = provider(&found, &redirect_uri, &state, &challenge)?;
    let audience = found.wired.verifier_audience();
    let place = places::verifier(&found.ctx, &found.authorization.id, &found.account, &audience);
    let sealed = app.core.keyring.seal(&found.ctx.environment, Purpose::Flow, &place, verifier.bytes()).await?;
    let started = Started {
        browser: valetkey_vault::sha256(browser.bytes()),
        state: valetkey_vault::sha256(state.bytes()),
        verifier: sealed,
        redirect_uri,
        expires_at: app.core.now() + CONSENT,
    };
    let mut tx = app.core.change(&found.ctx).await?;
    if !rows::start(&found.ctx, &mut tx, &found.authorization.id, &started, app.core.now()).await? {
        // Its state changed since it was read: say what it is now.
        drop(tx);
        Found::to_start(app, token).await?;
        return Err(Stopped::from(Why::Busy).about(found.about));
    }
    let id = found.authorization.id.as_str();
    tx.record("authorization.started", id, Map::new()).await?.commit().await?;
    Ok(url)
}

/// The authorization request (RFC 6749 §4.1.1, RFC 7636 §4.3).
fn provider(found: &Found, redirect_uri: &str, state: &Secret<str>, challenge: &str) -> Result<Url, Stopped> {
    let (wired, rules) = (&found.wired, found.wired.oauth());
    let endpoint = oauth::Endpoint::of(wired)?;
    let mut url = Url::parse(&wired.endpoints.authorize_url).ok().filter(is_web).ok_or_else(|| {
        let message = format!("connection '{}' has an authorize_url that is no web address", wired.connection.name);
        Error::new(Kind::FailedPrecondition, message)
    })?;
    let scope = wired.scopes().join(&rules.scope_separator);
    let mut query = url.query_pairs_mut();
    query
        .append_pair("response_type", "code")
        .append_pair("client_id", endpoint.client_id())
        .append_pair("redirect_uri", redirect_uri)
        .append_pair("state", state.expose());
    if !scope.is_empty() {
        query.append_pair("scope", &scope);
    }
    if uses_pkce(rules) {
        query.append_pair("code_challenge", challenge).append_pair("code_challenge_method", "S256");
    }
    query.extend_pairs(rules.authorize_params.iter().filter(|(name, _)| !OWN.contains(&name.as_str())));
    drop(query);
    Ok(url)
}

/// Nothing but web addresses is opened in a person's browser.
fn is_web(url: &Url) -> bool {
    matches!(url.scheme(), "https" | "http") && url.has_host()
}

/// Whether the provider takes part in PKCE.
pub(super) fn uses_pkce(rules: &OAuth2) -> bool {
    rules.pkce == Pkce::S256
}
