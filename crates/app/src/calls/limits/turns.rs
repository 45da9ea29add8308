//! Turns at a host: so many requests of one environment at once, the others in the order they came.
//!
//! Refusing at once would turn a busy minute of an app into errors for its users, so a request waits a little; how many
//! can wait is bounded by the calls in flight.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use valetkey_domain::id::EnvironmentId;

type Key = (EnvironmentId, String);
type Queues = Arc<Mutex<HashMap<Key, Arc<Semaphore>>>>;

/// The queues of all hosts that are asked at the moment.
#[derive(Clone, Debug)]
pub(super) struct Turns {
    most: usize,
    patience: Duration,
    queues: Queues,
}

/// A place in a host's queue, and a turn once there is one; given back when this is dropped.
pub(in crate::calls) struct Turn {
    key: Key,
    queues: Queues,
    queue: Arc<Semaphore>,
    permit: Option<OwnedSemaphorePermit>,
}

impl Turns {
    /// So many at once; others wait this long.
    pub(super) fn of(most: usize, patience: Duration) -> Self {
        Self { most, patience, queues: Arc::default() }
    }

    /// A turn; none if none comes in time.
    pub(super) async fn wait(&self, environment: &EnvironmentId, host: &str) -> Option<Turn> {
        let mut turn = self.line_up((environment.clone(), host.to_owned()));
        let permit = tokio::time::timeout(self.patience, turn.queue.clone().acquire_owned()).await;
        turn.permit = Some(permit.ok()?.ok()?);
        Some(turn)
    }

    /// How many turns are taken at the host where most are.
    pub(super) fn most_taken(&self) -> usize {
        let taken = |queue: &Arc<Semaphore>| self.most.saturating_sub(queue.available_permits());
        locked(&self.queues).values().map(taken).max().unwrap_or(0)
    }

    fn line_up(&self, key: Key) -> Turn {
        let mut queues = locked(&self.queues);
        let queue = queues.entry(key.clone()).or_insert_with(|| Arc::new(Semaphore::new(self.most))).clone();
        Turn { key, queues: self.queues.clone(), queue, permit: None }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        drop(self.permit.take());
        let mut queues = locked(&self.queues);
        // The map's and this one: nobody else waits or has a turn, and nobody can come while the map is locked.
        if Arc::strong_count(&self.queue) == 2 {
            queues.remove(&self.key);
        }
    }
}

/// The counts are right after every statement, so a holder that panicked left nothing broken.
pub(super) fn locked<T>(counts: &Mutex<T>) -> MutexGuard<'_, T> {
    counts.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn attack_74_a_full_host_is_waited_for_and_other_environments_pass() {
        let turns = Turns::of(2, Duration::from_millis(100));
        let [one, other] = ["env_1", "env_2"].map(|id| EnvironmentId::parse(id).unwrap());
        let first = turns.wait(&one, "a.example").await.unwrap();
        let second = turns.wait(&one, "a.example").await.unwrap();
        assert!(turns.wait(&one, "a.example").await.is_none());
        assert!(turns.wait(&other, "a.example").await.is_some() && turns.wait(&one, "b.example").await.is_some());
        assert_eq!(turns.most_taken(), 2);
        let (waited, ()) = tokio::join!(turns.wait(&one, "a.example"), async { drop(first) });
        assert!(waited.is_some());
        drop((second, waited));
        assert!(locked(&turns.queues).is_empty(), "a queue is kept for nobody");
    }
}
