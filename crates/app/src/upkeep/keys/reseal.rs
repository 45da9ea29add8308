//! Sealing again, in batches, what is stored under a key that is no longer the newest.
//!
//! What lives for minutes is left alone (PKCE verifiers, tokens that wait for a person's word): the old key opens it
//! until it is gone. The journal's leaves are never touched; its old keys stay to check them.

use super::told::Stages;
use crate::connections::{self, Wired, reseal_secret};
use crate::events::webhooks;
use crate::tenancy::environments;
use crate::{App, Result};
use valetkey_core::context;
use valetkey_core::failpoint::{Failpoint, reach};
use valetkey_core::places::{self, CredentialRow};
use valetkey_domain::account::ConnectedAccount;
use valetkey_domain::ctx::{Actor, Progress};
use valetkey_domain::{Ctx, Kind};
use valetkey_storage::data_keys::{self as rows, StoredKey};
use valetkey_storage::{Page, sealed};
use valetkey_vault::{Purpose, seal};

/// How many values one transaction changes: others that write wait for it.
const BATCH: i64 = 100;

/// Seals again whatever is not under the newest key of its purpose, and counts it.
///
/// # Errors
/// A value does not open, a key cannot be had, or the database cannot be written. What was done stays done.
pub(super) async fn reseal(app: &App, progress: &dyn Progress, done: &mut Stages) -> Result<()> {
    let stored = rows::all(&mut app.core.store.read().await?).await?;
    for environment in environments::list(app).await? {
        let ctx = context::enter(&app.core, environment.id, Actor::System);
        if superseded(&stored, ctx.environment.as_str(), Purpose::Credential) {
            credentials(app, &ctx, progress, &mut done.accounts).await?;
            revocations(app, &ctx, progress, &mut done.revocations).await?;
        }
        if superseded(&stored, ctx.environment.as_str(), Purpose::Client) {
            client_secrets(app, &ctx, progress, &mut done.connections).await?;
        }
        if superseded(&stored, ctx.environment.as_str(), Purpose::Webhook) {
            for webhook in webhooks::list(app, &ctx).await? {
                let resealed = webhooks::reseal(app, &ctx, &webhook).await;
                done.webhooks += u64::from(skip_damaged(resealed.map(Some), webhook.id.as_str())?.unwrap_or(false));
            }
        }
    }
    if superseded(&stored, "", Purpose::Signing) {
        done.signing_keys += app.core.keyring.reseal_signing().await?;
    }
    Ok(())
}

/// Whether there is a key that something may still be under.
fn superseded(stored: &[StoredKey], environment: &str, purpose: Purpose) -> bool {
    stored.iter().filter(|key| key.environment == environment && key.purpose == purpose.as_str()).count() > 1
}

async fn credentials(app: &App, ctx: &Ctx, progress: &dyn Progress, done: &mut u64) -> Result<()> {
    let newest = app.core.keyring.newest(&ctx.environment, Purpose::Credential).await?;
    let prefix = seal::prefix(&newest)?;
    let total = sealed::credentials_left(&mut app.core.store.read().await?, &ctx.environment, &prefix).await?;
    let mut after = String::new();
    loop {
        let mut tx = app.core.store.read().await?;
        let batch = sealed::credentials(&mut tx, &ctx.environment, &prefix, &after, BATCH).await?;
        drop(tx);
        let Some(last) = batch.last() else { return Ok(()) };
        after = last.id.to_string();
        *done += replace(app, ctx, &batch).await?;
        progress.report(*done, Some(total), "accounts' tokens sealed under the new key");
    }
}

/// Seals a batch of accounts' tokens again. An account whose tokens were renewed meanwhile has them under the new key
/// already, or is found again by the next run.
async fn replace(app: &App, ctx: &Ctx, batch: &[ConnectedAccount]) -> Result<u64> {
    let mut fresh = Vec::with_capacity(batch.len());
    for account in batch {
        let Some(held) = &account.credential else { continue };
        let place = places::credential(ctx, CredentialRow::Account(account, held.generation), &held.audience);
        let resealed = app.core.keyring.resealed(&ctx.environment, Purpose::Credential, &place, &held.sealed).await;
        let resealed = skip_damaged(resealed, account.id.as_str())?;
        fresh.extend(resealed.map(|resealed| (account, held, resealed)));
    }
    let mut tx = app.core.store.write().await?;
    let mut done = 0;
    for (account, held, resealed) in &fresh {
        done += u64::from(sealed::replace_credential(&mut tx, &account.id, &held.sealed, resealed).await?);
    }
    reach(Failpoint::RotationResealWritten);
    tx.commit().await?;
    Ok(done)
}

/// What is still to be revoked at providers.
async fn revocations(app: &App, ctx: &Ctx, progress: &dyn Progress, done: &mut u64) -> Result<()> {
    let newest = app.core.keyring.newest(&ctx.environment, Purpose::Credential).await?;
    let prefix = seal::prefix(&newest)?;
    let mut after = String::new();
    loop {
        let mut tx = app.core.store.read().await?;
        let batch = sealed::revocations(&mut tx, &ctx.environment, &prefix, &after, BATCH).await?;
        drop(tx);
        let Some(last) = batch.last() else { return Ok(()) };
        after = last.id.to_string();
        for revocation in &batch {
            let (place, was) = (places::revocation(revocation), &revocation.sealed);
            let resealed = app.core.keyring.resealed(&ctx.environment, Purpose::Credential, &place, was).await;
            let Some(resealed) = skip_damaged(resealed, revocation.id.as_str())? else { continue };
            let mut tx = app.core.store.write().await?;
            *done += u64::from(sealed::replace_revocation(&mut tx, &revocation.id, was, &resealed).await?);
            tx.commit().await?;
        }
        progress.report(*done, None, "tokens to be revoked sealed under the new key");
    }
}

/// A value that does not open keeps nobody else's from being sealed again; its key stays, for it still names it.
fn skip_damaged<T>(done: Result<Option<T>>, row: &str) -> Result<Option<T>> {
    match done {
        Err(error) if error.kind() == Kind::Internal => {
            tracing::warn!(row, error = &error as &dyn std::error::Error, "a sealed value is left under its old key");
            Ok(None)
        }
        done => done,
    }
}

async fn client_secrets(app: &App, ctx: &Ctx, progress: &dyn Progress, done: &mut u64) -> Result<()> {
    let mut after = None;
    loop {
        let page = Page { size: 100, after };
        let found = connections::list(app, ctx, &connections::Filter::default(), &page).await?;
        for connection in &found.items {
            let resealed = match Wired::of(app, connection.clone()) {
                Ok(wired) => reseal_secret(app, ctx, &wired).await.map(Some),
                Err(error) => Err(error),
            };
            *done += u64::from(skip_damaged(resealed, connection.id.as_str())?.unwrap_or(false));
            progress.report(*done, None, "OAuth clients' secrets sealed under the new key");
        }
        match found.next {
            Some(next) => after = Some(next),
            None => return Ok(()),
        }
    }
}
