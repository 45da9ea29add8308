//! Single sign-on: a member signs in at the OpenID provider that the operator's settings name, and is known by the address
//! that it has verified, or by its id of the person. Who may come in is decided here as before: the provider makes no member
//! and gives no role.
//!
//! Nothing of a sign-on in flight is kept. `state` holds when it began and where it leads, sealed by the browser's own secret;
//! PKCE's verifier and the nonce are made of the same, so an answer is of use in the browser that asked, for ten minutes.
//!
//! Anybody may begin, so beginning costs nothing: what the provider says of itself is asked for once for all who wait, and
//! kept for minutes. A code is exchanged when it is its turn, and those who wait for theirs are not refused at once.
//!
//! The exchange is an effect outside without an intent in the journal, and ends with its caller. What it spends is a code of
//! this sign-in; what it brings is used at once and kept nowhere, with no refresh token asked for, so nothing is lost and
//! nothing is left: whoever was cut off begins anew. That somebody is signed in is a change, with its record.

use super::asking::Said;
use super::browsers;
use super::sign_in::{self, Fresh};
use crate::{App, Error, Result};
use std::sync::Arc;
use std::time::Duration;
use url::Url;
use valetkey_core::{KnownBy, SignOn, context};
use valetkey_domain::id::EnvironmentId;
use valetkey_domain::{Kind, Secret};
use valetkey_outbound::Outbound;
use valetkey_outbound::oauth::{
    self, AuthorizationRequest, AuthorizationServer, BasicEncoding, Client, ClientAuth, Expected, Nonce, Question,
    TokenBody, Tokens,
};
use valetkey_storage::members as member_rows;
use valetkey_vault::{random, sha256};

/// Where the provider sends people back to.
pub const CALLBACK: &str = "/sign-in/callback";

/// How long somebody may take at the provider's page.
const LIFE: Duration = Duration::from_secs(10 * 60);

/// How long asking the provider may take.
const TIME: Duration = Duration::from_secs(20);

/// The longest `state` that is ours, in bytes.
const MOST_STATE: usize = 2_000;

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

/// The provider's host, if there is one to sign in at.
#[must_use]
pub fn offered(app: &App) -> Option<String> {
    app.core.settings.sign_on.as_ref().map(|on| on.issuer.host_str().unwrap_or_default().to_owned())
}

/// Where this browser is sent to sign in; afterwards it goes on to `next`.
///
/// # Errors
/// There is no provider, or it does not say how people sign in there.
pub async fn start(app: &App, browser: &Secret<str>, next: &str) -> Result<Url> {
    let on = provider(app)?;
    let server = server(app, on).await?;
    let began = format!("{} {} {next}", app.core.now().as_second(), random::bearer("")?.expose());
    let (verifier, redirect_uri) = (verifier(browser, &began), app.core.settings.public(CALLBACK));
    let scopes = ["openid".to_owned(), "email".to_owned()];
    let challenge = random::challenge(&verifier);
    let asked = AuthorizationRequest {
        authorize_url: &server.authorize_url,
        client_id: &on.client_id,
        redirect_uri: &redirect_uri,
        scopes: scopes.get(..if on.known_by == KnownBy::Email { 2 } else { 1 }).unwrap_or_default(),
        scope_separator: " ",
        scope_param: "scope",
        state: &state(browser, &began),
        challenge: Some(&challenge),
        nonce: &random::nonce(&verifier),
        also: Vec::new(),
    };
    oauth::authorization_url(&asked).map_err(|error| refused(error.to_string()))
}

/// Signs the member in that the provider's answer names. Gives where to go on to.
///
/// # Errors
/// `UNAUTHENTICATED` with what to do: the answer is of another browser, too old or another provider's; the person said no;
/// or there is no such member.
pub async fn finish(app: &App, browser: Option<&Secret<str>>, answer: Answer, agent: &str) -> Result<(Fresh, String)> {
    context::time_is_known(&app.core)?;
    let on = provider(app)?;
    let browser = browser.ok_or_else(elsewhere)?;
    let began = began(app, browser, answer.state.as_ref())?;
    let next = began.splitn(3, ' ').nth(2).unwrap_or_default().to_owned();
    if let Some(error) = answer.error {
        let word: String = error.chars().filter(char::is_ascii_graphic).take(60).collect();
        return Err(refused(format!("{} did not sign you in ({word}): try again", host(on))));
    }
    let code = answer.code.ok_or_else(|| refused(format!("{} sent no code: try again", host(on))))?;
    let server = server(app, on).await?;
    let _turn = turn(app).await?;
    let name = in_time(name(app, (on, &server), (browser, &began), answer.issuer.as_deref(), &code)).await?;
    let found = member_rows::by_name(&mut app.core.store.glance().await?, &name).await?;
    let unknown =
        || refused(format!("'{name}' signed in at {} and is no member here: ask an owner to add you", host(on)));
    let member = sign_in::ours(app, found.ok_or_else(unknown)?).await?.ok_or_else(unknown)?;
    let (ctx, macs) = (sign_in::installation(app, &member), app.core.keyring.row_macs().await?);
    let tx = app.core.change(&ctx).await?;
    Ok((sign_in::begin(app, tx, &macs, member, agent, "single sign-on").await?, next))
}

/// What the member that the provider names is called here.
async fn name(
    app: &App,
    (on, server): (&SignOn, &AuthorizationServer),
    (browser, began): (&Secret<str>, &str),
    told: Option<&str>,
    code: &Secret<str>,
) -> Result<String> {
    if told.map_or(server.promises_issuer, |told| told != server.issuer) {
        return Err(refused("the answer did not come from the provider that was asked: try again"));
    }
    let verifier = verifier(browser, began);
    let redirect_uri = app.core.settings.public(CALLBACK);
    let (outbound, client) = (outbound(app), client(on, server));
    let tokens = oauth::exchange(&outbound, &client, code, Some(&verifier), &redirect_uri).await.map_err(|error| {
        tracing::warn!(%error, "a single sign-on failed");
        refused(format!("{} did not take its own answer: begin anew", host(on)))
    })?;
    let nonce = random::nonce(&verifier);
    let expected = Expected { client_id: &on.client_id, issuer: Some(&server.issuer), nonce: Nonce::Sent(&nonce) };
    let id_token = tokens.id_token.as_ref().ok_or_else(|| refused(format!("{} sent no ID token", host(on))))?;
    let claims = id_token.check(&expected).map_err(|fault| refused(fault.to_string()))?;
    let (Some(subject), Some(_)) = (claims.subject, claims.issuer) else {
        return Err(refused(format!("the ID token of {} does not say whose it is", host(on))));
    };
    match (on.known_by, claims.verified_email) {
        (KnownBy::Subject, _) => Ok(subject),
        (KnownBy::Email, Some(email)) => Ok(email),
        (KnownBy::Email, None) => asked_for_email(on, server, &outbound, &tokens, &subject).await,
    }
}

/// Where the ID token has no address, the provider is asked for it; what it says must be of the same person (OpenID Connect
/// Core §5.3.2).
async fn asked_for_email(
    on: &SignOn,
    server: &AuthorizationServer,
    outbound: &Outbound,
    tokens: &Tokens,
    subject: &str,
) -> Result<String> {
    let none = || refused(format!("{} does not vouch for an e-mail address of yours", host(on)));
    let url = server.userinfo_url.as_deref().ok_or_else(none)?;
    let question = Question { method: http::Method::GET, url, headers: &[], body: None };
    let told = oauth::identity(outbound, &question, &tokens.access_token).await.map_err(|error| {
        tracing::warn!(%error, "a single sign-on failed");
        none()
    })?;
    if told.get("sub").and_then(serde_json::Value::as_str) != Some(subject) {
        return Err(refused(format!("{} told of somebody else than who signed in", host(on))));
    }
    oauth::verified_email(&told).ok_or_else(none)
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

/// What the provider says of itself: as it was kept, else asked for, once for all who wait.
async fn server(app: &App, on: &Arc<SignOn>) -> Result<AuthorizationServer> {
    if let Some(kept) = app.asking.kept(app.core.now()) {
        return Ok(kept);
    }
    let said = app.asking.fetched.join_or_start(&app.core.tasks, &(), fetch(app.clone(), on.clone())).await;
    said.map_err(|why| {
        Error::new(Kind::Unavailable, format!("{} does not say how people sign in there: {why}", host(on)))
    })
}

async fn fetch(app: App, on: Arc<SignOn>) -> Said {
    let said = match tokio::time::timeout(TIME, oauth::issuer(&outbound(&app), &on.issuer)).await {
        Ok(said) => said.map_err(|error| error.to_string()),
        Err(_) => Err("it took too long to answer; try again".to_owned()),
    };
    match &said {
        Ok(server) => app.asking.keep(server, app.core.now()),
        Err(why) => tracing::warn!(why, "the provider of the single sign-on says nothing of itself"),
    }
    said
}

fn outbound(app: &App) -> Outbound {
    app.core.outbound.of(&EnvironmentId::installation())
}

fn provider(app: &App) -> Result<&Arc<SignOn>> {
    let none = || Error::new(Kind::NotFound, "there is no single sign-on here: [sign_on] in valetkey.toml sets it up");
    app.core.settings.sign_on.as_ref().ok_or_else(none)
}

fn host(on: &SignOn) -> &str {
    on.issuer.host_str().unwrap_or_default()
}

/// A turn to exchange a code, which is waited for as long as the exchange itself may take.
async fn turn(app: &App) -> Result<tokio::sync::SemaphorePermit<'_>> {
    let full = "too many people sign in at this moment: try again in a few seconds";
    let turn = tokio::time::timeout(TIME, app.asking.turn()).await.ok().flatten();
    turn.ok_or_else(|| Error::new(Kind::ResourceExhausted, full))
}

async fn in_time<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    let late = |_| Error::new(Kind::Unavailable, "the provider took too long to answer: try again");
    tokio::time::timeout(TIME, work).await.map_err(late)?
}

/// What the browser brings back: a MAC under its own secret, then what it stands for.
fn state(browser: &Secret<str>, began: &str) -> Secret<str> {
    Secret::from(format!("{}{began}", browsers::form_token(browser, &format!("sign-on state {began}"))))
}

/// What a `state` stands for, if this browser was given it less than ten minutes ago.
fn began(app: &App, browser: &Secret<str>, state: Option<&Secret<str>>) -> Result<String> {
    let state = state.filter(|state| state.bytes().len() <= MOST_STATE).ok_or_else(elsewhere)?;
    let (mac, began) = state.expose().split_at_checked(2 * sha256(&[]).len()).ok_or_else(elsewhere)?;
    if !browsers::owns_form(browser, &format!("sign-on state {began}"), mac) {
        return Err(elsewhere());
    }
    let at: i64 = began.split(' ').next().and_then(|at| at.parse().ok()).ok_or_else(elsewhere)?;
    let life = i64::try_from(LIFE.as_secs()).unwrap_or(i64::MAX);
    if (0..life).contains(&(app.core.now().as_second() - at)) {
        return Ok(began.to_owned());
    }
    Err(refused("signing in took longer than it may: begin anew"))
}

/// PKCE's verifier: as secret as the browser's cookie, and another one for each sign-on.
fn verifier(browser: &Secret<str>, began: &str) -> Secret<str> {
    Secret::from(browsers::form_token(browser, &format!("sign-on verifier {began}")))
}

fn elsewhere() -> Error {
    refused("this sign-in was begun in another browser, or not here: begin anew")
}

fn refused(why: impl Into<String>) -> Error {
    Error::new(Kind::Unauthenticated, why)
}

#[cfg(test)]
mod tests;
