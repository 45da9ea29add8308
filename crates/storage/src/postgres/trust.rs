//! Which connections are trusted to be still there.

use crate::Error;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// When a connection last turned out to be broken. Those of both pools that were opened before it are tried before they
/// are used: a restart of the server ends all of them at once.
#[derive(Clone, Debug, Default)]
pub(super) struct Trust(Arc<Mutex<Option<Instant>>>);

impl Trust {
    /// Notes a failure, if it was the connection's.
    pub(super) fn note(&self, error: &Error) {
        if matches!(error, Error::Broken { .. }) {
            self.broke();
        }
    }

    /// A connection turned out to be broken.
    pub(super) fn broke(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    /// Whether a connection of this age may be used as it is.
    pub(super) fn holds(&self, age: Duration) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_none_or(|broken| broken.elapsed() > age)
    }
}
