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
pub struct Work(Arc<State>);

#[derive(Debug)]
struct State {
    allowance: u64,
    spent: AtomicU64,
    stopped: AtomicBool,
}

impl Work {
    /// Work with an allowance of its own, in bytes looked at.
    #[must_use]
    pub fn with_allowance(allowance: u64) -> Self {
        Self(Arc::new(State { allowance, spent: AtomicU64::new(0), stopped: AtomicBool::new(false) }))
    }

    /// Makes every native of the call fail at its next payment: nobody waits for it any more.
    pub fn stop(&self) {
        self.0.stopped.store(true, Ordering::Relaxed);
    }

    /// Stops the work when it is dropped, so that a future that is dropped stops the thread that worked for it.
    #[must_use]
    pub fn stop_on_drop(&self) -> StopOnDrop {
        StopOnDrop(self.clone())
    }

    /// What was used up so far.
    #[must_use]
    pub fn spent(&self) -> u64 {
        self.0.spent.load(Ordering::Relaxed)
    }

    /// Pays for looking at some bytes.
    ///
    /// # Errors
    /// The allowance is used up, or the work was stopped.
    pub(super) fn spend(&self, bytes: usize) -> Result<(), Failure> {
        if self.0.stopped.load(Ordering::Relaxed) {
            return Err(Failure::new(FailureKind::Timeout, "the call was given up before it had an answer"));
        }
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        let before = self.0.spent.fetch_add(bytes, Ordering::Relaxed);
        if before.saturating_add(bytes) <= self.0.allowance {
            return Ok(());
        }
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
