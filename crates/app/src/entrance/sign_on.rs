//! Single sign-on: a member signs in at the OpenID provider that the operator's settings name, and is known by the address
//! that it has verified, or by its id of the person. Who may come in is decided here as before: the provider makes no member
//! and gives no role.
//!
//! Nothing of a sign-on in flight is kept. `state` holds when it began and where it leads, sealed by the browser's own secret;
//! PKCE's verifier and the nonce are made of the same, so an answer is of use in the browser that asked, for ten minutes.

use super::browsers::{self, Browser};
use super::openid::{Provider, refused};
use super::sign_in::{self, Fresh};
use crate::{App, Error, Result};
use std::sync::LazyLock;
use std::time::Duration;
use url::Url;
use valetkey_core::context;
use valetkey_domain::id::EnvironmentId;
use valetkey_domain::{Kind, Secret};
use valetkey_storage::members as member_rows;
use valetkey_vault::{random, sha256};

pub use super::openid::Answer;

/// Where the provider sends people back to.
pub const CALLBACK: &str = "/sign-in/callback";

/// How long somebody may take at the provider's page.
const LIFE: Duration = Duration::from_secs(10 * 60);

/// Whose members they are.
static MEMBERS: LazyLock<EnvironmentId> = LazyLock::new(EnvironmentId::installation);

/// The longest `state` that is ours, in bytes.
const MOST_STATE: usize = 2_000;

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
    let began = format!("{} {} {next}", app.core.now().as_second(), random::bearer("")?.expose());
    provider(app)?.leave(app, &state(browser, &began), &verifier(browser, &began)).await
}

/// Signs the member in that the provider's answer names. Gives where to go on to.
///
/// # Errors
/// `UNAUTHENTICATED` with what to do: the answer is of another browser, too old or another provider's; the person said no;
/// or there is no such member.
pub async fn finish(app: &App, browser: Option<&Secret<str>>, answer: Answer, agent: &str) -> Result<(Fresh, String)> {
    context::time_is_known(&app.core)?;
    let provider = provider(app)?;
    let browser = browser.ok_or_else(elsewhere)?;
    let began = began(app, browser, answer.state.as_ref())?;
    let next = began.splitn(3, ' ').nth(2).unwrap_or_default().to_owned();
    let name = provider.person(app, answer, &verifier(browser, &began)).await?;
    let found = member_rows::by_name(&mut app.core.store.glance().await?, &name).await?;
    let unknown =
        || refused(format!("'{name}' signed in at {} and is no member here: ask an owner to add you", provider.host()));
    let member = sign_in::ours(app, found.ok_or_else(unknown)?).await?.ok_or_else(unknown)?;
    let (ctx, macs) = (sign_in::installation(app, &member), app.core.keyring.row_macs().await?);
    let tx = app.core.change(&ctx).await?;
    let at = Browser { name: agent, secret: Some(browser), mark: None };
    Ok((sign_in::begin(app, tx, &macs, member, &at, "single sign-on").await?, next))
}

fn provider(app: &App) -> Result<Provider<'_>> {
    let none = || Error::new(Kind::NotFound, "there is no single sign-on here: [sign_on] in valetkey.toml sets it up");
    let on = app.core.settings.sign_on.as_ref().ok_or_else(none)?;
    Ok(Provider { on, callback: CALLBACK, of: &MEMBERS, asking: &app.asking })
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

#[cfg(test)]
mod tests;
