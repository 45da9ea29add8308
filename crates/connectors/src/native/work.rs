//! How much work the natives of one call may do, counted while they do it.
//!
//! What an app or a caller sends decides how long a native takes, so each pays for every byte that it looks at, before
//! or while it does. A call that has used up its allowance fails, and one that was stopped fails at the next payment: a
//! blocking thread is not held for a caller who has gone.

use crate::{Failure, FailureKind};
use serde_json::{Map, Value};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Whoever drives a call runs its steps on a thread that may block when the arguments or the answers that came back
/// have this many bytes or more. Below it, natives take a millisecond or two.
pub const HEAVY_BYTES: usize = 16 << 10;

/// What one call may use up: bytes looked at, each pass over a text anew. Some hundred times what a long mail needs.
const ALLOWANCE: u64 = 256 << 20;

/// The work of one call. Clones share their count and their stop.
#[derive(Clone, Debug)]
pub struct Work {
    state: Arc<State>,
    /// How much may have been spent in all when this part of it ends.
    allowance: u64,
    /// Whether this part was too small for what was to be done. What was refused is not spent.
    refused: Arc<AtomicBool>,
}

#[derive(Debug)]
struct State {
    spent: AtomicU64,
    stopped: AtomicBool,
}

impl Work {
    /// Work with an allowance of its own, in bytes looked at.
    #[must_use]
    pub fn with_allowance(allowance: u64) -> Self {
        let state = State { spent: AtomicU64::new(0), stopped: AtomicBool::new(false) };
        Self { state: Arc::new(state), allowance, refused: Arc::default() }
    }

    /// The part for the next of so many things that are done one after another: half of what is left, all of it for the
    /// last, so that one that never ends leaves something for those behind it.
    pub(crate) fn share(&self, things: usize) -> Self {
        let spent = self.spent();
        let left = self.allowance.saturating_sub(spent);
        let part = if things > 1 { left / 2 } else { left };
        Self { state: Arc::clone(&self.state), allowance: spent.saturating_add(part), refused: Arc::default() }
    }

    /// Whether there was more to do than it allows.
    pub(crate) fn is_used_up(&self) -> bool {
        self.refused.load(Ordering::Relaxed)
    }

    /// Makes every native of the call fail at its next payment: nobody waits for it any more.
    pub fn stop(&self) {
        self.state.stopped.store(true, Ordering::Relaxed);
    }

    /// Stops the work when it is dropped, so that a future that is dropped stops the thread that worked for it.
    #[must_use]
    pub fn stop_on_drop(&self) -> StopOnDrop {
        StopOnDrop(self.clone())
    }

    /// What was used up so far.
    #[must_use]
    pub fn spent(&self) -> u64 {
        self.state.spent.load(Ordering::Relaxed)
    }

    /// Pays for looking at some bytes.
    ///
    /// # Errors
    /// The allowance is used up, or the work was stopped.
    pub(super) fn spend(&self, bytes: usize) -> Result<(), Failure> {
        if self.state.stopped.load(Ordering::Relaxed) {
            return Err(Failure::new(FailureKind::Timeout, "the call was given up before it had an answer"));
        }
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        let before = self.state.spent.fetch_add(bytes, Ordering::Relaxed);
        if before.saturating_add(bytes) <= self.allowance {
            return Ok(());
        }
        self.state.spent.fetch_sub(bytes, Ordering::Relaxed);
        self.refused.store(true, Ordering::Relaxed);
        Err(Failure::invalid(
            "this is more text than one call works through: ask for fewer or shorter things at once, or make the arguments shorter",
        ))
    }
}

impl Default for Work {
    fn default() -> Self {
        Self::with_allowance(ALLOWANCE)
    }
}

/// See [`Work::stop_on_drop`].
#[derive(Debug)]
pub struct StopOnDrop(Work);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.stop();
    }
}

/// Whether arguments have [`HEAVY_BYTES`] or more. It looks at no more of them than that takes.
#[must_use]
pub fn is_heavy(arguments: &Map<String, Value>) -> bool {
    let mut left = Some(HEAVY_BYTES);
    arguments.iter().for_each(|(name, value)| {
        left = left.and_then(|left| left.checked_sub(name.len())).and_then(|left| weighed(value, left));
    });
    left.is_none_or(|left| left == 0)
}

/// What is left of an allowance after a value; nothing where it is not enough.
fn weighed(value: &Value, left: usize) -> Option<usize> {
    let left = left.checked_sub(1)?;
    match value {
        Value::String(text) => left.checked_sub(text.len()),
        Value::Array(items) => items.iter().try_fold(left, |left, item| weighed(item, left)),
        Value::Object(members) => {
            members.iter().try_fold(left, |left, (name, value)| weighed(value, left.checked_sub(name.len())?))
        }
        _ => Some(left),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_allowance_ends_and_is_shared() {
        let work = Work::with_allowance(10);
        let twin = work.clone();
        assert!(work.spend(6).is_ok() && twin.spend(4).is_ok());
        assert_eq!(work.spend(1).unwrap_err().kind, FailureKind::InvalidInput);
        assert!(Work::with_allowance(u64::MAX).spend(usize::MAX).is_ok());
    }

    #[test]
    fn one_of_many_gets_half_and_the_last_gets_all() {
        let work = Work::with_allowance(100);
        let first = work.share(3);
        assert!(first.spend(50).is_ok() && !first.is_used_up() && first.spend(1).is_err() && first.is_used_up());
        let second = work.share(2);
        assert!(!second.is_used_up() && second.spend(25).is_ok() && second.spend(1).is_err());
        assert!(work.share(1).spend(25).is_ok() && work.share(1).spend(1).is_err());
        let stopped = work.share(1);
        work.stop();
        assert_eq!(stopped.spend(1).unwrap_err().kind, FailureKind::Timeout);
        assert!(!stopped.is_used_up());
    }

    #[test]
    fn what_nobody_waits_for_stops() {
        let work = Work::default();
        let guard = work.stop_on_drop();
        assert!(work.spend(1).is_ok());
        drop(guard);
        assert_eq!(work.spend(1).unwrap_err().kind, FailureKind::Timeout);
    }

    #[test]
    fn large_arguments_are_heavy() {
        let heavy = |value: Value| is_heavy(value.as_object().unwrap());
        assert!(!heavy(json!({"to": "a@example.com", "body": "x".repeat(HEAVY_BYTES / 2)})));
        assert!(heavy(json!({"body": "x".repeat(HEAVY_BYTES)})));
        assert!(heavy(json!({"list": vec![0; HEAVY_BYTES]})));
        assert!(heavy(json!({"deep": {"list": vec!["x".repeat(100); HEAVY_BYTES / 100]}})));
        assert!(!heavy(json!({})));
    }
}
