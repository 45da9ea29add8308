//! A person types a credential into a link's form. It is tried at the app before it counts; the link is bound to the browser
//! and spent as by a sign-in, and a few tries are all it has.

use super::exchange::{Exchange, Granted};
use super::failed::Failed;
use super::form::{self, Form};
use super::link::Consent;
use super::save;
use super::stopped::{StopReason, Stopped};
use crate::credentials::schemes::{self, Trial};
use crate::credentials::sealed::Plain;
use crate::{App, Error};
use serde_json::Map;
use std::time::Duration;
use tracing::Instrument as _;
use valetkey_core::places;
use valetkey_domain::Secret;
use valetkey_domain::authorization::{Outcome, Started};
use valetkey_domain::id::AuthorizationId;
use valetkey_outbound::oauth::ProviderWords;
use valetkey_storage::authorizations as rows;
use valetkey_vault::{Purpose, random};

/// How often a credential may be tried by one link.
const TRIES: i64 = 10;
/// How long a try may take.
const TRYING: Duration = Duration::from_secs(90);

/// What became of what was typed.
pub enum Submitted {
    /// It was taken, or asks the person something: the outcome tells.
    Ended(AuthorizationId),
    /// It won't do: the form again, with what is wrong. Nothing has changed.
    Again(Box<Form>, Box<super::link::Opened>),
}

/// Takes what was typed into the form of a link, in the browser that holds this cookie.
///
/// # Errors
/// No such link, or one that has expired, done its work, was begun in another browser, or has had all its tries.
pub async fn submit(
    app: &App,
    token: &str,
    browser: &Secret<str>,
    sent: Vec<(String, Secret<str>)>,
) -> Result<Submitted, Stopped> {
    let consent = Consent::to_start(app, token, browser).await?;
    if consent.wired.is_oauth() {
        return Err(Stopped::from(StopReason::StrayAnswer).about(consent.about));
    }
    let typed = form::typed(&consent.wired, sent);
    let (fit, api_config) = match schemes::fit(&consent.wired, &typed) {
        Ok(fit) => fit,
        Err(faults) => {
            let form = Form::again(&consent.wired, &typed, &faults);
            return Ok(Submitted::Again(Box::new(form), Box::new(super::link::open(app, token).await?)));
        }
    };
    let form = Form::again(&consent.wired, &typed, &Vec::new());
    let id = consent.authorization.id.clone();
    let started = begin(app, &consent, token, browser).await?;
    // From here on nothing may depend on the browser staying.
    let exchange = Exchange::new(app, consent, started, Secret::from(""));
    let task = app.core.tasks.spawn(take(exchange, Plain::typed(fit), api_config).in_current_span());
    match task.await.map_err(Error::internal)?? {
        None => Ok(Submitted::Ended(id)),
        Some((refused, words)) => {
            let opened = Box::new(super::link::open(app, token).await?);
            Ok(Submitted::Again(Box::new(form.told(refused, words)), opened))
        }
    }
}

/// Binds the link to this browser and counts the try.
async fn begin(app: &App, consent: &Consent, token: &str, browser: &Secret<str>) -> Result<Started, Stopped> {
    let (ctx, id, now) = (&consent.ctx, &consent.authorization.id, app.core.now());
    let (state, verifier) = (random::bearer("")?, random::bearer("")?);
    let audience = consent.wired.verifier_audience();
    let place = places::verifier(ctx, id, &consent.account, &audience);
    let sealed = app.core.keyring.seal(&ctx.environment, Purpose::Flow, &place, verifier.bytes()).await?;
    let started = Started {
        browser: valetkey_vault::sha256(browser.bytes()),
        state: valetkey_vault::sha256(state.bytes()),
        verifier: sealed,
        redirect_uri: String::new(),
        expires_at: now + TRYING,
    };
    let mut tx = app.core.change(ctx).await?;
    if !rows::count_try(ctx, &mut tx, id, TRIES).await? {
        return Err(Stopped::from(StopReason::TooManyTries).about(consent.about.clone()));
    }
    let begun = rows::start(ctx, &mut tx, id, &started, &[], now).await?
        && rows::exchange(ctx, &mut tx, id, &started.state, now, now + TRYING).await?;
    if !begun {
        // Its state changed since it was read: say what it is now.
        drop(tx);
        Consent::to_start(app, token, browser).await?;
        return Err(Stopped::from(StopReason::Busy).about(consent.about.clone()));
    }
    tx.record("authorization.started", id.as_str(), Map::new()).await?.commit().await?;
    Ok(started)
}

/// Tries it and saves what comes of it. Comes back with whether the app refused, and its words, if it did not count.
async fn take(
    exchange: Exchange,
    plain: Plain,
    api_config: Map<String, serde_json::Value>,
) -> crate::Result<Option<(bool, Option<String>)>> {
    let Exchange { app, consent, .. } = &exchange;
    let mut account = consent.account.clone();
    account.api_config.extend(api_config.clone());
    let tried = schemes::trial(app, &consent.ctx, &consent.wired, &account, plain).await;
    let (refused, said) = match tried {
        Ok(Trial::Taken { plain, subject, expires_at }) => {
            let scopes = if consent.wired.mints() { consent.wired.scopes() } else { Vec::new() };
            let granted = Granted { plain, scopes, withheld: Vec::new(), expires_at, subject, api_config };
            save::save(&exchange, Ok(granted)).await?;
            return Ok(None);
        }
        Ok(Trial::Refused(said)) => (true, said),
        Ok(Trial::Unclear(said)) => (false, said),
        Err(error) => {
            tracing::error!(authorization = %consent.authorization.id, cause = ?error, "a credential could not be tried");
            (false, ProviderWords::default())
        }
    };
    let outcome = if refused { Outcome::Refused("credential".to_owned()) } else { Outcome::ProviderFailed };
    let failed = Failed::new(outcome, said);
    let words = failed.ended().words.map(str::to_owned);
    save::save(&exchange, Err(failed)).await?;
    Ok(Some((refused, words)))
}
