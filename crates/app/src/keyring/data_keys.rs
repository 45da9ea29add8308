//! Data keys: made on first use, unwrapped on use, held for ten minutes.

use crate::{Error, Result};
use moka::sync::Cache;
use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use valetkey_domain::id::{DataKeyId, EnvironmentId};
use valetkey_domain::{Clock, Kind, Rng, Timestamp};
use valetkey_storage::data_keys::{self as rows, StoredKey};
use valetkey_storage::{Store, Tx};
use valetkey_vault::{DataKey, Purpose, RootKey, Wrapped};

/// How long an opened key is held.
const HELD: Duration = Duration::from_secs(600);

/// How many opened keys are held at most.
const MOST: u64 = 10_000;

/// How often forged tokens may make us look for url keys that we don't know.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// An opened key and when it is to be forgotten.
#[derive(Clone)]
struct Held {
    key: Arc<DataKey>,
    until: Timestamp,
}

/// The url keys that exist, as of the last look. A token that names another is forged, or of a moment ago.
#[derive(Default)]
struct UrlKeys {
    ids: HashSet<DataKeyId>,
    looked_at: Option<Timestamp>,
}

/// The data keys of a database.
pub(super) struct DataKeys {
    pub(super) store: Store,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) rng: Arc<dyn Rng>,
    root: RootKey,
    newest: Cache<(String, Purpose), Held>,
    opened: Cache<DataKeyId, Held>,
    url_keys: Mutex<UrlKeys>,
}

impl DataKeys {
    pub(super) fn new(store: Store, root: RootKey, clock: Arc<dyn Clock>, rng: Arc<dyn Rng>) -> Self {
        let (newest, opened) = (Cache::new(MOST), Cache::new(MOST));
        Self { store, clock, rng, root, newest, opened, url_keys: Mutex::default() }
    }

    /// The key to seal with, made if there is none. `None` as environment means a key that all of them share.
    pub(super) async fn newest(&self, environment: Option<&EnvironmentId>, purpose: Purpose) -> Result<Arc<DataKey>> {
        let scope = environment.map(EnvironmentId::to_string).unwrap_or_default();
        if let Some(key) = self.held(self.newest.get(&(scope.clone(), purpose))) {
            return Ok(key);
        }
        let stored = rows::newest(&mut self.store.read().await?, &scope, purpose.as_str()).await?;
        let key = match stored {
            Some(stored) => self.unwrap(stored)?,
            None => self.make(environment, purpose).await?,
        };
        self.newest.insert((scope, purpose), self.hold(&key));
        Ok(key)
    }

    /// The key of this id, to open with; none if there is none.
    pub(super) async fn by_id(&self, id: &DataKeyId) -> Result<Option<Arc<DataKey>>> {
        if let Some(key) = self.held(self.opened.get(id)) {
            return Ok(Some(key));
        }
        let stored = rows::get(&mut self.store.read().await?, id).await?;
        stored.map(|stored| self.unwrap(stored)).transpose()
    }

    /// The url key of this id; none if there is none. Ids that nobody knows cost one look a second, however many come,
    /// and don't keep a known one from being found.
    pub(super) async fn url_key(&self, id: &DataKeyId) -> Result<Option<Arc<DataKey>>> {
        if !self.url_keys().ids.contains(id) {
            if !self.may_look() {
                return Ok(None);
            }
            let ids = rows::ids(&mut self.store.read().await?, Purpose::Url.as_str()).await?;
            let known = ids.contains(id);
            self.url_keys().ids.extend(ids);
            if !known {
                return Ok(None);
            }
        }
        self.by_id(id).await
    }

    /// Makes the first key of a purpose. Of two that do so at once, both end with the one that was stored first.
    async fn make(&self, environment: Option<&EnvironmentId>, purpose: Purpose) -> Result<Arc<DataKey>> {
        let id = DataKeyId::new(self.clock.as_ref(), self.rng.as_ref());
        let wrapped = self.root.wrap(&DataKey::generate(id, environment, purpose, 1)?)?;
        let scope = environment.map(EnvironmentId::to_string).unwrap_or_default();
        let mut tx = self.store.write().await?;
        rows::insert(&mut tx, &self.to_row(&scope, wrapped)).await?;
        let stored = first(&mut tx, &scope, purpose).await?;
        tx.commit().await?;
        self.unwrap(stored)
    }

    fn unwrap(&self, stored: StoredKey) -> Result<Arc<DataKey>> {
        let key = Arc::new(self.root.unwrap(&from_row(stored)?).map_err(refused)?);
        self.opened.insert(key.id().clone(), self.hold(&key));
        if key.purpose() == Purpose::Url {
            self.url_keys().ids.insert(key.id().clone());
        }
        Ok(key)
    }

    fn to_row(&self, scope: &str, wrapped: Wrapped) -> StoredKey {
        StoredKey {
            id: wrapped.id,
            environment: scope.to_owned(),
            purpose: wrapped.purpose.as_str().to_owned(),
            generation: wrapped.generation,
            root_version: wrapped.root_version,
            wrapped: wrapped.bytes,
            created_at: self.clock.now(),
        }
    }

    fn hold(&self, key: &Arc<DataKey>) -> Held {
        Held { key: Arc::clone(key), until: self.clock.now() + HELD }
    }

    fn held(&self, found: Option<Held>) -> Option<Arc<DataKey>> {
        found.filter(|held| self.clock.now() < held.until).map(|held| held.key)
    }

    fn may_look(&self) -> bool {
        let now = self.clock.now();
        let mut known = self.url_keys();
        let may = known.looked_at.is_none_or(|at| now.duration_since(at).unsigned_abs() >= LOOK_AGAIN);
        if may {
            known.looked_at = Some(now);
        }
        may
    }

    fn url_keys(&self) -> MutexGuard<'_, UrlKeys> {
        self.url_keys.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn first(tx: &mut Tx, scope: &str, purpose: Purpose) -> Result<StoredKey> {
    let stored = rows::newest(tx, scope, purpose.as_str()).await?;
    stored.ok_or_else(|| Error::internal("a data key that was just stored is not there"))
}

fn from_row(stored: StoredKey) -> Result<Wrapped> {
    let environment = match stored.environment.as_str() {
        "" => None,
        text => Some(EnvironmentId::parse(text)?),
    };
    let purpose = PURPOSES.into_iter().find(|purpose| purpose.as_str() == stored.purpose);
    let purpose = purpose.ok_or_else(|| Error::internal(format!("data key {} has no known purpose", stored.id)))?;
    Ok(Wrapped {
        id: stored.id,
        environment,
        purpose,
        generation: stored.generation,
        root_version: stored.root_version,
        bytes: stored.wrapped,
    })
}

const PURPOSES: [Purpose; 7] = [
    Purpose::Credential,
    Purpose::Client,
    Purpose::Webhook,
    Purpose::Signing,
    Purpose::Flow,
    Purpose::Url,
    Purpose::Journal,
];

/// The operator must be able to read which root key is wanted; everything else is for the log.
fn refused(error: valetkey_vault::Error) -> Error {
    match error.kind() {
        Kind::FailedPrecondition => Error::new(Kind::FailedPrecondition, error.to_string()).because(error),
        _ => error.into(),
    }
}
