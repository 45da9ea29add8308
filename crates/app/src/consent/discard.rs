//! What a consent brought and nobody takes: the grant would live on at the provider with nobody who holds it. It is
//! revoked there, unless something else may live on it.

use super::link::Consent;
use crate::connections::{self, Wired};
use crate::credentials::revocations;
use crate::credentials::revoke::{self, Ending};
use crate::credentials::sealed::Plain;
use crate::{App, Result};
use serde_json::{Map, json};
use valetkey_core::journal;
use valetkey_core::places::CredentialRow;
use valetkey_domain::Ctx;
use valetkey_domain::id::{AccountId, AuthorizationId};
use valetkey_storage::accounts;
use valetkey_storage::pending_credentials::{self, Pending};

/// How many are looked at together.
const BATCH: i64 = 100;

/// Revokes what an exchange brought. `why` is the journal's word.
///
/// # Errors
/// The database cannot be written, or the key can't be had.
pub(super) async fn granted(
    app: &App,
    consent: &Consent,
    subject: Option<&str>,
    plain: &Plain,
    why: &'static str,
) -> Result<()> {
    let audience = consent.wired.audience(&consent.account);
    let ending = Ending { account: &consent.account, subject, audience: &audience, plain };
    let ready = revoke::ready(app, &consent.ctx, &consent.wired, &ending).await?;
    let mut change = app.core.change_reserved(&consent.ctx).await?;
    ready.insert(&consent.ctx, &mut change).await?;
    let detail = journal::detail([("at_provider", json!(ready.at_provider().as_str())), ("why", json!(why))]);
    let id = consent.authorization.id.as_str();
    change.record("authorization.thrown_away", id, detail).await?.commit().await?;
    revocations::go_on(app, &consent.ctx, ready);
    Ok(())
}

/// What an exchange brought and the database has not taken for minutes: the revocation is queued if that at least can be
/// saved. If not, the tokens end with this task, so it is asked for here and now, unless the account held tokens that may
/// be of the same grant; the log alone can tell.
pub(super) async fn unsaved(app: &App, consent: &Consent, subject: Option<&str>, plain: &Plain) {
    let Err(error) = granted(app, consent, subject, plain, "not_saved").await else { return };
    let id = &consent.authorization.id;
    if consent.account.credential.is_some() {
        tracing::error!(authorization = %id, cause = ?error, "tokens that can't be saved live on at the provider: \
            another grant of this account may be the same");
        return;
    }
    match revocations::without_row(app, &consent.ctx, &consent.wired, &consent.account, plain).await {
        Ok(became) => {
            let became = became.as_str();
            tracing::error!(authorization = %id, cause = ?error, became, "tokens that can't be saved were to be revoked");
        }
        Err(also) => {
            tracing::error!(authorization = %id, cause = ?error, ?also, "tokens that can't be saved live on");
        }
    }
}

/// Removes and revokes the tokens for which no person spoke up within their ten minutes. Says how many.
///
/// # Errors
/// The database cannot be read or written, or the key can't be had.
pub(crate) async fn unanswered(app: &App, ctx: &Ctx) -> Result<u64> {
    let mut gone = 0;
    loop {
        let mut tx = app.core.store.read().await?;
        let expired = pending_credentials::expired(ctx, &mut tx, app.core.now(), BATCH).await?;
        drop(tx);
        let before = gone;
        for (id, account, waiting) in &expired {
            gone += u64::from(forget(app, ctx, id, account, waiting).await?);
        }
        if gone == before {
            return Ok(gone);
        }
    }
}

async fn forget(app: &App, ctx: &Ctx, id: &AuthorizationId, of: &AccountId, waiting: &Pending) -> Result<bool> {
    let Some(account) = accounts::get(ctx, &mut app.core.store.glance().await?, of).await? else { return Ok(false) };
    let wired = Wired::of(app, connections::get(app, ctx, &account.connection).await?).ok();
    let (row, tokens) = (CredentialRow::Pending(id, &account), &waiting.tokens);
    let subject = waiting.subject.as_ref().map(|subject| subject.id.as_str());
    let ready = revoke::sealed_in(app, ctx, wired.as_ref(), row, &tokens.audience, &tokens.sealed, subject).await?;
    let mut change = app.core.change(ctx).await?;
    if !pending_credentials::delete(ctx, &mut change, id).await? {
        return Ok(false);
    }
    ready.insert(ctx, &mut change).await?;
    let detail = journal::detail([("at_provider", json!(ready.at_provider().as_str())), ("why", json!("no_answer"))]);
    let unconfirmed = accounts::end_confirmation(ctx, &mut change, of, app.core.now()).await?;
    let mut change = change.record("authorization.thrown_away", id.as_str(), detail).await?;
    if unconfirmed {
        change = change.record("account.unconfirmed_ended", of.as_str(), Map::new()).await?;
    }
    change.commit().await?;
    revocations::go_on(app, ctx, ready);
    Ok(true)
}

#[cfg(test)]
mod tests;
