//! Removing keys that nothing names any more.

use super::{detail, environment_of, forget_signing, is_newest, journal_ctx, last_token_ended};
use crate::{App, Result};
use std::time::Duration;
use valetkey_domain::Timestamp;
use valetkey_domain::ctx::Actor;
use valetkey_storage::data_keys::{self as rows, StoredKey};
use valetkey_storage::sealed;
use valetkey_vault::{Purpose, seal};

/// How long a superseded key stays whatever happens: a value that was sealed under it a moment before may still be on
/// its way into the database, at the end of a refresh for instance.
const STAYS: Duration = Duration::from_secs(15 * 60);

/// What is sealed and can be counted. The journal's keys are kept to check its records; url keys went when they were
/// rotated.
const RETIRED: [Purpose; 5] = [Purpose::Credential, Purpose::Client, Purpose::Webhook, Purpose::Flow, Purpose::Signing];

/// Removes the superseded data keys that nothing is sealed under, and the signing keys whose last token has ended. Says
/// how many went.
///
/// # Errors
/// The database cannot be read or written.
pub(crate) async fn retire(app: &App) -> Result<u64> {
    let stored = rows::all(&mut app.core.store.read().await?).await?;
    let mut gone = 0;
    for key in stored.iter().filter(|key| may_go(&stored, key, app.core.now())) {
        gone += u64::from(remove(app, key).await?);
    }
    Ok(gone + forget_signing(app, last_token_ended(app.core.now()), Actor::System).await?)
}

fn may_go(all: &[StoredKey], key: &StoredKey, now: Timestamp) -> bool {
    let next = |other: &&StoredKey| {
        other.environment == key.environment && other.purpose == key.purpose && other.generation == key.generation + 1
    };
    let superseded_at = all.iter().find(next).map(|next| next.created_at);
    let kept = !RETIRED.iter().any(|purpose| purpose.as_str() == key.purpose);
    !kept && !is_newest(all, key) && superseded_at.is_none_or(|at| at + STAYS <= now)
}

/// Removes a key in the transaction that saw that nothing names it.
async fn remove(app: &App, key: &StoredKey) -> Result<bool> {
    let ctx = journal_ctx(app, environment_of(key)?, Actor::System);
    let mut change = app.core.change(&ctx).await?;
    if sealed::needed(&mut change, &seal::prefix(&key.id)?).await? {
        return Ok(false);
    }
    rows::remove(&mut change, &key.id).await?;
    change.record("key.retired", key.id.as_str(), detail(key)).await?.commit().await?;
    app.core.keyring.forget(std::slice::from_ref(&key.id));
    Ok(true)
}
