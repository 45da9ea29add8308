//! A new access token for a credential: by its refresh token, its client, or a signed assertion.

use super::key_pair::KeyPair;
use super::service_account::ServiceAccount;
use crate::connections::{self, Wired};
use crate::credentials::oauth::Endpoint;
use crate::credentials::sealed::Plain;
use crate::{App, Error, Result};
use valetkey_connectors::{Auth, AuthKind, ConnectionCredential, Unfilled};
use valetkey_domain::account::ConnectedAccount;
use valetkey_domain::{Kind, Secret};
use valetkey_outbound::Outbound;
use valetkey_outbound::oauth::{self, TokenError, Tokens};

/// What is sent to a token endpoint, as often as is needed.
pub(crate) enum Renewal {
    /// A refresh token.
    Refresh { endpoint: Endpoint, secret: Option<Secret<str>>, token: Secret<str> },
    /// The client itself (RFC 6749 §4.4).
    Client { endpoint: Endpoint, secret: Option<Secret<str>>, scopes: String },
    /// A signed assertion (RFC 7523).
    Assertion { token_url: String, assertion: Secret<str> },
    /// What a key pair signs.
    KeyPair(KeyPair),
}

impl Renewal {
    /// Asks for it.
    pub(crate) async fn ask(&self, outbound: &Outbound) -> std::result::Result<Tokens, TokenError> {
        match self {
            Self::Refresh { endpoint, secret, token } => {
                oauth::refresh(outbound, &endpoint.client(secret.as_ref()), token).await
            }
            Self::Client { endpoint, secret, scopes } => {
                oauth::client_credentials(outbound, &endpoint.client(secret.as_ref()), scopes).await
            }
            Self::Assertion { token_url, assertion } => oauth::assertion(outbound, token_url, assertion).await,
            Self::KeyPair(pair) => pair.ask(outbound).await,
        }
    }
}

/// What renews this credential; none if nothing does.
///
/// # Errors
/// The connection lacks what is its own part of it.
pub(crate) async fn renewal(
    app: &App,
    wired: &Wired,
    account: &ConnectedAccount,
    plain: &Plain,
) -> Result<Option<Renewal>> {
    let wired = &wired.clone().at(account).map_err(|unfilled| leads_nowhere(wired, &unfilled))?;
    let minted = match wired.way() {
        Auth::OAuth2(_) => {
            let Some(token) = &plain.refresh_token else { return Ok(None) };
            let secret = connections::client_secret(app, wired).await?;
            return Ok(Some(Renewal::Refresh { endpoint: Endpoint::of(wired)?, secret, token: token.copy() }));
        }
        Auth::Static(_) | Auth::None => return Ok(None),
        Auth::Minted(minted) => minted,
    };
    let scopes = scopes(wired, account).join(&minted.scope_separator);
    if minted.kind == AuthKind::ClientCredentials {
        return client(app, wired, plain, scopes).await.map(Some);
    }
    if let Some(assertion) = &minted.assertion {
        let pair = KeyPair::of(wired, assertion, account, &plain.typed, scopes, app.core.now());
        return pair.map(|pair| Some(Renewal::KeyPair(pair))).map_err(|what| lacks(wired, &what));
    }
    let (key, subject) = match minted.kind {
        AuthKind::GoogleDwd => {
            (connections::client_secret(app, wired).await?, plain.typed.get("subject").map(Secret::expose))
        }
        _ => (plain.typed.get("service_account_json").map(Secret::copy), None),
    };
    asserted(app, wired, key, &scopes, subject).map(Some)
}

/// What brings an access token by what a connection itself holds, in the name of none of its users; none where each account
/// brings its own.
///
/// # Errors
/// The connection lacks it.
pub(crate) async fn own_renewal(app: &App, wired: &Wired) -> Result<Option<Renewal>> {
    let Auth::Minted(minted) = wired.way() else { return Ok(None) };
    let scopes = wired.scopes().join(&minted.scope_separator);
    let secret = connections::client_secret(app, wired).await?;
    match wired.way().connection_credential() {
        ConnectionCredential::ServiceAccountKey => asserted(app, wired, secret, &scopes, None).map(Some),
        ConnectionCredential::OAuthClient => {
            Ok(Some(Renewal::Client { endpoint: Endpoint::of(wired)?, secret, scopes }))
        }
        ConnectionCredential::None => Ok(None),
    }
}

/// What a service account signs.
fn asserted(
    app: &App,
    wired: &Wired,
    key: Option<Secret<str>>,
    scopes: &str,
    subject: Option<&str>,
) -> Result<Renewal> {
    let key = key.ok_or_else(|| lacks(wired, "the key of its service account"))?;
    let key =
        ServiceAccount::read(&key).map_err(|why| lacks(wired, &format!("a key that works: the one it has {why}")))?;
    let token_url = wired.token_url()?.to_owned();
    let assertion = key.assertion(&token_url, scopes, subject, app.core.now()).map_err(Error::internal)?;
    Ok(Renewal::Assertion { token_url, assertion })
}

/// The client that the account brought, else the connection's.
async fn client(app: &App, wired: &Wired, plain: &Plain, scopes: String) -> Result<Renewal> {
    if let (Some(id), Some(secret)) = (plain.typed.get("client_id"), plain.typed.get("client_secret")) {
        let endpoint = Endpoint::named(wired, id.expose())?;
        return Ok(Renewal::Client { endpoint, secret: Some(secret.copy()), scopes });
    }
    let secret = connections::client_secret(app, wired).await?;
    Ok(Renewal::Client { endpoint: Endpoint::of(wired)?, secret, scopes })
}

/// The account's own scopes, else the connection's.
fn scopes(wired: &Wired, account: &ConnectedAccount) -> Vec<String> {
    if account.scopes.is_empty() { wired.scopes() } else { account.scopes.clone() }
}

fn leads_nowhere(wired: &Wired, unfilled: &Unfilled) -> Error {
    Error::new(Kind::FailedPrecondition, format!("connection '{}' leads nowhere: {unfilled}", wired.connection.name))
}

fn lacks(wired: &Wired, what: &str) -> Error {
    Error::new(Kind::FailedPrecondition, format!("connection '{}' lacks {what}", wired.connection.name))
}
