//! The operator's use of keys: which there are, another root, another data key. All of it goes on while calls do.
//!
//! A rotation of data keys takes effect at once for what is written; what is stored is sealed again in batches
//! (`reseal`). What is not under the newest key is left to do, also for the next start after a crash; the installation's
//! journal tells what was begun, how far each stage came and that it ended (`told`). A key that was superseded goes when
//! nothing names it any more (`retire`).

mod goal;
mod reseal;
mod retire;
mod root;
mod told;

pub use goal::{Goal as RootGoal, goal as root_goal};
pub(crate) use retire::retire;
pub use root::{
    at_hand as roots_at_hand, learn as learn_root, rotate as rotate_root, uses as root_uses, wrapping as wrapping_root,
};
pub use told::Stages;

use crate::tenancy::environments;
use crate::tenancy::tokens::TOKEN_LIFE;
use crate::{App, Error, Result};
use reseal::reseal;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::time::Duration;
use told::Rotation;
use valetkey_core::context;
use valetkey_core::failpoint::{Failpoint, reach};
use valetkey_core::journal;
use valetkey_domain::ctx::{Actor, Detached, Progress};
use valetkey_domain::environment::Environment;
use valetkey_domain::id::EnvironmentId;
use valetkey_domain::{Ctx, Kind, Timestamp};
use valetkey_storage::data_keys::{self as rows, StoredKey};
use valetkey_storage::signing_keys;
use valetkey_vault::Purpose;

/// A data key as the operator may see it.
#[derive(Clone, Debug)]
pub struct KeyStatus {
    /// Its id.
    pub id: String,
    /// Its environment's name; none if environments share it.
    pub environment: Option<String>,
    /// What it is for.
    pub purpose: String,
    /// Which in turn.
    pub generation: i64,
    /// Whether values are sealed under it now; else it only opens what is still under it.
    pub newest: bool,
    /// What wraps it: a root key's fingerprint, or the version of a KMS's key.
    pub root: String,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Which data keys to change.
#[derive(Clone, Debug, Default)]
pub struct KeySelection {
    /// Of one environment only, by name.
    pub environment: Option<String>,
    /// Of these purposes; none means all but `url`, whose change breaks every URL.
    pub purposes: Vec<Purpose>,
}

/// What a rotation did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rotated {
    /// Keys that were made.
    pub made: u64,
    /// Stored values that were sealed again.
    pub resealed: u64,
    /// Whether instance URLs have changed.
    pub urls: bool,
}

/// How often a rotation begins anew because the root was changed meanwhile.
const ROUNDS: u32 = 3;

/// Tokens signed by processes that had not noticed yet that another key signs now.
const UNNOTICED: Duration = Duration::from_secs(3600);

/// All data keys.
///
/// # Errors
/// The database cannot be read.
pub async fn list(app: &App) -> Result<Vec<KeyStatus>> {
    let environments = environments::list(app).await?;
    let stored = rows::all(&mut app.core.store.read().await?).await?;
    let status = |key: &StoredKey| KeyStatus {
        id: key.id.to_string(),
        environment: name_of(&environments, key),
        purpose: key.purpose.clone(),
        generation: key.generation,
        newest: is_newest(&stored, key),
        root: key.root_version.clone(),
        created_at: key.created_at,
    };
    Ok(stored.iter().map(status).collect())
}

/// Makes a new generation of data keys, which seals from now on, and seals again what is stored. For `signing`, tokens
/// are signed with a new key too; the old one is taken until the last token that it signed has ended. For `url`, the old
/// key is removed: every instance URL made with it stops at once.
///
/// # Errors
/// There is no such environment or no such key, a key cannot be wrapped, or the database cannot be written. What was
/// done so far stays; the rest is done by the same command, or by the server when it next tidies up.
pub async fn rotate(app: &App, which: &KeySelection, progress: &dyn Progress) -> Result<Rotated> {
    let environment = match &which.environment {
        Some(name) => Some(environments::by_name(app, name).await?.id),
        None => None,
    };
    let stored = rows::all(&mut app.core.store.read().await?).await?;
    let selected = stored.iter().filter(|key| is_newest(&stored, key) && selected(which, environment.as_ref(), key));
    let selected: Vec<&StoredKey> = selected.collect();
    if selected.is_empty() {
        let message =
            "there is no such key to rotate: a key is made when it is first needed; `valetkey key list` shows all";
        return Err(Error::new(Kind::FailedPrecondition, message));
    }
    let mut rotation = Rotation::begin(app, "rotation.data_keys", meant(which, &selected)).await?;
    let ended = make_and_reseal(app, &selected, progress, &mut rotation.stages).await;
    let ((), stages) = rotation.end(ended)?;
    let urls = selected.iter().any(|key| key.purpose == Purpose::Url.as_str());
    Ok(Rotated { made: stages.made, resealed: stages.resealed(), urls })
}

/// Seals again what a rotation left when it was cut off, and tells of it.
///
/// # Errors
/// As for [`rotate`].
pub(crate) async fn resume(app: &App) -> Result<()> {
    let mut stages = Stages::default();
    let ended = reseal(app, &Detached, &mut stages).await;
    told::resumed(app, &stages, &ended).await?;
    ended
}

async fn make_and_reseal(
    app: &App,
    selected: &[&StoredKey],
    progress: &dyn Progress,
    stages: &mut Stages,
) -> Result<()> {
    for key in selected {
        progress.report(stages.made, None, &format!("a new key for {}", key.purpose));
        succeed(app, key).await?;
        stages.made += 1;
        if key.purpose == Purpose::Signing.as_str() {
            sign_anew(app).await?;
        }
    }
    reseal(app, progress, stages).await
}

/// What a rotation is to do: how many keys of each purpose it makes.
fn meant(which: &KeySelection, selected: &[&StoredKey]) -> Map<String, Value> {
    let mut keys = BTreeMap::new();
    for key in selected {
        *keys.entry(key.purpose.as_str()).or_insert(0_u64) += 1;
    }
    journal::detail([("keys", json!(keys)), ("environment", json!(which.environment))])
}

/// Makes the next generation of a key. A url key's predecessor is removed with it.
async fn succeed(app: &App, key: &StoredKey) -> Result<()> {
    let environment = environment_of(key)?;
    let purpose = Purpose::from_name(&key.purpose).ok_or_else(|| Error::internal("a key without a known purpose"))?;
    let ctx = journal_ctx(app, environment.clone(), Actor::Operator);
    for _ in 0..ROUNDS {
        let (draft, root) = app.core.keyring.draft(environment.as_ref(), purpose, key.generation + 1).await?;
        let mut change = app.core.change(&ctx).await?;
        if !rows::insert_under(&mut change, &draft, &root).await? {
            let newest = rows::newest(&mut change, &key.environment, &key.purpose).await?;
            if newest.is_some_and(|newest| newest.generation > key.generation) {
                return Ok(());
            }
            continue;
        }
        let mut change = change.record("key.rotated", draft.id.as_str(), detail(&draft)).await?;
        if purpose == Purpose::Url {
            rows::remove(&mut change, &key.id).await?;
            change = change.record("key.retired", key.id.as_str(), detail(key)).await?;
        }
        reach(Failpoint::RotationKeyWritten);
        change.commit().await?;
        reach(Failpoint::RotationKeyCommitted);
        app.core.keyring.forget(if purpose == Purpose::Url { std::slice::from_ref(&key.id) } else { &[] });
        return Ok(());
    }
    Err(Error::new(Kind::Unavailable, "the root key is being changed: try again in a moment"))
}

/// Signs tokens with a new key from now on.
pub(crate) async fn sign_anew(app: &App) -> Result<()> {
    let draft = app.core.keyring.draft_signing().await?;
    let ctx = context::installation(&app.core, Actor::Operator);
    let mut change = app.core.change(&ctx).await?;
    let retired = signing_keys::succeed(&mut change, &draft).await?;
    let mut change = change.record("signing_key.rotated", draft.id.as_str(), Map::new()).await?;
    for key in retired {
        change = change.record("signing_key.retired", key.as_str(), Map::new()).await?;
    }
    change.commit().await?;
    app.core.keyring.look_again().await
}

/// Removes the signing keys that were retired before then. Says how many.
pub(crate) async fn forget_signing(app: &App, before: Timestamp, actor: Actor) -> Result<u64> {
    let ctx = context::installation(&app.core, actor);
    let mut change = app.core.change(&ctx).await?;
    let gone = signing_keys::forget(&mut change, before).await?;
    change.record_each("signing_key.removed", gone.iter().map(ToString::to_string)).await?.commit().await?;
    if !gone.is_empty() {
        app.core.keyring.look_again().await?;
    }
    Ok(u64::try_from(gone.len()).unwrap_or(u64::MAX))
}

/// When the last token of a key has ended that stopped signing then.
pub(crate) fn last_token_ended(now: Timestamp) -> Timestamp {
    now - TOKEN_LIFE - UNNOTICED
}

/// What a record says of a key.
fn detail(key: &StoredKey) -> Map<String, Value> {
    journal::detail([
        ("purpose", json!(key.purpose)),
        ("generation", json!(key.generation)),
        ("root", json!(key.root_version)),
    ])
}

/// Where what is done to a key is recorded: in its environment's journal; for keys that all share, in the installation's.
fn journal_ctx(app: &App, environment: Option<EnvironmentId>, actor: Actor) -> Ctx {
    context::enter(&app.core, environment.unwrap_or_else(EnvironmentId::installation), actor)
}

fn selected(which: &KeySelection, environment: Option<&EnvironmentId>, key: &StoredKey) -> bool {
    let here = environment.is_none_or(|selected| selected.as_str() == key.environment);
    let purpose = Purpose::from_name(&key.purpose);
    let asked = match which.purposes.as_slice() {
        [] => purpose != Some(Purpose::Url),
        some => purpose.is_some_and(|purpose| some.contains(&purpose)),
    };
    here && asked
}

fn is_newest(all: &[StoredKey], key: &StoredKey) -> bool {
    let same = |other: &&StoredKey| other.environment == key.environment && other.purpose == key.purpose;
    all.iter().filter(same).all(|other| other.generation <= key.generation)
}

fn environment_of(key: &StoredKey) -> Result<Option<EnvironmentId>> {
    if key.environment.is_empty() { Ok(None) } else { Ok(Some(EnvironmentId::parse(&key.environment)?)) }
}

fn name_of(environments: &[Environment], key: &StoredKey) -> Option<String> {
    environments.iter().find(|one| one.id.as_str() == key.environment).map(|one| one.name.clone())
}

#[cfg(test)]
mod tests;
