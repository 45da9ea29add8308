//! The operator's use of keys: which there are, another root, another data key. All of it goes on while calls do.
//!
//! A rotation of data keys takes effect at once for what is written; what is stored is sealed again in batches
//! (`reseal`). What is not under the newest key is left to do, also for the next start after a crash, and so are the keys
//! that a rotation meant to make and did not come to (`left`): the installation's journal tells which they are, how far
//! each stage came and that it ended (`told`). A key that was superseded goes when nothing names it any more (`retire`).

mod goal;
mod left;
mod reseal;
mod retire;
mod root;
mod selection;
mod told;

pub use goal::{Goal as RootGoal, goal as root_goal};
pub(crate) use retire::retire;
pub use root::{
    at_hand as roots_at_hand, learn as learn_root, rotate as rotate_root, uses as root_uses, wrapping as wrapping_root,
};
pub use selection::KeySelection;
pub use told::Stages;

use crate::tenancy::environments;
use crate::tenancy::tokens::TOKEN_LIFE;
use crate::{App, Error, Result};
use left::{Left, meant};
use reseal::reseal;
use serde_json::{Map, Value, json};
use std::time::Duration;
use told::Rotation;
use valetkey_core::change::Recorded;
use valetkey_core::failpoint::{Failpoint, reach};
use valetkey_core::{context, journal};
use valetkey_domain::ctx::{Actor, Detached, Progress};
use valetkey_domain::environment::Environment;
use valetkey_domain::id::{EnvironmentId, SigningKeyId};
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
/// What a rotation left that was cut off is done with it; the same one, asked for again, goes on and makes no key twice.
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
    let left = Left::newest(app).await?;
    let goes_on = left.as_ref().is_some_and(|left| left.was_asked_for(which));
    let asked = |key: &StoredKey| !goes_on && which.takes(environment.as_ref(), key);
    let newest: Vec<&StoredKey> = stored.iter().filter(|key| is_newest(&stored, key)).collect();
    if !goes_on && !newest.iter().any(|key| asked(key)) {
        let message =
            "there is no such key to rotate: a key is made when it is first needed; `valetkey key list` shows all";
        return Err(Error::new(Kind::FailedPrecondition, message));
    }
    let is_left = |key: &StoredKey| left.as_ref().is_some_and(|left| left.names(key));
    let selected: Vec<&StoredKey> = newest.into_iter().filter(|key| asked(key) || is_left(key)).collect();
    let mut rotation = Rotation::begin(app, told::DATA_KEYS, meant(which, &selected)).await?;
    let ended = make_and_reseal(app, (&selected, &Actor::Operator), progress, &mut rotation.stages).await;
    let ((), stages) = rotation.end(ended)?;
    let urls = selected.iter().any(|key| key.purpose == Purpose::Url.as_str())
        || goes_on && left.is_some_and(|left| left.changes_urls());
    Ok(Rotated { made: stages.made, resealed: stages.resealed(), urls })
}

/// Makes the keys that a rotation left when it was cut off, seals again what it left, and tells of it. One that is still
/// under way elsewhere is helped: each key is made once, whoever makes it.
///
/// # Errors
/// As for [`rotate`].
pub(crate) async fn resume(app: &App) -> Result<()> {
    let left = Left::newest(app).await?;
    let stored = rows::all(&mut app.core.store.read().await?).await?;
    let is_left = |key: &&StoredKey| is_newest(&stored, key) && left.as_ref().is_some_and(|left| left.names(key));
    let to_make: Vec<&StoredKey> = stored.iter().filter(is_left).collect();
    let mut stages = Stages::default();
    let ended = make_and_reseal(app, (&to_make, &Actor::System), &Detached, &mut stages).await;
    told::resumed(app, left.as_ref().map(Left::id), &stages, &ended).await?;
    ended
}

async fn make_and_reseal(
    app: &App,
    (selected, actor): (&[&StoredKey], &Actor),
    progress: &dyn Progress,
    stages: &mut Stages,
) -> Result<()> {
    for key in selected {
        progress.report(stages.made, None, &format!("a new key for {}", key.purpose));
        stages.made += u64::from(succeed(app, key, actor.clone()).await?);
    }
    reseal(app, progress, stages).await
}

/// Makes the next generation of a key, unless somebody else has; says whether it did. A url key's predecessor is removed
/// with it; with the key that signing keys are sealed under comes another one that signs.
async fn succeed(app: &App, key: &StoredKey, actor: Actor) -> Result<bool> {
    let environment = environment_of(key)?;
    let purpose = Purpose::from_name(&key.purpose).ok_or_else(|| Error::internal("a key without a known purpose"))?;
    let ctx = journal_ctx(app, environment.clone(), actor);
    for _ in 0..ROUNDS {
        let (draft, root) = app.core.keyring.draft(environment.as_ref(), purpose, key.generation + 1).await?;
        let signs = match purpose {
            Purpose::Signing => Some(app.core.keyring.draft_signing_under(&draft).await?),
            _ => None,
        };
        let mut change = app.core.change(&ctx).await?;
        if !rows::insert_under(&mut change, &draft, &root).await? {
            let newest = rows::newest(&mut change, &key.environment, &key.purpose).await?;
            if newest.is_some_and(|newest| newest.generation > key.generation) {
                return Ok(false);
            }
            continue;
        }
        let retired = match &signs {
            Some(signs) => signing_keys::succeed(&mut change, signs).await?,
            None => Vec::new(),
        };
        let mut change = change.record("key.rotated", draft.id.as_str(), detail(&draft)).await?;
        if purpose == Purpose::Url {
            rows::remove(&mut change, &key.id).await?;
            change = change.record("key.retired", key.id.as_str(), detail(key)).await?;
        }
        if let Some(signs) = &signs {
            change = change.record("signing_key.rotated", signs.id.as_str(), Map::new()).await?;
            change = record_retired(change, &retired).await?;
        }
        reach(Failpoint::RotationKeyWritten);
        change.commit().await?;
        reach(Failpoint::RotationKeyCommitted);
        app.core.keyring.forget(if purpose == Purpose::Url { std::slice::from_ref(&key.id) } else { &[] });
        if signs.is_some() {
            app.core.keyring.look_again().await?;
        }
        return Ok(true);
    }
    Err(Error::new(Kind::Unavailable, "the root key is being changed: try again in a moment"))
}

/// Signs tokens with a new key from now on.
pub(crate) async fn sign_anew(app: &App) -> Result<()> {
    let draft = app.core.keyring.draft_signing().await?;
    let ctx = context::installation(&app.core, Actor::Operator);
    let mut change = app.core.change(&ctx).await?;
    let retired = signing_keys::succeed(&mut change, &draft).await?;
    let change = change.record("signing_key.rotated", draft.id.as_str(), Map::new()).await?;
    record_retired(change, &retired).await?.commit().await?;
    app.core.keyring.look_again().await
}

/// Records that these keys sign no more.
async fn record_retired<'a>(mut change: Recorded<'a>, retired: &[SigningKeyId]) -> Result<Recorded<'a>> {
    for key in retired {
        change = change.record("signing_key.retired", key.as_str(), Map::new()).await?;
    }
    Ok(change)
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
