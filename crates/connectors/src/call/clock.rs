//! What time it is in a call, and how much of it is left.

use std::time::Duration;
use valetkey_domain::Timestamp;

/// What is kept of a call's time for its answer to be made and to get back.
const FOR_THE_ANSWER: Duration = Duration::from_secs(1);

/// A moment of a call.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    /// The time now.
    pub(super) now: Timestamp,
    /// How much of the call's time is left.
    pub(super) left: Duration,
    /// How long the slowest round took so far: another one may take as long.
    pub(super) slowest: Duration,
}

impl Clock {
    /// Whether after a wait there is still time for a round and the answer.
    pub(super) fn is_time_for(self, wait: Duration) -> bool {
        wait.saturating_add(self.slowest).saturating_add(FOR_THE_ANSWER) <= self.left
    }
}

/// Moments of one call, told by how much of its time was left at each.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moments {
    began: Timestamp,
    /// What was left at first, last time, and when something was sent last.
    first: Option<Duration>,
    sent: Option<Duration>,
    slowest: Duration,
}

impl Moments {
    /// A call that begins now.
    pub(super) const fn from(began: Timestamp) -> Self {
        Self { began, first: None, sent: None, slowest: Duration::ZERO }
    }

    /// The moment at which so much is left.
    pub(super) fn at(&mut self, left: Duration) -> Clock {
        let first = *self.first.get_or_insert(left);
        if let Some(sent) = self.sent.take() {
            self.slowest = self.slowest.max(sent.saturating_sub(left));
        }
        let now = self.began.checked_add(first.saturating_sub(left)).unwrap_or(self.began);
        Clock { now, left, slowest: self.slowest }
    }

    /// Something was sent at this moment.
    pub(super) const fn sent(&mut self, clock: Clock) {
        self.sent = Some(clock.left);
    }
}
