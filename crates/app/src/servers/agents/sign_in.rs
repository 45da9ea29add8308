//! The person signs in at the app's own OpenID provider, and the agent is given a code if they are the instance's user.
//!
//! Nothing of this is kept here while they are away: the browser keeps what was asked, in a cookie of its own for ten minutes,
//! and `state` is a MAC over it under the browser's secret. PKCE's verifier and the nonce are made of the same.

use super::redirects;
use super::request::{AuthorizeRequest, Question, Stop, answer as answered, question};
use crate::entrance::openid::{Answer, Provider};
use crate::entrance::{browsers, grants};
use crate::{App, Error};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Map, json};
use std::time::Duration;
use url::Url;
use valetkey_core::{context, journal};
use valetkey_domain::grant::Grant;
use valetkey_domain::id::GrantId;
use valetkey_domain::{Kind, Secret};
use valetkey_storage::grants as rows;
use valetkey_vault::{random, sha256};

/// Where the provider sends people back to.
pub const CALLBACK: &str = "/mcp/oauth/callback";

/// How long somebody may take at the provider's page.
const LIFE: Duration = Duration::from_secs(10 * 60);

/// The longest cookie, in bytes: browsers drop longer ones.
const LONGEST_COOKIE: usize = 3_800;

/// How many characters of `state` name its cookie.
const NAME: usize = 12;

/// What the browser keeps until the person is back.
#[derive(Debug)]
pub struct Kept {
    /// The last part of the cookie's name: another one for each sign-in.
    pub name: String,
    /// What is in it.
    pub value: Secret<str>,
    /// How long it is kept.
    pub life: Duration,
}

/// Where the browser goes, and what it keeps.
#[derive(Debug)]
pub struct Leaving {
    /// The provider's page.
    pub provider: Url,
    /// What is kept.
    pub kept: Kept,
}

/// Sends a person who said yes to the provider.
///
/// # Errors
/// As for [`question`]; or the provider is not reached.
pub async fn start(app: &App, browser: &Secret<str>, request: &AuthorizeRequest) -> Result<Leaving, Stop> {
    let question = question(app, request).await?;
    let (state, kept) = begun(app, browser, request)?;
    let verifier = verifier(browser, state.expose().split_once('.').ok_or(Stop::Stale)?.1);
    let provider = at(app, &question).leave(app, &state, &verifier).await?;
    Ok(Leaving { provider, kept })
}

/// The `state` of a sign-in that begins, and what the browser keeps for it.
pub(super) fn begun(app: &App, browser: &Secret<str>, request: &AuthorizeRequest) -> Result<(Secret<str>, Kept), Stop> {
    let value = Secret::from(BASE64_URL_SAFE_NO_PAD.encode(serde_json::to_vec(request).map_err(Error::internal)?));
    if value.bytes().len() > LONGEST_COOKIE {
        return Err(Stop::Wrong("state"));
    }
    let random = random::bearer("").map_err(Error::from)?;
    let began = format!("{}.{}", app.core.now().as_second(), random.expose());
    let state = Secret::from(format!("{}.{began}", browsers::form_token(browser, &asked(&began, &value))));
    let name = kept_as(state.expose()).ok_or(Stop::Stale)?.to_owned();
    Ok((state, Kept { name, value, life: LIFE }))
}

/// The last part of the name of the cookie that belongs to a `state`.
#[must_use]
pub fn kept_as(state: &str) -> Option<&str> {
    let name = state.get(state.len().checked_sub(NAME)?..)?;
    name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_').then_some(name)
}

/// Back from the provider: where the agent gets its code.
///
/// # Errors
/// The answer is another browser's or too old; nobody signed in; somebody else than the instance's user did; or what was
/// asked for is not there any more.
pub async fn finish(
    app: &App,
    browser: Option<&Secret<str>>,
    kept: Option<&Secret<str>>,
    answer: Answer,
) -> Result<Url, Stop> {
    context::time_is_known(&app.core)?;
    let (Some(browser), Some(kept)) = (browser, kept) else { return Err(Stop::Stale) };
    let began = began(app, browser, kept, answer.state.as_ref()).ok_or(Stop::Stale)?;
    let request = BASE64_URL_SAFE_NO_PAD.decode(kept.expose()).ok();
    let request: AuthorizeRequest = request.and_then(|bytes| serde_json::from_slice(&bytes).ok()).ok_or(Stop::Stale)?;
    let question = question(app, &request).await?;
    let name = at(app, &question).person(app, answer, &verifier(browser, &began)).await.map_err(not_signed_in)?;
    let code = let_in(app, &question, &name).await?;
    let url = redirects::read(&question.redirect_uri).ok_or(Stop::Wrong("redirect_uri"))?;
    Ok(answered(app, url, &request, &[("code", code.expose())]))
}

/// The agent's code, if this is the person whose server it is.
pub(super) async fn let_in(app: &App, question: &Question, name: &str) -> Result<Secret<str>, Stop> {
    let Question { ctx, instance, agent, .. } = question;
    let client = agent.host.as_deref().unwrap_or(&agent.name);
    if name != instance.identifier.as_str() {
        let detail = journal::detail([("client", json!(client))]);
        app.core.journal.fact_now(ctx, "grant.refused", instance.id.as_str(), detail).await?;
        return Err(Stop::SomebodyElse(name.to_owned()));
    }
    let now = app.core.now();
    let grant = Grant {
        id: GrantId::new(app.core.clock.as_ref(), app.core.rng.as_ref()),
        instance: instance.id.clone(),
        url_generation: instance.url_generation,
        client: client.to_owned(),
        turn: Grant::CODE,
        expires_at: now + grants::CODE_LIFE,
        created_at: now,
    };
    let code = grants::code(app, &grant, (&agent.id, &question.redirect_uri, &question.challenge))?;
    let mut tx = app.core.change(ctx).await?;
    rows::insert(ctx, &mut tx, &grant).await.map_err(Error::from)?;
    let detail: Map<_, _> = journal::detail([("instance", json!(instance.id)), ("client", json!(client))]);
    tx.record("grant.signed_in", grant.id.as_str(), detail).await?.commit().await?;
    Ok(code)
}

fn at<'a>(app: &'a App, question: &'a Question) -> Provider<'a> {
    Provider { on: &question.on, callback: CALLBACK, of: &question.ctx.environment, asking: &app.users_asking }
}

/// When this browser began with what it kept, and a word of that sign-in's own; none if that was another's, or too long ago.
fn began(app: &App, browser: &Secret<str>, kept: &Secret<str>, state: Option<&Secret<str>>) -> Option<String> {
    let (mac, began) = state?.expose().split_once('.')?;
    if !browsers::owns_form(browser, &asked(began, kept), mac) {
        return None;
    }
    let at: i64 = began.split_once('.')?.0.parse().ok()?;
    let life = i64::try_from(LIFE.as_secs()).unwrap_or(i64::MAX);
    (0..life).contains(&(app.core.now().as_second() - at)).then(|| began.to_owned())
}

fn asked(began: &str, kept: &Secret<str>) -> String {
    format!("agent state {began} {}", hex::encode(sha256(kept.bytes())))
}

/// PKCE's verifier: as secret as the browser's cookie, and another one for each sign-in.
fn verifier(browser: &Secret<str>, began: &str) -> Secret<str> {
    Secret::from(browsers::form_token(browser, &format!("agent verifier {began}")))
}

fn not_signed_in(error: Error) -> Stop {
    if error.kind() == Kind::Unauthenticated {
        tracing::warn!(%error, "a user was not signed in");
        return Stop::NotSignedIn;
    }
    Stop::Failed(error)
}
