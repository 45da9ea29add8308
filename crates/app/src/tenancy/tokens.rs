//! The tokens that API clients get for their secrets.

use super::clients;
use crate::{App, Error, Result};
use serde::{Deserialize, Serialize};
use serde_json::Map;
use std::time::Duration;
use valetkey_core::context;
use valetkey_core::keyring::DoorRow;
use valetkey_domain::client::{ApiClient, ClientSecret};
use valetkey_domain::id::{ClientId, EnvironmentId, TokenId};
use valetkey_domain::{Ctx, Kind, Secret, Timestamp};
use valetkey_storage::clients::StoredClient;
use valetkey_storage::doors;
use valetkey_vault::jwt;

/// What a token lasts at most: a day less a second, as the vendor's does.
pub const TOKEN_LIFE: Duration = Duration::from_secs(86_399);

/// The JWT type of client tokens (RFC 9068 §2.1).
const TOKEN_TYPE: &str = "at+jwt";

/// What a client's token says.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Claims {
    /// Who issued it: `public_url`.
    pub iss: String,
    /// The client.
    pub sub: ClientId,
    /// Where it may be used: the SDK URL.
    pub aud: String,
    /// The client again, as RFC 9068 wants it.
    pub client_id: ClientId,
    /// The environment it works in.
    pub env: EnvironmentId,
    /// The client's version when it was issued; a raised version makes the token worthless.
    pub ver: i64,
    /// Issued at, in seconds.
    pub iat: i64,
    /// Not before, in seconds.
    pub nbf: i64,
    /// Ends at, in seconds.
    pub exp: i64,
    /// Its own id.
    pub jti: TokenId,
}

/// An access token and how long it lasts.
pub struct Token {
    /// The bearer token.
    pub access_token: Secret<str>,
    /// How long it lasts.
    pub expires_in: Duration,
}

/// Exchanges a client's id and secret for an access token (RFC 6749 §4.4), which doesn't outlive the secret.
///
/// # Errors
/// `UNAUTHENTICATED`, in the same words whether the client is unknown or the secret wrong or ended.
pub async fn token(app: &App, client_id: &str, secret: &Secret<str>) -> Result<Token> {
    context::time_is_known(&app.core)?;
    app.core.keyring.check_open()?;
    let given = valetkey_vault::sha256(secret.bytes());
    let known = match ClientId::parse(client_id) {
        Ok(id) => doors::client_with_secrets(&mut app.core.store.read().await?, &id).await?,
        Err(_) => None,
    };
    let opened = known
        .and_then(|(client, secrets)| Some((client, secrets.into_iter().find(|s| opens(app, &s.secret, &given))?)));
    let refused = || Error::new(Kind::Unauthenticated, "unknown client_id or wrong client_secret");
    let (StoredClient { client, mac }, found) = opened.ok_or_else(refused)?;
    let keyring = &app.core.keyring;
    if !keyring.wrote(DoorRow::Client(&client), mac.as_deref()).await?
        || !keyring.wrote(DoorRow::Secret(&found.secret), found.mac.as_deref()).await?
    {
        return Err(refused());
    }
    issue(app, &client, found.secret.expires_at)
}

/// A token for a shell on this machine, whose operator asks for it: twelve hours of the client that shells share.
///
/// # Errors
/// `public_url` is not on this machine: tokens of a server that others reach are asked for with a client's secret.
pub async fn shell(app: &App, ctx: &Ctx) -> Result<Token> {
    let client = clients::of_shells(app, ctx).await?;
    app.core.journal.fact_now(ctx, "client.token_issued", client.id.as_str(), Map::new()).await?;
    issue(app, &client, Some(app.core.now() + clients::SHELL_LIFE))
}

fn issue(app: &App, client: &ApiClient, ends: Option<Timestamp>) -> Result<Token> {
    let claims = claims(app, client, ends);
    let expires_in = Duration::from_secs(claims.exp.abs_diff(claims.iat));
    Ok(Token { access_token: app.core.keyring.sign(TOKEN_TYPE, &claims)?.into(), expires_in })
}

/// What a client's token must say to be taken.
pub(crate) fn expectation(app: &App) -> jwt::Expect {
    let (issuer, audience) = (app.core.settings.public(""), app.core.settings.sdk(""));
    jwt::Expect { issuer, audience, typ: TOKEN_TYPE.into(), now: app.core.now() }
}

fn claims(app: &App, client: &ApiClient, ends: Option<Timestamp>) -> Claims {
    let now = app.core.now().as_second();
    let longest = now.saturating_add_unsigned(TOKEN_LIFE.as_secs());
    Claims {
        iss: app.core.settings.public(""),
        sub: client.id.clone(),
        aud: app.core.settings.sdk(""),
        client_id: client.id.clone(),
        env: client.environment.clone(),
        ver: client.version,
        iat: now,
        nbf: now,
        exp: ends.map_or(longest, |end| end.as_second().min(longest)),
        jti: TokenId::new(app.core.clock.as_ref(), app.core.rng.as_ref()),
    }
}

fn opens(app: &App, secret: &ClientSecret, given: &[u8; 32]) -> bool {
    valetkey_vault::same(&secret.hash, given) && secret.expires_at.is_none_or(|end| app.core.now() < end)
}
