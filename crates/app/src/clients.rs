//! API clients: made and rotated by the operator, and the tokens they get for their secrets.

use crate::{App, Error, Result};
use serde::{Deserialize, Serialize};
use serde_json::Map;
use std::time::Duration;
use valetkey_domain::client::{ApiClient, ClientSecret};
use valetkey_domain::ctx::Actor;
use valetkey_domain::id::{ClientId, ClientSecretId, EnvironmentId, TokenId};
use valetkey_domain::{Ctx, Kind, Secret, Timestamp};
use valetkey_storage::{clients as rows, doors};
use valetkey_vault::{jwt, random};

/// What a token lasts at most: a day less a second, as the vendor's does.
pub const TOKEN_LIFE: Duration = Duration::from_secs(86_399);

/// The JWT type of client tokens (RFC 9068 §2.1).
const TOKEN_TYPE: &str = "at+jwt";

/// The scope that lets a client read connected accounts' secrets; given to clients unless the operator says otherwise.
pub const SECRETS_SCOPE: &str = "accounts:secrets";

/// The client that [`shell`] uses.
const SHELL_CLIENT: &str = "local-shell";

/// How long a shell's secret lasts.
const SHELL_SECRET_LIFE: Duration = Duration::from_secs(12 * 3600);

/// How many shells' secrets live at a time.
const SHELL_SECRETS: i64 = 3;

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

/// A client with a secret that is shown this once.
pub struct Issued {
    /// The client.
    pub client: ApiClient,
    /// The secret, which nothing keeps.
    pub secret: Secret<str>,
    /// The secret's id, to end it by.
    pub secret_id: ClientSecretId,
}

/// Makes a client with a first secret.
///
/// # Errors
/// The name is empty or too long.
pub async fn create(app: &App, ctx: &Ctx, name: &str, scopes: Vec<String>) -> Result<Issued> {
    if name.is_empty() || name.chars().count() > 100 {
        return Err(Error::invalid("a client's name has 1 to 100 characters"));
    }
    let client = ApiClient {
        id: ClientId::new(app.clock.as_ref(), app.rng.as_ref()),
        environment: ctx.environment.clone(),
        name: name.to_owned(),
        scopes,
        version: 1,
        created_at: app.now(),
    };
    let (secret, row) = new_secret(app, &client.id, None)?;
    let mut tx = app.store.write().await?;
    rows::insert(ctx, &mut tx, &client).await?;
    rows::add_secret(ctx, &mut tx, &row).await?;
    app.journal.fact(ctx, &mut tx, "client.created", client.id.as_str(), Map::new()).await?;
    tx.commit().await?;
    Ok(Issued { client, secret, secret_id: row.id })
}

/// Gives a client another secret; the earlier ones go on until they are ended.
///
/// # Errors
/// There is no such client.
pub async fn rotate(app: &App, ctx: &Ctx, id: &ClientId, expires_at: Option<Timestamp>) -> Result<Issued> {
    let mut tx = app.store.write().await?;
    let client = rows::get(ctx, &mut tx, id).await?.ok_or_else(|| unknown(id))?;
    let (secret, row) = new_secret(app, id, expires_at)?;
    rows::add_secret(ctx, &mut tx, &row).await?;
    app.journal.fact(ctx, &mut tx, "client.secret_added", id.as_str(), Map::new()).await?;
    tx.commit().await?;
    Ok(Issued { client, secret, secret_id: row.id })
}

/// Ends every secret of a client but the newest, and with them the tokens they were exchanged for.
///
/// # Errors
/// There is no such client.
pub async fn expire(app: &App, ctx: &Ctx, id: &ClientId) -> Result<u64> {
    let mut tx = app.store.write().await?;
    rows::get(ctx, &mut tx, id).await?.ok_or_else(|| unknown(id))?;
    let ended = rows::keep_newest_secrets(ctx, &mut tx, id, 1, app.now()).await?;
    rows::raise_version(ctx, &mut tx, id).await?;
    app.journal.fact(ctx, &mut tx, "client.secrets_expired", id.as_str(), Map::new()).await?;
    tx.commit().await?;
    Ok(ended)
}

/// A secret for a shell on this machine: on a client of its own, for twelve hours, and no more than three at a time.
///
/// # Errors
/// `public_url` is not on this machine: secrets of a server that others reach are made on purpose.
pub async fn shell(app: &App, ctx: &Ctx) -> Result<Issued> {
    if !app.settings.on_this_machine() {
        let message = "this server's public_url is not on this machine: make a client with `valetkey client create`";
        return Err(Error::new(Kind::FailedPrecondition, message));
    }
    let there = list(app, ctx).await?.into_iter().find(|client| client.name == SHELL_CLIENT);
    let client = match there {
        Some(client) => client.id,
        None => create(app, ctx, SHELL_CLIENT, vec![SECRETS_SCOPE.to_owned()]).await?.client.id,
    };
    let issued = rotate(app, ctx, &client, Some(app.now() + SHELL_SECRET_LIFE)).await?;
    let mut tx = app.store.write().await?;
    if rows::keep_newest_secrets(ctx, &mut tx, &client, SHELL_SECRETS, app.now()).await? > 0 {
        app.journal.fact(ctx, &mut tx, "client.secrets_expired", client.as_str(), Map::new()).await?;
        tx.commit().await?;
    }
    Ok(issued)
}

/// All clients of the environment.
///
/// # Errors
/// The database cannot be read.
pub async fn list(app: &App, ctx: &Ctx) -> Result<Vec<ApiClient>> {
    Ok(rows::list(ctx, &mut app.store.glance().await?).await?)
}

/// The client of this id.
///
/// # Errors
/// There is no such client.
pub async fn get(app: &App, ctx: &Ctx, id: &ClientId) -> Result<ApiClient> {
    rows::get(ctx, &mut app.store.glance().await?, id).await?.ok_or_else(|| unknown(id))
}

/// Clients are the operator's alone, who is told how to find the right one.
fn unknown(id: &ClientId) -> Error {
    Error::new(Kind::NotFound, format!("API client '{id}' not found; `valetkey client list` shows all"))
}

/// Removes a client: its secrets and its tokens stop at once.
///
/// # Errors
/// There is no such client.
pub async fn delete(app: &App, ctx: &Ctx, id: &ClientId) -> Result<()> {
    let mut tx = app.store.write().await?;
    if !rows::delete(ctx, &mut tx, id).await? {
        return Err(unknown(id));
    }
    app.journal.fact(ctx, &mut tx, "client.deleted", id.as_str(), Map::new()).await?;
    tx.commit().await?;
    Ok(())
}

/// Exchanges a client's id and secret for an access token (RFC 6749 §4.4), which doesn't outlive the secret.
///
/// # Errors
/// `UNAUTHENTICATED`, in the same words whether the client is unknown or the secret wrong or ended.
pub async fn token(app: &App, client_id: &str, secret: &Secret<str>) -> Result<Token> {
    crate::doors::time_is_known(app)?;
    app.keyring.check_open()?;
    let given = valetkey_vault::sha256(secret.bytes());
    let known = match ClientId::parse(client_id) {
        Ok(id) => doors::client_with_secrets(&mut app.store.read().await?, &id).await?,
        Err(_) => None,
    };
    let opened =
        known.and_then(|(client, secrets)| Some((client, secrets.into_iter().find(|s| opens(app, s, &given))?)));
    let refused = || Error::new(Kind::Unauthenticated, "unknown client_id or wrong client_secret");
    let (client, secret) = opened.ok_or_else(refused)?;
    let claims = claims(app, &client, &secret);
    let expires_in = Duration::from_secs(claims.exp.abs_diff(claims.iat));
    Ok(Token { access_token: app.keyring.sign(TOKEN_TYPE, &claims)?.into(), expires_in })
}

/// Whether the caller may read users' tokens. The operator may not: no command prints one.
///
/// # Errors
/// `PERMISSION_DENIED`, saying which scope the client lacks.
pub(crate) async fn may_read_secrets(app: &App, ctx: &Ctx) -> Result<()> {
    let client = match &ctx.actor {
        Actor::Client(id) => rows::get(ctx, &mut app.store.glance().await?, id).await?,
        _ => None,
    };
    if client.is_some_and(|client| client.scopes.iter().any(|scope| scope == SECRETS_SCOPE)) {
        return Ok(());
    }
    Err(Error::new(Kind::PermissionDenied, format!("this API client may not read tokens: it lacks '{SECRETS_SCOPE}'")))
}

/// What a client's token must say to be taken.
pub(crate) fn expectation(app: &App) -> jwt::Expect {
    let (issuer, audience) = (app.settings.public(""), app.settings.sdk(""));
    jwt::Expect { issuer, audience, typ: TOKEN_TYPE.into(), now: app.now() }
}

fn claims(app: &App, client: &ApiClient, secret: &ClientSecret) -> Claims {
    let now = app.now().as_second();
    let longest = now.saturating_add_unsigned(TOKEN_LIFE.as_secs());
    Claims {
        iss: app.settings.public(""),
        sub: client.id.clone(),
        aud: app.settings.sdk(""),
        client_id: client.id.clone(),
        env: client.environment.clone(),
        ver: client.version,
        iat: now,
        nbf: now,
        exp: secret.expires_at.map_or(longest, |end| end.as_second().min(longest)),
        jti: TokenId::new(app.clock.as_ref(), app.rng.as_ref()),
    }
}

fn opens(app: &App, secret: &ClientSecret, given: &[u8; 32]) -> bool {
    valetkey_vault::same(&secret.hash, given) && secret.expires_at.is_none_or(|end| app.now() < end)
}

fn new_secret(app: &App, client: &ClientId, expires_at: Option<Timestamp>) -> Result<(Secret<str>, ClientSecret)> {
    let secret = random::bearer("vks_")?;
    let row = ClientSecret {
        id: ClientSecretId::new(app.clock.as_ref(), app.rng.as_ref()),
        client: client.clone(),
        hash: valetkey_vault::sha256(secret.bytes()),
        hint: secret.expose().chars().rev().take(4).collect::<Vec<_>>().into_iter().rev().collect(),
        created_at: app.now(),
        expires_at,
    };
    Ok((secret, row))
}
