//! Whether users can sign in on a connection, before one has tried. Where the connection has an OAuth client of its own, the
//! token endpoint is asked with a code that nobody was given: who knows the client refuses the code, and who does not, the
//! client. Nothing is granted by it. An app's server that says itself where people sign in is asked for that.

use super::oauth::Endpoint;
use crate::connections::{self, Wired};
use crate::{App, Error, Result};
use serde_json::Map;
use valetkey_connectors::{Discovery, Pkce};
use valetkey_domain::connection::Connection;
use valetkey_domain::{Ctx, Kind, Secret};
use valetkey_outbound::oauth::{TokenError, exchange};

/// A code that no provider gives, and a proof key for it of the right form (RFC 7636 §4.1).
const NO_CODE: &str = "valetkey-asks-whether-this-client-is-known";
const NO_VERIFIER: &str = "valetkey-asks-whether-this-client-is-known-0000000000";

/// What providers say of a client that they do not know, or whose secret is another.
const UNKNOWN: [&str; 5] =
    ["invalid_client", "unauthorized_client", "incorrect_client_credentials", "bad_client_secret", "invalid_client_id"];

/// What they say of a code that they did not give, where it is not `invalid_grant`.
const NO_SUCH_CODE: [&str; 2] = ["bad_verification_code", "invalid_code"];

/// What they say of a redirect URI that is not registered.
const REDIRECT: [&str; 2] = ["redirect_uri_mismatch", "bad_redirect_uri"];

/// What came of asking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientTrial {
    /// Whether they can, as far as that was asked; none if it is still open.
    pub known: Option<bool>,
    /// What was answered, and what to do, for whoever set it up.
    pub words: String,
}

/// Asks.
///
/// # Errors
/// Its users sign in otherwise, or it has no OAuth client yet.
pub async fn try_client(app: &App, ctx: &Ctx, connection: &Connection) -> Result<ClientTrial> {
    let wired = Wired::of(app, connection.clone())?;
    if let Some(discovery) = wired.discovery() {
        return try_server(app, ctx, &wired, discovery).await;
    }
    let pkce = wired.oauth()?.pkce == Pkce::S256;
    if !wired.is_complete() {
        let message = format!("connection '{}' has no OAuth client yet: give it id and secret", connection.name);
        return Err(Error::new(Kind::FailedPrecondition, message));
    }
    let (endpoint, secret) = (Endpoint::of(&wired)?, connections::client_secret(app, &wired).await?);
    record(app, ctx, connection).await?;
    let (code, verifier) = (Secret::from(NO_CODE), Secret::from(NO_VERIFIER));
    let redirect_uri = connections::redirect_uri(app, &connection.id);
    let outbound = app.core.outbound.of(&ctx.environment);
    let client = endpoint.client(secret.as_ref());
    let answered = exchange(&outbound, &client, &code, pkce.then_some(&verifier), &redirect_uri).await;
    Ok(match answered {
        Err(error) => read(&error),
        Ok(_) => ClientTrial {
            known: None,
            words: "the provider gave tokens for a code that nobody was given: it is none to rely on".to_owned(),
        },
    })
}

/// That it is tried, before anything leaves.
async fn record(app: &App, ctx: &Ctx, connection: &Connection) -> Result<()> {
    app.core.change(ctx).await?.record("connection.tried", connection.id.as_str(), Map::new()).await?.commit().await
}

/// Asks an app's server where people sign in.
async fn try_server(app: &App, ctx: &Ctx, wired: &Wired, discovery: Discovery) -> Result<ClientTrial> {
    record(app, ctx, &wired.connection).await?;
    match connections::issuer(app, ctx, wired, discovery).await {
        Ok(issuer) => {
            Ok(ClientTrial { known: Some(true), words: format!("its server answers: people sign in at {issuer}") })
        }
        Err(error) if error.kind() == Kind::FailedPrecondition => {
            Ok(ClientTrial { known: Some(false), words: error.message().to_owned() })
        }
        Err(error) => Err(error),
    }
}

/// What a refusal means.
fn read(error: &TokenError) -> ClientTrial {
    let said = |known, words: String| ClientTrial { known, words };
    let code = match error {
        TokenError::InvalidGrant(_) => None,
        TokenError::Refused { code, .. } => Some(code.as_str()),
        TokenError::RefusedUnclear { said, .. } => said.code.as_deref(),
        _ => return said(None, format!("the provider could not be asked: {error}")),
    };
    match code {
        None if matches!(error, TokenError::InvalidGrant(_)) => {}
        Some(code) if NO_SUCH_CODE.contains(&code) => {}
        Some(code) if UNKNOWN.contains(&code) => {
            let words =
                format!("the provider does not know this client, or its secret is another ({code}): give both again");
            return said(Some(false), words);
        }
        Some(code) if REDIRECT.contains(&code) => {
            let words =
                format!("the redirect URI is not registered with the provider ({code}): register it as it stands here");
            return said(Some(false), words);
        }
        _ => return said(None, format!("the provider answered, but did not say whether it knows the client: {error}")),
    }
    said(Some(true), "the provider knows this client and its secret".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use valetkey_outbound::oauth::ProviderWords;

    #[test]
    fn a_refused_code_says_that_the_client_is_known_and_nothing_else_does() {
        let refused = |code: &str| TokenError::Refused { code: code.to_owned(), said: ProviderWords::default() };
        let unclear = |code: Option<&str>| TokenError::RefusedUnclear {
            status: 200,
            said: ProviderWords { code: code.map(str::to_owned), ..ProviderWords::default() },
        };
        for (error, known) in [
            (TokenError::InvalidGrant(ProviderWords::default()), Some(true)),
            (unclear(Some("bad_verification_code")), Some(true)),
            (refused("invalid_client"), Some(false)),
            (unclear(Some("incorrect_client_credentials")), Some(false)),
            (refused("redirect_uri_mismatch"), Some(false)),
            (refused("invalid_request"), None),
            (unclear(None), None),
            (TokenError::Unreachable("nobody is there".into()), None),
        ] {
            assert_eq!(read(&error).known, known, "{error}");
        }
    }
}
