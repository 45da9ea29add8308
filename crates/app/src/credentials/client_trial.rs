//! Whether users can sign in on a connection, before one has tried. Where the connection has an OAuth client of its own, the
//! token endpoint is asked with a code that nobody was given: who knows the client refuses the code, and who does not, the
//! client. Nothing is granted by it. An app's server that says itself where people sign in is asked for that. Where the
//! connection's own key or client brings access tokens without a person, one is asked for, and let go; where each account
//! brings its own, the token endpoint is asked with what nobody signed.

use super::oauth::Endpoint;
use super::schemes;
use crate::connections::{self, Wired};
use crate::{App, Error, Result};
use serde_json::Map;
use valetkey_connectors::{Discovery, Pkce};
use valetkey_domain::connection::Connection;
use valetkey_domain::{Ctx, Kind, Secret};
use valetkey_outbound::oauth::{TokenError, Tokens, exchange};

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
/// Its users sign in otherwise; it has no OAuth client or key yet; or nobody is asked for its access tokens.
pub async fn try_client(app: &App, ctx: &Ctx, connection: &Connection) -> Result<ClientTrial> {
    let wired = Wired::of(app, connection.clone())?;
    if let Some(discovery) = wired.discovery() {
        return try_server(app, ctx, &wired, discovery).await;
    }
    if wired.mints() {
        return try_minted(app, ctx, &wired).await;
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

/// Asks for an access token by what the connection has, or asks whether anybody is there to give one. It is let go at once,
/// and ends by itself.
async fn try_minted(app: &App, ctx: &Ctx, wired: &Wired) -> Result<ClientTrial> {
    let outbound = app.core.outbound.of(&ctx.environment);
    if let Some(own) = schemes::own_renewal(app, wired).await? {
        record(app, ctx, &wired.connection).await?;
        return Ok(own_answer(own.ask(&outbound).await));
    }
    let nobody = schemes::Nobody::of(wired)?;
    record(app, ctx, &wired.connection).await?;
    Ok(nobodys_answer(nobody.ask(&outbound).await))
}

/// What came of asking with the connection's own key or client.
fn own_answer(answered: std::result::Result<Tokens, TokenError>) -> ClientTrial {
    let said = |known, words: String| ClientTrial { known, words };
    match answered {
        Ok(_) => said(Some(true), "the provider took it and gave an access token, of which nothing is kept".to_owned()),
        Err(error @ (TokenError::InvalidGrant(_) | TokenError::Refused { .. })) => {
            said(Some(false), format!("the provider gave no access token for it: {error}"))
        }
        Err(error) => said(None, format!("the provider could not be asked: {error}")),
    }
}

/// What came of asking with what is nobody's: a refusal in OAuth's words says that a token endpoint is there.
fn nobodys_answer(answered: std::result::Result<Tokens, TokenError>) -> ClientTrial {
    let said = |known, words: String| ClientTrial { known, words };
    match answered {
        Err(TokenError::InvalidGrant(_) | TokenError::Refused { .. }) => {
            let words = "its token endpoint answers, and refused a key that is nobody's; each user's own is tried when it is \
                 given";
            said(Some(true), words.to_owned())
        }
        Ok(_) => said(None, "the provider gave an access token for nobody's key: it is none to rely on".to_owned()),
        Err(error) => said(None, format!("the provider could not be asked: {error}")),
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

    fn tokens() -> Tokens {
        let access_token = Secret::from("minted-canary");
        Tokens { access_token, refresh_token: None, expires_in: None, scopes: None, id_token: None }
    }

    #[test]
    fn a_connections_own_key_is_known_by_its_token_and_the_token_is_in_no_words() {
        let refused = |code: &str| TokenError::Refused { code: code.to_owned(), said: ProviderWords::default() };
        for (answered, known) in [
            (Ok(tokens()), Some(true)),
            (Err(TokenError::InvalidGrant(ProviderWords::default())), Some(false)),
            (Err(refused("invalid_client")), Some(false)),
            (Err(refused("invalid_scope")), Some(false)),
            (Err(TokenError::Unreachable("nobody is there".into())), None),
        ] {
            let told = own_answer(answered);
            assert!(told.known == known && !told.words.contains("canary"), "{told:?}");
        }
    }

    #[test]
    fn nobodys_key_is_to_be_refused_and_whoever_takes_it_is_not_relied_on() {
        let refused = TokenError::Refused { code: "invalid_client".to_owned(), said: ProviderWords::default() };
        for (answered, known) in [
            (Err(refused), Some(true)),
            (Err(TokenError::InvalidGrant(ProviderWords::default())), Some(true)),
            (Ok(tokens()), None),
            (Err(TokenError::Unreachable("nobody is there".into())), None),
        ] {
            let told = nobodys_answer(answered);
            assert!(told.known == known && !told.words.contains("canary"), "{told:?}");
        }
    }
}
