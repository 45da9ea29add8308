//! The seats of a listener: so many connections at a time. While all are taken, the one on which nothing was asked for
//! the longest gives its seat to whoever waits: strangers who only sit there keep nobody out.

use super::idle::Requests;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// A connection is not idle before this: its request may be on the way.
const ON_THE_WAY: Duration = Duration::from_secs(1);

/// How often one that is idle is told to go, until a seat is free: one that does not go at once keeps nobody waiting.
const LOOK: Duration = Duration::from_millis(20);

/// How often it is said that all seats are taken.
const AGAIN: Duration = Duration::from_secs(60);

/// The seats. Clones share them.
#[derive(Clone)]
pub(super) struct Seats {
    free: Arc<Semaphore>,
    taken: Arc<Mutex<Taken>>,
}

#[derive(Default)]
struct Taken {
    warned: Option<Instant>,
    number: u64,
    sitting: HashMap<u64, (Requests, CancellationToken)>,
}

impl Seats {
    /// So many.
    pub(super) fn of(most: usize) -> Self {
        Self { free: Arc::new(Semaphore::new(most)), taken: Arc::default() }
    }

    /// Whether all are taken and it was not said lately.
    pub(super) fn are_newly_taken(&self) -> bool {
        if self.free.available_permits() > 0 {
            return false;
        }
        let now = Instant::now();
        let mut taken = self.locked();
        let newly = taken.warned.is_none_or(|warned| warned + AGAIN <= now);
        if newly {
            taken.warned = Some(now);
        }
        newly
    }

    /// One for a connection that begins now; waits until there is one. None if the seats are no more.
    pub(super) async fn take(&self) -> Option<Seat> {
        let mut free = std::pin::pin!(self.free.clone().acquire_owned());
        let permit = loop {
            match tokio::time::timeout(LOOK, &mut free).await {
                Ok(permit) => break permit.ok()?,
                Err(_) => self.free_the_longest_idle(),
            }
        };
        Some(self.seat(permit))
    }

    /// One for a connection that begins now, if one is free.
    pub(super) fn take_free(&self) -> Option<Seat> {
        Some(self.seat(self.free.clone().try_acquire_owned().ok()?))
    }

    fn seat(&self, permit: OwnedSemaphorePermit) -> Seat {
        let (requests, given) = (Requests::none(), CancellationToken::new());
        let mut taken = self.locked();
        taken.number += 1;
        let number = taken.number;
        taken.sitting.insert(number, (requests.clone(), given.clone()));
        Seat { requests, given, number, seats: self.clone(), _permit: permit }
    }

    fn free_the_longest_idle(&self) {
        let mut taken = self.locked();
        let idle = taken.sitting.iter().filter_map(|(number, (requests, _))| Some((requests.none_since()?, *number)));
        let longest = idle.min().filter(|(since, _)| since.elapsed() >= ON_THE_WAY);
        if let Some((_, given)) = longest.and_then(|(_, number)| taken.sitting.remove(&number)) {
            given.cancel();
        }
    }

    fn locked(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A seat, free again when this is dropped.
pub(super) struct Seat {
    /// What is open on the connection that sits there.
    pub(super) requests: Requests,
    /// Whether it was given to another one.
    pub(super) given: CancellationToken,
    number: u64,
    seats: Seats,
    _permit: OwnedSemaphorePermit,
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.seats.locked().sitting.remove(&self.number);
    }
}
