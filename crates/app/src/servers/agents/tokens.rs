//! The token endpoint: a code or a refresh token for an access token and the next refresh token (RFC 6749 §4.1.3, §6).
//!
//! Each handle is taken once. Whoever brings one that was used shows that two have it, and nobody can tell which of them is the
//! agent: the grant ends, with all that it led to (RFC 9700 §4.14.2).

use super::request::still_asks;
use crate::entrance::grants::{self, ACCESS_LIFE, Handle};
use crate::servers::instances;
use crate::{App, Error, Result};
use serde_json::{Map, json};
use std::time::Duration;
use valetkey_core::{context, journal};
use valetkey_domain::ctx::Actor;
use valetkey_domain::grant::Grant;
use valetkey_domain::instance::McpInstance;
use valetkey_domain::{Ctx, Kind, Secret};
use valetkey_storage::{doors as door_rows, grants as rows};
use valetkey_vault::{random, same};

/// What a client sends; what else it sends does not count.
#[derive(Debug, Default)]
pub struct TokenRequest {
    /// `authorization_code` or `refresh_token`.
    pub grant_type: Option<String>,
    /// Who it is.
    pub client_id: Option<String>,
    /// The code.
    pub code: Option<Secret<str>>,
    /// Where the code was sent to; OAuth 2.1 lets a client leave it out.
    pub redirect_uri: Option<String>,
    /// PKCE's verifier.
    pub code_verifier: Option<Secret<str>>,
    /// The refresh token.
    pub refresh_token: Option<Secret<str>>,
    /// The MCP URL (RFC 8707), if it says it again.
    pub resource: Option<Secret<str>>,
}

/// What it is given.
#[derive(Debug)]
pub struct GivenTokens {
    /// For the MCP URL.
    pub access_token: Secret<str>,
    /// How long that lasts.
    pub expires_in: Duration,
    /// For the next access token, once.
    pub refresh_token: Secret<str>,
}

/// Why it is given none (RFC 6749 §5.2, RFC 8707 §2).
#[derive(Debug)]
pub enum TokenError {
    /// Something is missing, or said twice.
    InvalidRequest(&'static str),
    /// The code or refresh token is no good, for whatever reason.
    InvalidGrant,
    /// Another way than the two there are.
    UnsupportedGrantType,
    /// Not for that URL.
    InvalidTarget,
    /// It does not work at this moment.
    Failed(Error),
}

impl From<Error> for TokenError {
    fn from(error: Error) -> Self {
        match error.kind() {
            Kind::Unauthenticated | Kind::NotFound => Self::InvalidGrant,
            _ => Self::Failed(error),
        }
    }
}

/// Answers the token endpoint.
///
/// # Errors
/// The client is given no token, and why.
pub async fn token(app: &App, request: &TokenRequest) -> std::result::Result<GivenTokens, TokenError> {
    context::time_is_known(&app.core)?;
    app.core.keyring.check_open()?;
    let client = request.client_id.as_deref().ok_or(TokenError::InvalidRequest("client_id is missing"))?;
    let handle = match request.grant_type.as_deref() {
        Some("authorization_code") => of_code(app, request).await?,
        Some("refresh_token") => {
            let token = request.refresh_token.as_ref();
            grants::read_refresh(app, token.ok_or(TokenError::InvalidRequest("refresh_token is missing"))?).await?
        }
        Some(_) => return Err(TokenError::UnsupportedGrantType),
        None => return Err(TokenError::InvalidRequest("grant_type is missing")),
    };
    if !handle.is_of(client) {
        return Err(TokenError::InvalidGrant);
    }
    let (ctx, grant) = grant(app, &handle).await?;
    let instance = standing(app, &ctx, &grant).await?;
    if let Some(resource) = &request.resource {
        let url =
            app.core.settings.public(&format!("/mcp/v1/{}", app.core.keyring.url_mint(&instance).await?.expose()));
        if !same(resource.bytes(), url.as_bytes()) {
            return Err(TokenError::InvalidTarget);
        }
    }
    if grant.turn != handle.turn || !take(app, &ctx, &grant).await? {
        end_repeated(app, &ctx, &grant).await?;
        return Err(TokenError::InvalidGrant);
    }
    let grant = Grant { turn: grant.turn + 1, ..grant };
    Ok(GivenTokens {
        access_token: grants::access(app, &grant)?,
        expires_in: ACCESS_LIFE,
        refresh_token: grants::refresh(app, &grant, client)?,
    })
}

/// A code that its own client brings: it knows the verifier.
async fn of_code(app: &App, request: &TokenRequest) -> std::result::Result<Handle, TokenError> {
    let code = request.code.as_ref().ok_or(TokenError::InvalidRequest("code is missing"))?;
    let verifier = request.code_verifier.as_ref().ok_or(TokenError::InvalidRequest("code_verifier is missing"))?;
    let handle = grants::read_code(app, code).await?;
    let sent = request.redirect_uri.as_deref().is_none_or(|uri| handle.was_sent_to(uri));
    let challenge = random::challenge(verifier);
    let met = handle.challenge.as_deref().is_some_and(|wanted| same(wanted.as_bytes(), challenge.as_bytes()));
    if sent && met { Ok(handle) } else { Err(TokenError::InvalidGrant) }
}

/// The grant of a handle, and in whose name it is used.
async fn grant(app: &App, handle: &Handle) -> std::result::Result<(Ctx, Grant), TokenError> {
    let found = door_rows::grant(&mut app.core.store.glance().await.map_err(Error::from)?, &handle.sub).await;
    let (environment, grant) = found.map_err(Error::from)?.ok_or(TokenError::InvalidGrant)?;
    Ok((context::enter(&app.core, environment, Actor::Instance(grant.instance.clone())), grant))
}

/// The instance of a grant, if it still has the URL that the grant is for, and its config wants its user signed in.
async fn standing(app: &App, ctx: &Ctx, grant: &Grant) -> std::result::Result<McpInstance, TokenError> {
    let instance = instances::get(app, ctx, &grant.instance).await?;
    let stands = instance.url_generation == grant.url_generation && still_asks(app, ctx, &instance).await?;
    if stands { Ok(instance) } else { Err(TokenError::InvalidGrant) }
}

/// Takes the turn of the handle that was brought; false if somebody else did, or the grant has ended.
async fn take(app: &App, ctx: &Ctx, grant: &Grant) -> Result<bool> {
    let now = app.core.now();
    let mut tx = app.core.change(ctx).await?;
    if !rows::take_turn(ctx, &mut tx, &grant.id, grant.turn, (now, now + grants::REFRESH_LIFE)).await? {
        return Ok(false);
    }
    let action = if grant.turn == Grant::CODE { "grant.token_given" } else { "grant.token_renewed" };
    tx.record(action, grant.id.as_str(), detail(grant)).await?.commit().await?;
    Ok(true)
}

/// Ends a grant of which a handle came twice.
async fn end_repeated(app: &App, ctx: &Ctx, grant: &Grant) -> Result<()> {
    let mut tx = app.core.change(ctx).await?;
    if !rows::end(ctx, &mut tx, &grant.id).await? {
        return Ok(());
    }
    tx.record("grant.reuse_detected", grant.id.as_str(), detail(grant)).await?.commit().await
}

fn detail(grant: &Grant) -> Map<String, serde_json::Value> {
    journal::detail([("instance", json!(grant.instance)), ("client", json!(grant.client))])
}
