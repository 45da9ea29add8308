//! A webhook whose receiver is down rests as a whole: with a thousand accounts to tell of, one try says as much as a thousand.
//!
//! Some failures in a row, whichever accounts they were about, let it rest; then one event is tried, and what becomes of it
//! ends the rest or doubles it. That is this process's own, as it is of token endpoints: it delays, and gives up nothing.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use valetkey_domain::Timestamp;
use valetkey_domain::id::WebhookId;

/// Failures in a row before a webhook rests.
const FAILURES: u32 = 5;
/// The first rest; each try that fails doubles it.
const FIRST: Duration = Duration::from_secs(10);
/// The longest one.
const LONGEST: Duration = Duration::from_secs(15 * 60);
/// What was not heard of for so long is forgotten.
const FORGOTTEN: Duration = Duration::from_secs(24 * 60 * 60);

/// The webhooks that failed last.
#[derive(Clone, Debug, Default)]
pub(super) struct Rests(Arc<Mutex<HashMap<WebhookId, Rest>>>);

#[derive(Debug)]
struct Rest {
    failures: u32,
    until: Option<Timestamp>,
    trying: bool,
    heard: Timestamp,
}

/// Leave to tell a webhook. The only one that there is, where it has rested.
#[derive(Debug)]
pub(super) struct Leave {
    rests: Rests,
    webhook: WebhookId,
    trying: bool,
}

impl Rests {
    /// None while the webhook rests, or somebody tries already whether its rest is over.
    pub(super) fn leave(&self, webhook: &WebhookId, now: Timestamp) -> Option<Leave> {
        let mut all = self.locked();
        let leave = |trying| Leave { rests: self.clone(), webhook: webhook.clone(), trying };
        let Some(rest) = all.get_mut(webhook) else { return Some(leave(false)) };
        let Some(until) = rest.until else { return Some(leave(false)) };
        // An end that is further away than any rest was set by a clock that has been put back since.
        if rest.trying || (until > now && until <= now + LONGEST) {
            return None;
        }
        rest.trying = true;
        Some(leave(true))
    }

    /// Until when it rests, if it does.
    pub(super) fn until(&self, webhook: &WebhookId) -> Option<Timestamp> {
        self.locked().get(webhook).and_then(|rest| rest.until)
    }

    /// Its receiver answered, or it is another one from now on.
    pub(super) fn end(&self, webhook: &WebhookId) {
        self.locked().remove(webhook);
    }

    /// Its receiver is down.
    pub(super) fn failed(&self, webhook: &WebhookId, now: Timestamp) {
        let mut all = self.locked();
        all.retain(|_, rest| rest.heard + FORGOTTEN > now);
        let new = Rest { failures: 0, until: None, trying: false, heard: now };
        let rest = all.entry(webhook.clone()).or_insert(new);
        // Who was let go before the rest began tells nothing new.
        if rest.until.is_some_and(|until| until > now) {
            return;
        }
        rest.failures = rest.failures.saturating_add(1);
        rest.heard = now;
        if let Some(beyond) = rest.failures.checked_sub(FAILURES) {
            let pause = FIRST.saturating_mul(1 << beyond.min(16)).min(LONGEST);
            (rest.until, rest.trying) = (Some(now + pause), false);
            tracing::warn!(%webhook, seconds = pause.as_secs(), "a webhook's receiver is down: it rests for a while");
        }
    }

    fn locked(&self) -> MutexGuard<'_, HashMap<WebhookId, Rest>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Leave {
    fn drop(&mut self) {
        if self.trying
            && let Some(rest) = self.rests.locked().get_mut(&self.webhook)
        {
            rest.trying = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rests_grow_one_tries_and_an_answer_ends_them() {
        let (rests, hook) = (Rests::default(), WebhookId::parse("whk_1").unwrap());
        let other = WebhookId::parse("whk_2").unwrap();
        let mut now = Timestamp::UNIX_EPOCH;
        for _ in 1..FAILURES {
            rests.failed(&hook, now);
            assert!(rests.leave(&hook, now).is_some());
        }
        rests.failed(&hook, now);
        rests.failed(&hook, now);
        assert!(rests.leave(&hook, now).is_none() && rests.leave(&other, now).is_some());
        assert_eq!(rests.until(&hook), Some(now + FIRST), "what was under way with it counts once");
        let mut pause = FIRST;
        for _ in 0..10 {
            now += pause;
            let leave = rests.leave(&hook, now).unwrap();
            assert!(rests.leave(&hook, now).is_none(), "one tries");
            rests.failed(&hook, now);
            drop(leave);
            pause = (pause * 2).min(LONGEST);
            assert_eq!(rests.until(&hook), Some(now + pause));
        }
        now += pause;
        drop(rests.leave(&hook, now).unwrap());
        assert!(rests.leave(&hook, now).is_some(), "who came to nothing leaves the try to others");
        rests.end(&hook);
        assert!(rests.leave(&hook, now).is_some() && rests.until(&hook).is_none());
    }
}
