//! Lines of those who want something that there is only so much of: each key has its own, and who came first has it
//! first. Refusing at once would turn a burst into errors, so one waits; how many wait can be bounded too.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The lines of all keys that anybody wants something of at the moment.
#[derive(Debug)]
pub struct Queues<K: Hash + Eq> {
    most: u32,
    longest: usize,
    all: Arc<Mutex<HashMap<K, Queue>>>,
}

#[derive(Debug)]
struct Queue {
    free: Arc<Semaphore>,
    waiting: usize,
}

/// A share of what a key has, given back when this is dropped.
#[derive(Debug)]
pub struct Share<K: Hash + Eq> {
    key: K,
    all: Arc<Mutex<HashMap<K, Queue>>>,
    /// None while one waits, and once it was joined to another.
    permit: Option<OwnedSemaphorePermit>,
    waits: bool,
}

/// Why there is no share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotAdmitted {
    /// As many wait as may.
    QueueFull,
    /// The time was over.
    TimedOut,
}

impl<K: Hash + Eq> Clone for Queues<K> {
    fn clone(&self) -> Self {
        Self { most: self.most, longest: self.longest, all: self.all.clone() }
    }
}

impl<K: Hash + Eq + Clone> Queues<K> {
    /// Each key has `most` of it, and `longest` wait at most.
    #[must_use]
    pub fn of(most: usize, longest: usize) -> Self {
        Self { most: u32::try_from(most).unwrap_or(u32::MAX), longest, all: Arc::default() }
    }

    /// Waits for a share; who wants more than there is gets all of it.
    ///
    /// # Errors
    /// As many wait as may, or the time was over.
    pub async fn wait(&self, key: K, amount: usize, timeout: Duration) -> Result<Share<K>, NotAdmitted> {
        let amount = u32::try_from(amount).unwrap_or(u32::MAX).min(self.most);
        let (mut share, free) = self.enqueue(key)?;
        let permit = tokio::time::timeout(timeout, free.acquire_many_owned(amount)).await;
        let permit = permit.ok().and_then(Result::ok).ok_or(NotAdmitted::TimedOut)?;
        share.has(permit);
        Ok(share)
    }

    /// How much is taken by this one.
    #[must_use]
    pub fn used(&self, key: &K) -> usize {
        let most = usize::try_from(self.most).unwrap_or(usize::MAX);
        locked(&self.all).get(key).map_or(0, |queue| most.saturating_sub(queue.free.available_permits()))
    }

    /// How much is taken by who has most.
    #[must_use]
    pub fn most_used(&self) -> usize {
        let most = usize::try_from(self.most).unwrap_or(usize::MAX);
        locked(&self.all).values().map(|queue| most.saturating_sub(queue.free.available_permits())).max().unwrap_or(0)
    }

    /// How much each key has.
    #[must_use]
    pub fn most(&self) -> usize {
        usize::try_from(self.most).unwrap_or(usize::MAX)
    }

    /// How many wait for this one.
    #[must_use]
    pub fn waiting(&self, key: &K) -> usize {
        locked(&self.all).get(key).map_or(0, |queue| queue.waiting)
    }

    /// How many wait for whatever.
    #[must_use]
    pub fn all_waiting(&self) -> usize {
        locked(&self.all).values().map(|queue| queue.waiting).sum()
    }

    /// Whether nobody has a share or waits for one.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        locked(&self.all).is_empty()
    }

    fn enqueue(&self, key: K) -> Result<(Share<K>, Arc<Semaphore>), NotAdmitted> {
        let mut all = locked(&self.all);
        let new = || Queue { free: Arc::new(Semaphore::new(self.most())), waiting: 0 };
        let queue = all.entry(key.clone()).or_insert_with(new);
        if queue.waiting >= self.longest && queue.free.available_permits() == 0 {
            return Err(NotAdmitted::QueueFull);
        }
        queue.waiting += 1;
        let free = queue.free.clone();
        Ok((Share { key, all: self.all.clone(), permit: None, waits: true }, free))
    }
}

impl<K: Hash + Eq> Share<K> {
    fn has(&mut self, permit: OwnedSemaphorePermit) {
        if let Some(queue) = locked(&self.all).get_mut(&self.key) {
            queue.waiting = queue.waiting.saturating_sub(1);
        }
        self.permit = Some(permit);
        self.waits = false;
    }

    /// Adds another share of the same key.
    pub fn join(&mut self, mut other: Self) {
        if let (Some(permit), Some(more)) = (&mut self.permit, other.permit.take()) {
            permit.merge(more);
        }
    }

    /// Gives back what is over this much.
    pub fn shrink_to(&mut self, much: usize) {
        if let Some(permit) = &mut self.permit {
            drop(permit.split(permit.num_permits().saturating_sub(much)));
        }
    }
}

impl<K: Hash + Eq> Drop for Share<K> {
    fn drop(&mut self) {
        let mut all = locked(&self.all);
        let Some(queue) = all.get_mut(&self.key) else { return };
        drop(self.permit.take());
        if self.waits {
            queue.waiting = queue.waiting.saturating_sub(1);
        }
        // Nobody has a share of it and nobody waits, so memory follows the calls and not the keys. Every share holds
        // its own semaphore, which is the map's until the last one is gone.
        let held = Arc::strong_count(&queue.free) > 1;
        if queue.waiting == 0 && !held {
            all.remove(&self.key);
        }
    }
}

/// What is locked here is right after every statement, so a holder that panicked left nothing broken.
pub fn locked<T>(held: &Mutex<T>) -> MutexGuard<'_, T> {
    held.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::future::{join_all, poll_fn};
    use std::pin::pin;
    use std::task::Poll;

    const SHORT: Duration = Duration::from_millis(100);

    #[tokio::test]
    async fn attack_74_a_full_line_is_waited_in_and_others_pass() {
        let queues = Queues::of(2, 100);
        let first = queues.wait(("env_1", "a.example"), 1, SHORT).await.unwrap();
        let second = queues.wait(("env_1", "a.example"), 1, SHORT).await.unwrap();
        assert_eq!(queues.wait(("env_1", "a.example"), 1, SHORT).await.unwrap_err(), NotAdmitted::TimedOut);
        for other in [("env_2", "a.example"), ("env_1", "b.example")] {
            assert!(queues.wait(other, 1, Duration::ZERO).await.is_ok());
        }
        assert_eq!(queues.most_used(), 2);
        let (waited, ()) = tokio::join!(queues.wait(("env_1", "a.example"), 1, SHORT), async { drop(first) });
        assert!(waited.is_ok());
        drop((second, waited));
        assert!(queues.is_empty(), "a line is kept for nobody");
    }

    #[tokio::test]
    async fn who_came_first_is_served_first_and_who_gave_up_is_forgotten() {
        let queues = Queues::of(1, 100);
        let held = queues.wait("a", 1, SHORT).await.unwrap();
        let served = Mutex::new(Vec::new());
        let one = async |n: usize| {
            let share = queues.wait("a", 1, Duration::from_secs(5)).await.unwrap();
            served.lock().unwrap().push(n);
            drop(share);
        };
        {
            let mut leaver = pin!(queues.wait("a", 1, Duration::from_secs(5)));
            let pending = poll_fn(|cx| Poll::Ready(leaver.as_mut().poll(cx).is_pending())).await;
            assert!(pending);
        }
        let release = async {
            tokio::task::yield_now().await;
            drop(held);
        };
        tokio::join!(join_all((0..9).map(one)), release);
        assert_eq!(served.into_inner().unwrap(), (0..9).collect::<Vec<_>>());
        assert!(queues.is_empty());
    }

    #[tokio::test]
    async fn more_than_may_wait_are_refused_at_once() {
        let queues = Queues::of(1, 2);
        let held = queues.wait("a", 1, SHORT).await.unwrap();
        let waits = join_all((0..4).map(|_| queues.wait("a", 1, SHORT))).await;
        let words: Vec<_> = waits.into_iter().map(|wait| wait.unwrap_err()).collect();
        assert_eq!(
            words,
            [NotAdmitted::TimedOut, NotAdmitted::TimedOut, NotAdmitted::QueueFull, NotAdmitted::QueueFull]
        );
        drop(held);
        assert!(queues.is_empty());
    }

    #[tokio::test]
    async fn shares_are_of_any_size_and_are_made_smaller() {
        let queues = Queues::of(10, 100);
        let mut all = queues.wait("a", 1_000, SHORT).await.unwrap();
        assert_eq!(queues.most_used(), 10);
        all.shrink_to(3);
        assert_eq!(queues.most_used(), 3);
        let rest = queues.wait("a", 7, Duration::ZERO).await.unwrap();
        assert_eq!(queues.wait("a", 1, Duration::ZERO).await.unwrap_err(), NotAdmitted::TimedOut);
        all.join(rest);
        assert_eq!((queues.most_used(), queues.waiting(&"a")), (10, 0));
        all.shrink_to(4);
        assert_eq!(queues.most_used(), 4, "they are one");
        drop(all);
        assert!(queues.is_empty());
    }
}
