//! Work that many want and one does: who comes while it is under way waits for the same end, and it goes on if all of them
//! leave.

use futures::FutureExt as _;
use futures::future::{BoxFuture, Shared};
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};
use tokio_util::task::TaskTracker;
use tracing::Instrument as _;

/// How work ended, for those who waited.
pub(crate) trait End: Clone + Send + Sync + 'static {
    /// What they are told where it never came to an end of its own.
    fn broken() -> Self;
}

type Ending<E> = Shared<BoxFuture<'static, E>>;

/// The work under way in this process, one for each key.
pub(crate) struct InFlight<K, E>(Arc<Mutex<HashMap<K, Ending<E>>>>);

impl<K: Clone + Eq + Hash + Send + 'static, E: End> InFlight<K, E> {
    /// Waits for the work of this key: what is under way, else this. It goes on if the caller is dropped.
    pub(crate) async fn join_or_start(
        &self,
        tasks: &TaskTracker,
        key: &K,
        work: impl Future<Output = E> + Send + 'static,
    ) -> E {
        let ending = {
            let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            all.entry(key.clone()).or_insert_with(|| self.start(tasks, key, work)).clone()
        };
        ending.await
    }

    /// Waits for the work of this key that is under way in this process; none if there is none.
    pub(crate) async fn join(&self, key: &K) -> Option<E> {
        let ending = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned()?;
        Some(ending.await)
    }

    fn start(&self, tasks: &TaskTracker, key: &K, work: impl Future<Output = E> + Send + 'static) -> Ending<E> {
        let leave = Leave { all: self.clone(), key: key.clone() };
        let working = async move {
            let _leave = leave;
            work.await
        };
        let task = tasks.spawn(working.in_current_span());
        task.map(|done| done.unwrap_or_else(|_| E::broken())).boxed().shared()
    }
}

impl<K, E> Clone for InFlight<K, E> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K, E> Default for InFlight<K, E> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<K, E> std::fmt::Debug for InFlight<K, E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("InFlight(..)")
    }
}

/// Takes work off the list when it is over, even if it panics.
struct Leave<K: Eq + Hash, E> {
    all: InFlight<K, E>,
    key: K,
}

impl<K: Eq + Hash, E> Drop for Leave<K, E> {
    fn drop(&mut self) {
        self.all.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
    }
}
