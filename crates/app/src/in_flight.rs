//! Work that many want and one does: who comes while it is under way waits for the same end, and it goes on if all of them
//! leave.

use futures::FutureExt as _;
use futures::future::{BoxFuture, Shared};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::oneshot;
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
        let (tell, told) = oneshot::channel();
        let ending = told.map(|end| end.unwrap_or_else(|_| E::broken())).boxed().shared();
        let there = {
            let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            match all.entry(key.clone()) {
                Entry::Occupied(there) => Some(there.get().clone()),
                Entry::Vacant(free) => {
                    free.insert(ending.clone());
                    None
                }
            }
        };
        if let Some(there) = there {
            return there.await;
        }
        // Not under the lock: a runtime that is ending drops what is spawned at once, and with it the work's place.
        let leave = Leave { all: self.clone(), key: key.clone() };
        let working = async move {
            let end = work.await;
            drop(leave);
            drop(tell.send(end));
        };
        tasks.spawn(working.in_current_span());
        ending.await
    }

    /// Waits for the work of this key that is under way in this process; none if there is none.
    pub(crate) async fn join(&self, key: &K) -> Option<E> {
        let ending = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned()?;
        Some(ending.await)
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use tokio::sync::Notify;

    impl End for &'static str {
        fn broken() -> Self {
            "broken"
        }
    }

    #[tokio::test]
    async fn many_wait_for_one_and_the_next_begins_anew() {
        let (all, tasks) = (InFlight::<u8, &'static str>::default(), TaskTracker::new());
        let (times, go) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
        let work = || {
            let (times, go) = (times.clone(), go.clone());
            async move {
                times.fetch_add(1, Ordering::SeqCst);
                go.notified().await;
                "done"
            }
        };
        let three = async {
            tokio::join!(all.join_or_start(&tasks, &1, work()), all.join_or_start(&tasks, &1, work()), all.join(&1))
        };
        let (ends, ()) = tokio::join!(three, async { go.notify_one() });
        assert_eq!((ends, times.load(Ordering::SeqCst)), (("done", "done", Some("done")), 1));
        assert_eq!(all.join(&1).await, None);
        go.notify_one();
        assert_eq!(all.join_or_start(&tasks, &1, work()).await, "done");
        assert_eq!(times.load(Ordering::SeqCst), 2);
        let broken = all.join_or_start(&tasks, &2, async { panic!("a defect") }).await;
        assert_eq!((broken, all.join(&2).await), ("broken", None));
    }

    /// A runtime that is ending drops a task while it is spawned.
    #[test]
    fn what_is_begun_while_the_runtime_ends_ends_too() {
        let (all, tasks) = (InFlight::<u8, &'static str>::default(), TaskTracker::new());
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
        let handle = runtime.handle().clone();
        drop(runtime);
        let _inside = handle.enter();
        let ended = futures::executor::block_on(all.join_or_start(&tasks, &1, std::future::pending()));
        assert_eq!(ended, "broken");
        assert_eq!(futures::executor::block_on(all.join(&1)), None);
    }
}
