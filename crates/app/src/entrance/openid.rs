//! Asking an OpenID provider who somebody is: the way there, and what comes back from there. Who may ask and for what, and
//! whom the answer lets in, is decided by [`sign_on`](super::sign_on) for members, by [`crate::servers::agents`] for users.
//!
//! Anybody may begin, so beginning costs nothing: what a provider says of itself is asked for once for all who wait, and
//! kept for minutes. A code is exchanged when it is its turn, and those who wait for theirs are not refused at once.
//!
//! The exchange is an effect outside without an intent in the journal, and ends with its caller. What it spends is a code of
//! this sign-in; what it brings is used at once and kept nowhere, with no refresh token asked for, so nothing is lost and
//! nothing is left: whoever was cut off begins anew. That somebody is signed in is a change, with its record.

use super::asking::{Asking, Said};
use crate::{App, Error, Result};
use std::sync::Arc;
use std::time::Duration;
use url::Url;
use valetkey_core::queue::Share;
use valetkey_core::{KnownBy, SignOn};
use valetkey_domain::id::EnvironmentId;
use valetkey_domain::{Kind, Secret};
use valetkey_outbound::Outbound;
use valetkey_outbound::oauth::{
    self, AuthorizationRequest, AuthorizationServer, BasicEncoding, Client, ClientAuth, Expected, Nonce, Question,
    TokenBody, Tokens,
};
use valetkey_vault::random;

/// How long asking the provider may take.
const TIME: Duration = Duration::from_secs(20);

/// What the provider's answer says, out of the address that it sent the browser to.
#[derive(Debug, Default)]
pub struct Answer {
    /// The code.
    pub code: Option<Secret<str>>,
    /// What it was given.
    pub state: Option<Secret<str>>,
    /// Who answers (RFC 9207).
    pub issuer: Option<String>,
    /// Why there is no code.
    pub error: Option<String>,
}

/// A provider, and where it sends people back to: a path of ours.
#[derive(Clone, Copy)]
pub(crate) struct Provider<'a> {
    /// The provider.
    pub(crate) on: &'a Arc<SignOn>,
    /// The path.
    pub(crate) callback: &'a str,
    /// Whose users sign in there; the installation's own are its members.
    pub(crate) of: &'a EnvironmentId,
    /// Who asks, and what was said.
    pub(crate) asking: &'a Asking,
}

impl Provider<'_> {
    /// Where a browser is sent to sign in. `verifier` is PKCE's; the nonce is made of it.
    ///
    /// # Errors
    /// The provider does not say how people sign in there.
    pub(crate) async fn leave(&self, app: &App, state: &Secret<str>, verifier: &Secret<str>) -> Result<Url> {
        let server = self.server(app).await?;
        let scopes = ["openid".to_owned(), "email".to_owned()];
        let challenge = random::challenge(verifier);
        let asked = AuthorizationRequest {
            authorize_url: &server.authorize_url,
            client_id: &self.on.client_id,
            redirect_uri: &app.core.settings.public(self.callback),
            scopes: scopes.get(..if self.on.known_by == KnownBy::Email { 2 } else { 1 }).unwrap_or_default(),
            scope_separator: " ",
            scope_param: "scope",
            state,
            challenge: Some(&challenge),
            nonce: &random::nonce(verifier),
            also: Vec::new(),
        };
        oauth::authorization_url(&asked).map_err(|error| refused(error.to_string()))
    }

    /// The name of the person that the provider's answer is about: the address that it has verified, or its id of them.
    ///
    /// # Errors
    /// `UNAUTHENTICATED` with what to do; the provider is not reached in time; too many others ask at this moment.
    pub(crate) async fn person(&self, app: &App, answer: Answer, verifier: &Secret<str>) -> Result<String> {
        if let Some(error) = answer.error {
            let word: String = error.chars().filter(char::is_ascii_graphic).take(60).collect();
            return Err(refused(format!("{} did not sign you in ({word}): try again", self.host())));
        }
        let code = answer.code.ok_or_else(|| refused(format!("{} sent no code: try again", self.host())))?;
        let server = self.server(app).await?;
        let _turn = self.turn().await?;
        in_time(self.name(app, &server, verifier, (answer.issuer.as_deref(), &code))).await
    }

    /// The provider's host.
    pub(crate) fn host(&self) -> &str {
        self.on.issuer.host_str().unwrap_or_default()
    }

    async fn name(
        &self,
        app: &App,
        server: &AuthorizationServer,
        verifier: &Secret<str>,
        (told, code): (Option<&str>, &Secret<str>),
    ) -> Result<String> {
        if told.map_or(server.promises_issuer, |told| told != server.issuer) {
            return Err(refused("the answer did not come from the provider that was asked: try again"));
        }
        let redirect_uri = app.core.settings.public(self.callback);
        let (outbound, client) = (outbound(app), client(self.on, server));
        let tokens =
            oauth::exchange(&outbound, &client, code, Some(verifier), &redirect_uri).await.map_err(|error| {
                tracing::warn!(%error, "somebody was not signed in at an OpenID provider");
                refused(format!("{} did not take its own answer: begin anew", self.host()))
            })?;
        let nonce = random::nonce(verifier);
        let expected =
            Expected { client_id: &self.on.client_id, issuer: Some(&server.issuer), nonce: Nonce::Sent(&nonce) };
        let id_token = tokens.id_token.as_ref().ok_or_else(|| refused(format!("{} sent no ID token", self.host())))?;
        let claims = id_token.check(&expected).map_err(|fault| refused(fault.to_string()))?;
        let (Some(subject), Some(_)) = (claims.subject, claims.issuer) else {
            return Err(refused(format!("the ID token of {} does not say whose it is", self.host())));
        };
        match (self.on.known_by, claims.verified_email) {
            (KnownBy::Subject, _) => Ok(subject),
            (KnownBy::Email, Some(email)) => Ok(email),
            (KnownBy::Email, None) => self.asked_for_email(server, &outbound, &tokens, &subject).await,
        }
    }

    /// Where the ID token has no address, the provider is asked for it; what it says must be of the same person (OpenID
    /// Connect Core §5.3.2).
    async fn asked_for_email(
        &self,
        server: &AuthorizationServer,
        outbound: &Outbound,
        tokens: &Tokens,
        subject: &str,
    ) -> Result<String> {
        let none = || refused(format!("{} does not vouch for an e-mail address of yours", self.host()));
        let url = server.userinfo_url.as_deref().ok_or_else(none)?;
        let question = Question { method: http::Method::GET, url, headers: &[], body: None };
        let told = oauth::identity(outbound, &question, &tokens.access_token).await.map_err(|error| {
            tracing::warn!(%error, "somebody was not signed in at an OpenID provider");
            none()
        })?;
        if told.get("sub").and_then(serde_json::Value::as_str) != Some(subject) {
            return Err(refused(format!("{} told of somebody else than who signed in", self.host())));
        }
        oauth::verified_email(&told).ok_or_else(none)
    }

    /// What the provider says of itself: as it was kept, else asked for, once for all who wait.
    async fn server(&self, app: &App) -> Result<AuthorizationServer> {
        let issuer = &self.on.issuer;
        if let Some(kept) = self.asking.kept(issuer, app.core.now()) {
            return Ok(kept);
        }
        let asking = self.asking.fetched.join_or_start(&app.core.tasks, issuer, fetch(app.clone(), issuer.clone()));
        match asking.await {
            Ok(server) => {
                self.asking.keep(issuer, &server, app.core.now());
                Ok(server)
            }
            Err(why) => {
                let message = format!("{} does not say how people sign in there: {why}", self.host());
                Err(Error::new(Kind::Unavailable, message))
            }
        }
    }

    /// A turn to exchange a code, which is waited for as long as the exchange itself may take.
    async fn turn(&self) -> Result<Share<EnvironmentId>> {
        let full = "too many people sign in at this moment: try again in a few seconds";
        self.asking.turn(self.of, TIME).await.map_err(|_| Error::new(Kind::ResourceExhausted, full))
    }
}

async fn fetch(app: App, issuer: Url) -> Said {
    let said = match tokio::time::timeout(TIME, oauth::issuer(&outbound(&app), &issuer)).await {
        Ok(said) => said.map_err(|error| error.to_string()),
        Err(_) => Err("it took too long to answer; try again".to_owned()),
    };
    if let Err(why) = &said {
        tracing::warn!(why, "an OpenID provider says nothing of itself");
    }
    said
}

fn client<'a>(on: &'a SignOn, server: &'a AuthorizationServer) -> Client<'a> {
    let posts = server.client_auths.iter().any(|way| way == "client_secret_post");
    // Basic is what is meant where a provider says nothing (OpenID Connect Discovery §3).
    let basic = server.client_auths.is_empty() || server.client_auths.iter().any(|way| way == "client_secret_basic");
    let auth = match &on.client_secret {
        None => ClientAuth::None,
        Some(_) if posts && !basic => ClientAuth::Post,
        Some(_) => ClientAuth::Basic,
    };
    Client {
        token_url: &server.token_url,
        client_id: &on.client_id,
        client_secret: on.client_secret.as_ref(),
        auth,
        basic: BasicEncoding::FormEncoded,
        body: TokenBody::Form,
        answer_in: None,
        ended: &[],
        resource: None,
    }
}

fn outbound(app: &App) -> Outbound {
    app.core.outbound.of(&EnvironmentId::installation())
}

async fn in_time<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    let late = |_| Error::new(Kind::Unavailable, "the provider took too long to answer: try again");
    tokio::time::timeout(TIME, work).await.map_err(late)?
}

/// What is said to who is not let in.
pub(crate) fn refused(why: impl Into<String>) -> Error {
    Error::new(Kind::Unauthenticated, why)
}
