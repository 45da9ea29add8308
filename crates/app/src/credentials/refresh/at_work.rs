//! At which token endpoints tokens are refreshed ahead right now.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

/// The token endpoints that are being worked through.
#[derive(Clone, Debug, Default)]
pub(super) struct AtWork(pub(super) Arc<Mutex<HashSet<String>>>);

impl AtWork {
    /// Begins at this one; none if somebody is at it.
    pub(super) fn begin(&self, address: &str) -> Option<Working> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(address.to_owned()).then(|| Working { all: self.clone(), address: address.to_owned() })
    }
}

/// Work at one endpoint, until this is dropped.
pub(super) struct Working {
    all: AtWork,
    address: String,
}

impl Drop for Working {
    fn drop(&mut self) {
        self.all.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.address);
    }
}
