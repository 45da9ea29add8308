//! Data keys: made on first use, unwrapped on use, held for ten minutes.

use super::roots::Roots;
use crate::{Error, Result};
use moka::sync::Cache;
use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use valetkey_domain::id::{DataKeyId, EnvironmentId};
use valetkey_domain::{Clock, Kind, Rng, Timestamp};
use valetkey_storage::data_keys::{self as rows, StoredKey};
use valetkey_storage::{Store, meta};
use valetkey_vault::transit::root_of;
use valetkey_vault::{DataKey, Purpose, Wrapped};

/// How long an opened key is held.
const CACHED_FOR: Duration = Duration::from_secs(600);

/// How long another process's rotation may go unnoticed.
const FRESH: Duration = Duration::from_secs(10);

/// How many opened keys are held at most.
const MOST: u64 = 10_000;

/// How often forged tokens may make us look for url keys that we don't know.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// How often a new key is wrapped again because the root was changed meanwhile.
const ROUNDS: u32 = 3;

/// Something in memory and when it is to be forgotten.
#[derive(Clone)]
struct Cached<T> {
    value: T,
    until: Timestamp,
}

/// The data keys of a database.
pub(super) struct DataKeys {
    pub(super) store: Store,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) rng: Arc<dyn Rng>,
    pub(super) roots: Roots,
    newest: Cache<(String, Purpose), Cached<DataKeyId>>,
    opened: Cache<DataKeyId, Cached<Arc<DataKey>>>,
    /// The url keys that exist, as of the last look. A token that names another is forged, or of a moment ago.
    url_keys: Mutex<HashSet<DataKeyId>>,
    /// When that was looked at. Held while it is, so that whoever needs the same look waits for it.
    looked_at: tokio::sync::Mutex<Option<Timestamp>>,
}

impl DataKeys {
    pub(super) fn new(store: Store, roots: Roots, clock: Arc<dyn Clock>, rng: Arc<dyn Rng>) -> Self {
        let (newest, opened) = (Cache::new(MOST), Cache::new(MOST));
        Self {
            store,
            clock,
            rng,
            roots,
            newest,
            opened,
            url_keys: Mutex::default(),
            looked_at: tokio::sync::Mutex::default(),
        }
    }

    /// The key to seal with, made if there is none. `None` as environment means a key that all of them share.
    pub(super) async fn newest(&self, environment: Option<&EnvironmentId>, purpose: Purpose) -> Result<Arc<DataKey>> {
        let scope = environment.map(EnvironmentId::to_string).unwrap_or_default();
        if let Some(id) = self.unexpired(self.newest.get(&(scope.clone(), purpose)))
            && let Some(key) = self.by_id(&id).await?
        {
            return Ok(key);
        }
        let stored = rows::newest(&mut self.store.glance().await?, &scope, purpose.as_str()).await?;
        let key = match stored {
            Some(stored) => self.opened(stored).await?,
            None => self.make(environment, purpose).await?,
        };
        self.newest.insert((scope, purpose), self.cached(key.id().clone(), FRESH));
        Ok(key)
    }

    /// The key of this id, to open with; none if there is none.
    pub(super) async fn by_id(&self, id: &DataKeyId) -> Result<Option<Arc<DataKey>>> {
        if let Some(key) = self.unexpired(self.opened.get(id)) {
            return Ok(Some(key));
        }
        let stored = rows::get(&mut self.store.glance().await?, id).await?;
        match stored {
            Some(stored) => self.unwrap(stored).await.map(Some),
            None => Ok(None),
        }
    }

    /// The url key of this id; none if there is none. Ids that nobody knows cost one look a second, however many come,
    /// and don't keep a known one from being found.
    pub(super) async fn url_key(&self, id: &DataKeyId) -> Result<Option<Arc<DataKey>>> {
        if !self.url_keys().contains(id) {
            self.look_for(id).await?;
        }
        if self.url_keys().contains(id) { self.by_id(id).await } else { Ok(None) }
    }

    /// Reads which url keys there are, unless that was read a moment ago.
    async fn look_for(&self, id: &DataKeyId) -> Result<()> {
        let mut looked_at = self.looked_at.lock().await;
        let now = self.clock.now();
        let just_now = looked_at.is_some_and(|at| now.duration_since(at).unsigned_abs() < LOOK_AGAIN);
        // Another caller's look may have found it meanwhile.
        if just_now || self.url_keys().contains(id) {
            return Ok(());
        }
        let ids = rows::ids(&mut self.store.glance().await?, Purpose::Url.as_str()).await?;
        *looked_at = Some(now);
        self.url_keys().extend(ids);
        Ok(())
    }

    /// The root that wraps new keys, as the database has it.
    ///
    /// # Errors
    /// The database names none, which it does from the first start on.
    pub(super) async fn wrapping_root(&self) -> Result<String> {
        let root = meta::get(&mut self.store.read().await?, meta::ROOT).await?;
        root.ok_or_else(|| Error::internal("the database names no root key"))
    }

    /// A new key, wrapped, as a row that is not stored yet.
    pub(super) async fn draft(
        &self,
        environment: Option<&EnvironmentId>,
        purpose: Purpose,
        generation: i64,
    ) -> Result<StoredKey> {
        let id = DataKeyId::new(self.clock.as_ref(), self.rng.as_ref());
        let key = DataKey::generate(id, environment, purpose, generation)?;
        let wrapped = self.roots.wrap(&self.wrapping_root().await?, &key).await?;
        Ok(self.to_row(wrapped))
    }

    /// Makes the first key of a purpose. Of two that do so at once, both end with the one that was stored first.
    async fn make(&self, environment: Option<&EnvironmentId>, purpose: Purpose) -> Result<Arc<DataKey>> {
        let scope = environment.map(EnvironmentId::to_string).unwrap_or_default();
        for _ in 0..ROUNDS {
            let draft = self.draft(environment, purpose, 1).await?;
            let mut tx = self.store.write().await?;
            rows::insert_under(&mut tx, &draft, root_of(&draft.root_version)).await?;
            let stored = rows::newest(&mut tx, &scope, purpose.as_str()).await?;
            tx.commit().await?;
            if let Some(stored) = stored {
                return self.unwrap(stored).await;
            }
        }
        Err(Error::new(Kind::Unavailable, "the root key is being changed: try again in a moment"))
    }

    /// A key that was read, from memory if it is there.
    async fn opened(&self, stored: StoredKey) -> Result<Arc<DataKey>> {
        match self.unexpired(self.opened.get(&stored.id)) {
            Some(key) => Ok(key),
            None => self.unwrap(stored).await,
        }
    }

    pub(super) async fn unwrap(&self, stored: StoredKey) -> Result<Arc<DataKey>> {
        let key = Arc::new(self.roots.unwrap(&from_row(stored)?).await?);
        self.opened.insert(key.id().clone(), self.cached(Arc::clone(&key), CACHED_FOR));
        if key.purpose() == Purpose::Url {
            self.url_keys().insert(key.id().clone());
        }
        Ok(key)
    }

    /// Forgets which keys are the newest, and these keys altogether.
    pub(super) fn forget(&self, gone: &[DataKeyId]) {
        self.newest.invalidate_all();
        for id in gone {
            self.opened.invalidate(id);
            self.url_keys().remove(id);
        }
    }

    fn to_row(&self, wrapped: Wrapped) -> StoredKey {
        StoredKey {
            id: wrapped.id,
            environment: wrapped.environment.map(|id| id.to_string()).unwrap_or_default(),
            purpose: wrapped.purpose.as_str().to_owned(),
            generation: wrapped.generation,
            root_version: wrapped.root_version,
            wrapped: wrapped.bytes,
            created_at: self.clock.now(),
        }
    }

    fn cached<T>(&self, value: T, how_long: Duration) -> Cached<T> {
        Cached { value, until: self.clock.now() + how_long }
    }

    fn unexpired<T>(&self, found: Option<Cached<T>>) -> Option<T> {
        found.filter(|cached| self.clock.now() < cached.until).map(|cached| cached.value)
    }

    fn url_keys(&self) -> MutexGuard<'_, HashSet<DataKeyId>> {
        self.url_keys.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A row as the vault takes it.
pub(super) fn from_row(stored: StoredKey) -> Result<Wrapped> {
    let environment = match stored.environment.as_str() {
        "" => None,
        text => Some(EnvironmentId::parse(text)?),
    };
    let purpose = Purpose::from_name(&stored.purpose);
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
