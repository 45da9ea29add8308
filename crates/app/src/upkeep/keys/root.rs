//! Another root: every data key is wrapped anew. The data keys themselves stay, so nothing that they sealed is touched.

use super::told::Rotation;
use crate::{App, Error, Result};
use serde_json::json;
use valetkey_core::failpoint::{Failpoint, reach};
use valetkey_core::journal;
use valetkey_core::keyring::Root;
use valetkey_core::{context, processes};
use valetkey_domain::Kind;
use valetkey_domain::ctx::{Actor, Progress};
use valetkey_storage::data_keys::{self as rows, StoredKey};
use valetkey_storage::meta;
use valetkey_vault::transit::root_of;

/// How often we go through the keys: one may have been made under the old root while we did.
const ROUNDS: u32 = 5;

/// Wraps every data key under the root `to`, which must be at hand here and in every process that serves on the
/// database; new keys are wrapped under it from the first moment on. Gives how many keys were wrapped anew. Done again,
/// it goes on where it was cut off.
///
/// # Errors
/// A process lacks that root (it is named), a KMS does not answer, or the database cannot be written.
pub async fn rotate(app: &App, to: &str, progress: &dyn Progress) -> Result<u64> {
    let version = app.core.keyring.newest_version(to).await?;
    everyone_has(app, to).await?;
    let meant = journal::detail([("to", json!(version))]);
    let mut rotation = Rotation::begin(app, "rotation.root_key", meant).await?;
    let ended = go_over(app, (to, &version), progress, &mut rotation.stages.wrapped).await;
    rotation.end(ended).map(|((), stages)| stages.wrapped)
}

async fn go_over(app: &App, (to, version): (&str, &str), progress: &dyn Progress, done: &mut u64) -> Result<()> {
    let ctx = context::installation(&app.core, Actor::Operator);
    let mut tx = app.core.change(&ctx).await?;
    let from = meta::get(&mut tx, meta::ROOT).await?;
    meta::set(&mut tx, meta::ROOT, to).await?;
    let detail = journal::detail([("from", json!(from)), ("to", json!(version))]);
    tx.record("root_key.rotated", to, detail).await?.commit().await?;
    reach(Failpoint::RotationRootCommitted);
    for _ in 0..ROUNDS {
        let left = left(app, to, version).await?;
        if left.is_empty() {
            return Ok(());
        }
        let total = *done + u64::try_from(left.len()).unwrap_or(u64::MAX);
        for key in left {
            *done += u64::from(rewrap(app, key, to).await?);
            progress.report(*done, Some(total), "data keys wrapped under the new root key");
        }
    }
    Err(Error::new(Kind::Unavailable, "keys go on being made under the old root key: run the command again"))
}

/// How many data keys each root at hand, or named by a key, has wrapped; the root that wraps new ones comes first.
///
/// # Errors
/// The database cannot be read.
pub async fn uses(app: &App) -> Result<Vec<(String, u64)>> {
    let mut uses = vec![(app.core.keyring.wrapping_root().await?, 0)];
    let stored = rows::all(&mut app.core.store.read().await?).await?;
    let named = stored.iter().map(|key| root_of(&key.root_version).to_owned());
    for root in app.core.keyring.roots().into_iter().chain(named.clone()) {
        if uses.iter().all(|(used, _)| *used != root) {
            uses.push((root, 0));
        }
    }
    for root in named {
        if let Some((_, count)) = uses.iter_mut().find(|(used, _)| *used == root) {
            *count += 1;
        }
    }
    Ok(uses)
}

/// The roots at hand, by name.
#[must_use]
pub fn at_hand(app: &App) -> Vec<String> {
    app.core.keyring.roots()
}

/// The root that wraps new data keys.
///
/// # Errors
/// The database cannot be read.
pub async fn wrapping(app: &App) -> Result<String> {
    app.core.keyring.wrapping_root().await
}

/// Takes one more root, to open with.
pub fn learn(app: &App, root: Root) {
    app.core.keyring.learn(root);
}

async fn rewrap(app: &App, key: StoredKey, to: &str) -> Result<bool> {
    let (version, wrapped) = app.core.keyring.rewrapped(key.clone(), to).await?;
    let mut tx = app.core.store.write().await?;
    let done = rows::rewrap(&mut tx, &key, &version, &wrapped).await?;
    reach(Failpoint::RotationRewrapWritten);
    tx.commit().await?;
    Ok(done)
}

/// The keys that are not under this root yet, or under an older version of it.
async fn left(app: &App, to: &str, version: &str) -> Result<Vec<StoredKey>> {
    let stored = rows::all(&mut app.core.store.read().await?).await?;
    let under = |key: &StoredKey| root_of(&key.root_version) == to && key.root_version == version;
    Ok(stored.into_iter().filter(|key| !under(key)).collect())
}

async fn everyone_has(app: &App, to: &str) -> Result<()> {
    for process in processes::live(&app.core).await? {
        if !process.roots.iter().any(|root| root == to) {
            let message = format!(
                "the process {} that serves on this database does not have the root key {to} yet: add it to that \
                 process's root key file, wait ten seconds and run this again; nothing was changed",
                process.id
            );
            return Err(Error::new(Kind::FailedPrecondition, message));
        }
    }
    Ok(())
}
