//! A person signed in as somebody else than before, and says which of the two the app shall use.

use super::link::Consent;
use super::outcome::{ConsentReport, for_browser, outcome};
use super::save::WAIT;
use super::scopes;
use super::stopped::{StopReason, Stopped};
use crate::credentials::revocations;
use crate::credentials::revoke::{self, AtProvider, Ready};
use crate::credentials::sealed;
use crate::{App, Error};
use serde_json::{Map, json};
use valetkey_core::places::CredentialRow;
use valetkey_core::{TYPED, journal};
use valetkey_domain::authorization::{Outcome, Stage};
use valetkey_domain::id::AuthorizationId;
use valetkey_domain::{Kind, Secret};
use valetkey_storage::accounts::{self, Tokens};
use valetkey_storage::pending_credentials::{self, Pending};
use valetkey_storage::{approvals, authorizations};

/// Carries out the person's choice: `keep` the account that was there, or take the one that just signed in.
///
/// # Errors
/// It is not this browser's, or there is nothing to choose (any more): ten minutes have passed, or it was done.
pub async fn replace(
    app: &App,
    id: &AuthorizationId,
    browser: Option<&Secret<str>>,
    keep: bool,
) -> Result<ConsentReport, Stopped> {
    let consent = for_browser(app, id, browser).await?;
    let Stage::Done { outcome: asked @ Outcome::OtherAccount { .. }, .. } = &consent.authorization.stage else {
        return outcome(app, id, browser).await;
    };
    let waiting =
        pending_credentials::get(&consent.ctx, &mut app.core.store.glance().await?, id, app.core.now()).await?;
    let Some(waiting) = waiting else { return Err(Stopped::from(StopReason::TimedOut).about(consent.about)) };
    if keep {
        keep_old(app, &consent, &waiting).await?;
    } else if consent.authorization.verify.is_some() {
        confirm_first(app, &consent, asked).await?;
    } else {
        take_new(app, &consent, asked, waiting).await?;
    }
    outcome(app, id, browser).await
}

/// Nothing is replaced; what signed in just now is forgotten, here and at the provider.
async fn keep_old(app: &App, consent: &Consent, waiting: &Pending) -> crate::Result<()> {
    let row = CredentialRow::Pending(&consent.authorization.id, &consent.account);
    let (tokens, subject) = (&waiting.tokens, waiting.subject.as_ref().map(|subject| subject.id.as_str()));
    let (audience, sealed) = (&tokens.audience, &tokens.sealed);
    let ready = revoke::sealed_in(app, &consent.ctx, Some(&consent.wired), row, audience, sealed, subject).await?;
    let mut change = app.core.change(&consent.ctx).await?;
    if pending_credentials::delete(&consent.ctx, &mut change, &consent.authorization.id).await? {
        ready.insert(&consent.ctx, &mut change).await?;
        let (account, detail) = (consent.account.id.as_str(), detail(consent, &ready));
        change.record("authorization.kept", account, detail).await?.commit().await?;
        revocations::go_on(app, &consent.ctx, ready);
    }
    Ok(())
}

/// The person wants the new account, and the app has still to confirm the person: the tokens go on waiting.
async fn confirm_first(app: &App, consent: &Consent, asked: &Outcome) -> crate::Result<()> {
    let (ctx, id, now) = (&consent.ctx, &consent.authorization.id, app.core.now());
    let mut change = app.core.change(ctx).await?;
    let waits = pending_credentials::extend(ctx, &mut change, id, now + WAIT).await?;
    if waits && authorizations::resolve(ctx, &mut change, id, asked, &Outcome::Unconfirmed, now).await? {
        accounts::await_confirmation(ctx, &mut change, &consent.account.id, now).await?;
        let account = consent.account.id.as_str();
        change.record("account.unconfirmed", account, Map::new()).await?.commit().await?;
    }
    Ok(())
}

/// The new tokens move from where they waited into the account, sealed anew for it. Those that were there are somebody
/// else's, and end at the provider too.
pub(super) async fn take_new(app: &App, consent: &Consent, asked: &Outcome, waiting: Pending) -> crate::Result<bool> {
    let (ctx, id, account) = (&consent.ctx, &consent.authorization.id, &consent.account.id);
    let mut account_then = consent.account.clone();
    account_then.api_config.extend(waiting.api_config.clone());
    let audience = consent.wired.audience(&account_then);
    if waiting.tokens.audience != audience {
        let message = format!("connection '{}' points elsewhere now: open a new link", consent.wired.connection.name);
        return Err(Error::new(Kind::FailedPrecondition, message));
    }
    let row = CredentialRow::Pending(id, &consent.account);
    let plain = sealed::open(app, ctx, row, &audience, &waiting.tokens.sealed).await?;
    let held = accounts::lease(ctx, &mut app.core.store.glance().await?, account).await?;
    let Some((mut held, generation, _)) = held else { return Err(Error::not_found("connected account", account)) };
    // Confirmed, the same person's new sign-in may stand on the grant of the one before.
    let theirs = held.subject.as_deref() == waiting.subject.as_ref().map(|subject| subject.id.as_str());
    let ready = match asked {
        Outcome::Unconfirmed if theirs => Ready::Settled(AtProvider::Nothing),
        _ => revoke::of_account(app, ctx, Some(&consent.wired), &held).await?,
    };
    held.api_config.extend(waiting.api_config.clone());
    let row = CredentialRow::Account(&held, generation + 1);
    let after = outcome_of(consent, &waiting.tokens);
    let granted = (waiting.tokens.scopes, waiting.tokens.expires_at);
    let tokens = sealed::tokens(app, ctx, &consent.wired, row, &plain, granted).await?;
    let mut change = app.core.change(ctx).await?;
    if !waiting.api_config.is_empty() {
        accounts::merge_api_config(ctx, &mut change, account, &waiting.api_config, app.core.now()).await?;
    }
    let subject = waiting.subject.as_ref();
    let stored =
        accounts::store_credential(ctx, &mut change, account, generation, &tokens, subject, app.core.now()).await?;
    if let Stage::Done { browser, .. } = &consent.authorization.stage {
        approvals::signed_in(ctx, &mut change, account, browser.as_ref()).await?;
    }
    let forgotten = pending_credentials::delete(ctx, &mut change, id).await?;
    if stored && forgotten && authorizations::resolve(ctx, &mut change, id, asked, &after, app.core.now()).await? {
        ready.insert(ctx, &mut change).await?;
        let (action, detail) = match asked {
            Outcome::Unconfirmed => ("account.confirmed", detail(consent, &ready)),
            _ => ("account.replaced", detail(consent, &ready)),
        };
        change.record(action, account.as_str(), detail).await?.commit().await?;
        revocations::go_on(app, ctx, ready);
        return Ok(true);
    }
    Ok(false)
}

fn outcome_of(consent: &Consent, tokens: &Tokens) -> Outcome {
    let asked = consent.asked();
    let granted = (!tokens.scopes.is_empty()).then_some(tokens.scopes.as_slice());
    match scopes::withheld(&consent.wired.connector, &asked, granted) {
        withheld if withheld.is_empty() => Outcome::Connected,
        withheld => Outcome::ConnectedWithout(withheld),
    }
}

fn detail(consent: &Consent, ended: &Ready) -> serde_json::Map<String, serde_json::Value> {
    let became = ended.at_provider().as_str();
    let mut detail =
        journal::detail([("authorization", json!(consent.authorization.id)), ("at_provider", json!(became))]);
    if !consent.wired.is_oauth() {
        detail.insert(TYPED.to_owned(), json!(consent.wired.kind().as_str()));
    }
    detail
}
