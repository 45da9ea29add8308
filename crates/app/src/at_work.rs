//! What this process is working at right now: each thing in one task at a time.

use std::collections::HashSet;
use std::hash::Hash;
use std::sync::{Arc, Mutex};
use valetkey_core::queue::locked;

/// The things that are being worked at. Clones are the same.
#[derive(Clone, Debug)]
pub(crate) struct AtWork<K: Eq + Hash> {
    all: Arc<Mutex<HashSet<K>>>,
}

impl<K: Eq + Hash> Default for AtWork<K> {
    fn default() -> Self {
        Self { all: Arc::default() }
    }
}

impl<K: Eq + Hash> AtWork<K> {
    /// Whether nothing is worked at.
    #[cfg(test)]
    pub(crate) fn is_idle(&self) -> bool {
        locked(&self.all).is_empty()
    }
}

impl<K: Eq + Hash + Clone> AtWork<K> {
    /// Begins at this one; none if somebody is at it.
    pub(crate) fn begin(&self, what: &K) -> Option<Working<K>> {
        let begun = locked(&self.all).insert(what.clone());
        begun.then(|| Working { all: self.all.clone(), what: what.clone() })
    }
}

/// Work at one of them, until this is dropped.
pub(crate) struct Working<K: Eq + Hash> {
    all: Arc<Mutex<HashSet<K>>>,
    what: K,
}

impl<K: Eq + Hash> Drop for Working<K> {
    fn drop(&mut self) {
        locked(&self.all).remove(&self.what);
    }
}
