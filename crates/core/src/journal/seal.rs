//! What seals records: the key in use, and how far this process's segment has come. Shared by all who write records, so
//! that none of them has to wait for anything to seal one.

use crate::Result;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use valetkey_domain::journal::{Entry, Head, Seal};
use valetkey_storage::journal::{Item, Position};
use valetkey_vault::{DataKey, chain};

/// The key and the head.
pub(super) struct Sealer(RwLock<State>);

struct State {
    key: Arc<DataKey>,
    head: Head,
}

impl Sealer {
    pub(super) fn new(key: Arc<DataKey>, head: Head) -> Self {
        Self(RwLock::new(State { key, head }))
    }

    pub(super) fn seal(&self, entry: &Entry) -> Seal {
        let key = self.read().key.clone();
        chain::seal(&key, entry)
    }

    /// A record that will get its place from this process once it is committed. It is made with the key that seals it.
    pub(super) fn promised(&self, make: impl FnOnce(&DataKey) -> Result<Entry>) -> Result<Item> {
        let (key, segment) = {
            let state = self.read();
            (state.key.clone(), state.head.segment.clone())
        };
        let entry = make(&key)?;
        let seal = chain::seal(&key, &entry);
        Ok(Item { entry, seal, position: Position::Promised(segment) })
    }

    /// The newest record of this process's segment that is known to be committed.
    pub(super) fn head(&self) -> Head {
        self.read().head.clone()
    }

    pub(super) fn set_head(&self, head: Head) {
        self.write().head = head;
    }

    pub(super) fn set_key(&self, key: Arc<DataKey>) {
        self.write().key = key;
    }

    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}
