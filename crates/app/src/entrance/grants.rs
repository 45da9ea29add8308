//! What an agent holds whose user signed in for it: an access token for one instance's URL, and handles by which it gets the
//! next one, the authorization code first and refresh tokens after it. All are signed, and nothing of them is kept but, in
//! their grant's row, whose turn it is: who reads the database gets no token, who writes it makes none.

use crate::{App, Result};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;
use valetkey_domain::grant::Grant;
use valetkey_domain::id::GrantId;
use valetkey_domain::instance::McpInstance;
use valetkey_domain::{Secret, Timestamp};
use valetkey_vault::{jwt, sha256};

/// What an access token lasts.
pub const ACCESS_LIFE: Duration = Duration::from_secs(10 * 60);

/// What an authorization code lasts.
pub(crate) const CODE_LIFE: Duration = Duration::from_secs(60);

/// What a refresh token lasts that is not used.
pub(crate) const REFRESH_LIFE: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// The JWT types, so that none of these is taken for another, nor for another token of ours.
const ACCESS: &str = "mcp-access+jwt";
const CODE: &str = "mcp-code+jwt";
const REFRESH: &str = "mcp-refresh+jwt";

/// An access token as it came, beside a URL.
#[derive(Clone, Debug)]
pub struct Presented {
    /// The token, if there was one.
    pub token: Option<Arc<Secret<str>>>,
    /// When it came: a call that outlives its token is not cut off, what is opened later needs another one.
    pub at: Timestamp,
}

/// What an access token says.
#[derive(Serialize, Deserialize)]
struct AccessClaims {
    iss: String,
    sub: GrantId,
    /// The instance, by its id: its URL is a credential, and a token that was read somewhere must not tell it.
    aud: String,
    /// The generation of the URL.
    url: i64,
    /// Tells apart those that one grant gave in one second.
    jti: String,
    iat: i64,
    nbf: i64,
    exp: i64,
}

/// What a code or a refresh token says.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Handle {
    iss: String,
    /// The grant.
    pub(crate) sub: GrantId,
    aud: String,
    /// Which of the grant's handles it is.
    pub(crate) turn: i64,
    /// A digest of the client's id.
    client: String,
    /// Of a code: a digest of where it was sent to.
    #[serde(skip_serializing_if = "Option::is_none")]
    redirect: Option<String>,
    /// Of a code: PKCE's S256 challenge.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) challenge: Option<String>,
    iat: i64,
    nbf: i64,
    exp: i64,
}

impl Handle {
    /// Whether it was given to this client.
    pub(crate) fn is_of(&self, client: &str) -> bool {
        self.client == digest(client)
    }

    /// Whether it was sent there.
    pub(crate) fn was_sent_to(&self, redirect_uri: &str) -> bool {
        self.redirect.as_deref() == Some(&digest(redirect_uri))
    }

    fn next(app: &App, grant: &Grant, client: &str, life: Duration) -> Self {
        let now = app.core.now().as_second();
        Self {
            iss: issuer(app),
            sub: grant.id.clone(),
            aud: issuer(app),
            turn: grant.turn,
            client: digest(client),
            redirect: None,
            challenge: None,
            iat: now,
            nbf: now,
            exp: now.saturating_add_unsigned(life.as_secs()),
        }
    }
}

/// Who gives these tokens: the authorization server's name.
pub(crate) fn issuer(app: &App) -> String {
    app.core.settings.public("/mcp/oauth")
}

/// The code of a grant for this client, where it is sent to, and the challenge that its redeemer has to meet.
///
/// # Errors
/// The signing key cannot be used.
pub(crate) fn code(
    app: &App,
    grant: &Grant,
    (client, redirect_uri, challenge): (&str, &str, &str),
) -> Result<Secret<str>> {
    let handle = Handle {
        redirect: Some(digest(redirect_uri)),
        challenge: Some(challenge.to_owned()),
        ..Handle::next(app, grant, client, CODE_LIFE)
    };
    Ok(app.core.keyring.sign(CODE, &handle)?.into())
}

/// The next refresh token of a grant.
///
/// # Errors
/// The signing key cannot be used.
pub(crate) fn refresh(app: &App, grant: &Grant, client: &str) -> Result<Secret<str>> {
    Ok(app.core.keyring.sign(REFRESH, &Handle::next(app, grant, client, REFRESH_LIFE))?.into())
}

/// What a code says that is valid now.
///
/// # Errors
/// `UNAUTHENTICATED`, whatever is wrong with it.
pub(crate) async fn read_code(app: &App, code: &Secret<str>) -> Result<Handle> {
    app.core.keyring.verify(code.expose(), &expect(app, CODE)).await
}

/// What a refresh token says that is valid now.
///
/// # Errors
/// `UNAUTHENTICATED`, whatever is wrong with it.
pub(crate) async fn read_refresh(app: &App, token: &Secret<str>) -> Result<Handle> {
    app.core.keyring.verify(token.expose(), &expect(app, REFRESH)).await
}

/// An access token of a grant.
///
/// # Errors
/// The signing key cannot be used.
pub(crate) fn access(app: &App, grant: &Grant) -> Result<Secret<str>> {
    let now = app.core.now().as_second();
    let claims = AccessClaims {
        iss: issuer(app),
        sub: grant.id.clone(),
        aud: audience(app, grant.instance.as_str()),
        url: grant.url_generation,
        jti: format!("{}.{}", grant.id, grant.turn),
        iat: now,
        nbf: now,
        exp: now.saturating_add_unsigned(ACCESS_LIFE.as_secs()),
    };
    Ok(app.core.keyring.sign(ACCESS, &claims)?.into())
}

/// The grant of an access token that was good for this instance's URL when it came.
///
/// # Errors
/// `UNAUTHENTICATED`, whatever is wrong with it.
pub(crate) async fn read_access(
    app: &App,
    instance: &McpInstance,
    token: &Secret<str>,
    at: Timestamp,
) -> Result<GrantId> {
    let audience = audience(app, instance.id.as_str());
    let expect = jwt::Expect { issuer: issuer(app), audience, typ: ACCESS.into(), now: at };
    let claims: AccessClaims = app.core.keyring.verify(token.expose(), &expect).await?;
    if claims.url == instance.url_generation { Ok(claims.sub) } else { Err(super::openid::refused("another URL")) }
}

fn audience(app: &App, instance: &str) -> String {
    app.core.settings.public(&format!("/mcp/v1/{instance}"))
}

fn expect(app: &App, typ: &str) -> jwt::Expect {
    jwt::Expect { issuer: issuer(app), audience: issuer(app), typ: typ.into(), now: app.core.now() }
}

fn digest(text: &str) -> String {
    hex::encode(sha256(text.as_bytes()))
}
