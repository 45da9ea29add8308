//! The exchange of a code for tokens, and whose they are. It runs in a task of its own: the person's browser may go,
//! the code is spent all the same.

use super::discard;
use super::failed::Failed;
use super::link::Consent;
use super::scopes;
use super::start::uses_pkce;
use crate::credentials::identity::{self, Whose};
use crate::credentials::oauth;
use crate::credentials::sealed::Plain;
use crate::{App, Error, Result, connections};
use serde_json::{Map, Value};
use valetkey_core::failpoint::{Failpoint, reach};
use valetkey_core::places;
use valetkey_domain::authorization::{Outcome, Started};
use valetkey_domain::{Secret, Timestamp};
use valetkey_outbound::oauth::{self as endpoint, Claims, Expected, IdTokenFault, Nonce, TokenError, Tokens};
use valetkey_storage::accounts::Subject;
use valetkey_vault::Purpose;

/// A code that may be exchanged, once.
pub(super) struct Exchange {
    pub(super) app: App,
    pub(super) consent: Consent,
    pub(super) started: Started,
    code: Secret<str>,
}

/// What an exchange brought.
pub(super) struct Granted {
    pub(super) plain: Plain,
    /// What was granted; empty if the provider didn't say.
    pub(super) scopes: Vec<String>,
    /// What was asked and withheld.
    pub(super) withheld: Vec<String>,
    pub(super) expires_at: Option<Timestamp>,
    /// Who signed in, if the connector can tell.
    pub(super) subject: Option<Subject>,
    /// What it says of the account beside the credential.
    pub(super) api_config: Map<String, Value>,
}

impl Exchange {
    pub(super) fn new(app: &App, consent: Consent, started: Started, code: Secret<str>) -> Self {
        Self { app: app.clone(), consent, started, code }
    }

    /// Exchanges and asks who it is. Failures of the provider are outcomes too.
    pub(super) async fn run(&self) -> std::result::Result<Granted, Failed> {
        match self.ask().await {
            Ok(ended) => ended,
            Err(error) => {
                tracing::error!(authorization = %self.consent.authorization.id, cause = ?error, "a code could not be exchanged");
                Err(Outcome::ProviderFailed.into())
            }
        }
    }

    async fn ask(&self) -> Result<std::result::Result<Granted, Failed>> {
        let sent_at = self.app.core.now();
        let verifier = self.verifier().await?;
        let tokens = match self.tokens(&verifier).await? {
            Ok(tokens) => tokens,
            Err(error) => return Ok(Err(self.failed(&error))),
        };
        reach(Failpoint::CallbackAnswered);
        let claims = match self.claims(&tokens, &verifier)? {
            Ok(claims) => claims,
            Err(fault) => {
                tracing::warn!(authorization = %self.consent.authorization.id, %fault, "the tokens are not taken");
                self.discard_tokens(tokens, fault.code()).await;
                return Ok(Err(Outcome::Refused(fault.code().to_owned()).into()));
            }
        };
        let subject = match self.subject(&tokens, claims).await {
            Ok(subject) => subject,
            // Without it nobody can say whether it is the account that was there.
            Err(error) if self.consent.account.subject.is_some() => {
                self.discard_tokens(tokens, "nobody_knows_whose").await;
                return Ok(Err(self.failed(&error)));
            }
            Err(error) => {
                tracing::warn!(authorization = %self.consent.authorization.id, %error, "nobody knows who signed in");
                None
            }
        };
        let asked = self.consent.asked();
        Ok(Ok(Granted {
            withheld: scopes::withheld(&self.consent.wired.connector, &asked, tokens.scopes.as_deref()),
            scopes: tokens.scopes.unwrap_or_default(),
            expires_at: tokens.expires_in.map(|life| sent_at + life),
            subject,
            api_config: Map::new(),
            plain: Plain::tokens(tokens.access_token, tokens.refresh_token),
        }))
    }

    /// Whose they are nobody knows: they are revoked only if nothing else lives on that OAuth client.
    async fn discard_tokens(&self, tokens: Tokens, why: &'static str) {
        let plain = Plain::tokens(tokens.access_token, tokens.refresh_token);
        if let Err(error) = discard::granted(&self.app, &self.consent, None, &plain, why).await {
            tracing::warn!(authorization = %self.consent.authorization.id, cause = ?error, "tokens nobody takes live on");
        }
    }

    /// The consent's PKCE verifier, of which its nonce is made.
    async fn verifier(&self) -> Result<Secret<str>> {
        let (app, consent) = (&self.app, &self.consent);
        let audience = consent.wired.verifier_audience();
        let place = places::verifier(&consent.ctx, &consent.authorization.id, &consent.account, &audience);
        let sealed = &self.started.verifier;
        let opened = app.core.keyring.open(&consent.ctx.environment, Purpose::Flow, &place, sealed).await?;
        Ok(Secret::from(std::str::from_utf8(opened.expose()).map_err(Error::internal)?))
    }

    async fn tokens(&self, verifier: &Secret<str>) -> Result<std::result::Result<Tokens, TokenError>> {
        let (app, wired) = (&self.app, &self.consent.wired);
        let verifier = uses_pkce(wired.oauth()?).then_some(verifier);
        let secret = connections::client_secret(app, wired).await?;
        let client = oauth::Endpoint::of(wired)?;
        let client = client.client(secret.as_ref());
        let redirect_uri = &self.started.redirect_uri;
        let outbound = app.core.outbound.of(&self.consent.ctx.environment);
        Ok(endpoint::exchange(&outbound, &client, &self.code, verifier, redirect_uri).await)
    }

    /// What the ID token says, if one came and it can be read; it has to be this sign-in's.
    fn claims(&self, tokens: &Tokens, verifier: &Secret<str>) -> Result<std::result::Result<Claims, IdTokenFault>> {
        let Some(id_token) = &tokens.id_token else { return Ok(Ok(Claims::default())) };
        let client = oauth::Endpoint::of(&self.consent.wired)?;
        let nonce = valetkey_vault::random::nonce(verifier);
        let sent = endpoint::sends_nonce(&self.consent.wired.scopes());
        let nonce = if sent { Nonce::Sent(&nonce) } else { Nonce::NotSent };
        match id_token.check(&Expected { client_id: client.client_id(), issuer: None, nonce }) {
            Err(fault) if !fault.contradicts() => {
                tracing::warn!(authorization = %self.consent.authorization.id, %fault, "the ID token says nothing");
                Ok(Ok(Claims::default()))
            }
            checked => Ok(checked),
        }
    }

    /// Who signed in: the connector's own question, else the ID token.
    async fn subject(&self, tokens: &Tokens, claims: Claims) -> std::result::Result<Option<Subject>, TokenError> {
        let Consent { ctx, wired, .. } = &self.consent;
        let whose = identity::whose(&self.app, ctx, wired, &tokens.access_token, tokens.scopes.as_deref()).await?;
        Ok(match whose {
            Whose::NoQuestion => claims.subject.map(|id| Subject { id, name: None }),
            Whose::NotCovered => None,
            Whose::Theirs(subject) => Some(subject),
        })
    }

    /// What a failure of the provider means for the person; the log keeps the rest.
    fn failed(&self, error: &TokenError) -> Failed {
        let uri = error.said().and_then(|said| said.uri.as_deref());
        tracing::warn!(authorization = %self.consent.authorization.id, %error, uri, "the provider gave no tokens");
        Failed::of(error)
    }
}
