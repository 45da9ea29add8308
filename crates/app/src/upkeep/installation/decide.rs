//! What the operator decides about a database in quarantine.

use super::Mark;
use crate::tenancy::environments;
use crate::upkeep::keys;
use crate::upkeep::keys::{forget_signing, sign_anew};
use crate::{App, Error, Result};
use serde_json::{Map, json};
use valetkey_core::journal;
use valetkey_core::{context, processes};
use valetkey_domain::Kind;
use valetkey_domain::ctx::{Actor, Progress};
use valetkey_domain::id::InstallationId;
use valetkey_storage::{meta, sealed};
use valetkey_vault::Purpose;

/// This is now the one. Every instance URL changes, because the database may not know which were revoked since;
/// `keep_urls` says that none was.
///
/// # Errors
/// It is not in quarantine, other servers serve on it, or it cannot be written.
pub async fn take_over(app: &App, keep_urls: bool, progress: &dyn Progress) -> Result<Mark> {
    in_quarantine(app).await?;
    if !keep_urls {
        new_urls(app, progress).await?;
    }
    name_anew(app, "installation.taken_over", journal::detail([("urls_kept", json!(keep_urls))])).await
}

/// Another one goes on; this becomes a copy of what it holds but for credentials: users' tokens, OAuth clients' secrets
/// and consents in flight are dropped, instance URLs and the key that signs tokens are new.
///
/// # Errors
/// It is not in quarantine, other servers serve on it, or it cannot be written.
pub async fn as_copy(app: &App, progress: &dyn Progress) -> Result<Mark> {
    in_quarantine(app).await?;
    let dropped = drop_credentials(app, progress).await?;
    new_urls(app, progress).await?;
    sign_anew(app).await?;
    // Tokens that the original has signed are none of the copy's.
    forget_signing(app, app.core.now() + std::time::Duration::from_secs(1), Actor::Operator).await?;
    name_anew(app, "installation.made_a_copy", journal::detail([("accounts_dropped", json!(dropped))])).await
}

/// Drops what a copy must not use, with the fact for each row. Says how many accounts lost their tokens.
async fn drop_credentials(app: &App, progress: &dyn Progress) -> Result<u64> {
    let own = context::installation(&app.core, Actor::Operator);
    let mut change = app.core.change(&own).await?;
    let dropped = sealed::drop_credentials(&mut change, app.core.now()).await?;
    let total = u64::try_from(dropped.accounts.len()).unwrap_or(u64::MAX);
    let detail = journal::detail([("accounts", json!(total))]);
    let mut change = change.record("installation.credentials_dropped", "installation", detail).await?;
    for (environment, connection) in dropped.connections {
        let ctx = context::operator(&app.core, &environment);
        let subject = connection.as_str();
        change = change.record_in(&ctx, "connection.secret_dropped", subject, Map::new()).await?;
    }
    for (environment, webhook) in dropped.webhooks {
        let ctx = context::operator(&app.core, &environment);
        change = change.record_in(&ctx, "webhook.deleted", webhook.as_str(), Map::new()).await?;
    }
    for (done, (environment, account)) in (1..).zip(dropped.accounts) {
        let ctx = context::operator(&app.core, &environment);
        change = change.record_in(&ctx, "account.dropped", account.as_str(), Map::new()).await?;
        progress.report(done, Some(total), "accounts' tokens dropped");
    }
    change.commit().await?;
    Ok(total)
}

async fn in_quarantine(app: &App) -> Result<()> {
    if app.core.keyring.check_open().is_ok() {
        let message = "this database is not in quarantine: there is nothing to decide";
        return Err(Error::new(Kind::FailedPrecondition, message));
    }
    if let Some(other) = processes::live(&app.core).await?.into_iter().find(|process| process.admitted) {
        let message = format!(
            "the process {} serves on this very database: copy the file `installation` of its data folder into this \
             one instead",
            other.id
        );
        return Err(Error::new(Kind::FailedPrecondition, message));
    }
    Ok(())
}

/// New url keys in place of those that there are.
async fn new_urls(app: &App, progress: &dyn Progress) -> Result<()> {
    let which = keys::KeySelection { environment: None, purposes: vec![Purpose::Url] };
    match keys::rotate(app, &which, progress).await {
        // No instance has a URL yet.
        Err(error) if error.kind() == Kind::FailedPrecondition => Ok(()),
        done => done.map(drop),
    }
}

/// Gives the database an id of its own, with the fact in the installation's journal and in every environment's, and opens
/// the keyring.
async fn name_anew(app: &App, action: &'static str, detail: Map<String, serde_json::Value>) -> Result<Mark> {
    let installation = InstallationId::new(app.core.clock.as_ref(), app.core.rng.as_ref());
    let place = app.core.store.identity().await?;
    let environments = environments::list(app).await?;
    let own = context::installation(&app.core, Actor::Operator);
    let mut change = app.core.change(&own).await?;
    meta::set(&mut change, meta::INSTALLATION, installation.as_str()).await?;
    meta::forget(&mut change, meta::QUARANTINE).await?;
    let epoch = meta::count_up(&mut change, meta::EPOCH).await?;
    let mut change = change.record(action, installation.as_str(), detail.clone()).await?;
    for environment in environments {
        let ctx = context::operator(&app.core, &environment.id);
        change = change.record_in(&ctx, action, installation.as_str(), detail.clone()).await?;
    }
    change.commit().await?;
    app.core.keyring.reopen();
    Ok(Mark { installation, place, epoch })
}
