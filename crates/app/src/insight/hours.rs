//! The hours that are over, as they were summed once.

use crate::at_work::AtWork;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};
use valetkey_domain::id::EnvironmentId;
use valetkey_storage::journal::calls::Sum;

/// The length of an hour, in seconds.
pub(super) const HOUR: i64 = 3_600;

/// The most environments of which hours are kept.
const MOST: usize = 1_000;

/// How often calls of an hour ended how, by the journal's words.
pub(super) type Outcomes = BTreeMap<String, i64>;

/// The hours that are kept, by environment.
#[derive(Default)]
pub(crate) struct KeptHours {
    hours: Mutex<HashMap<EnvironmentId, Hours>>,
    /// Whose older hours are being summed.
    pub(super) summing: AtWork<EnvironmentId>,
}

/// Hours of one environment.
#[derive(Clone, Default)]
pub(super) struct Hours {
    /// Up to which second everything is summed.
    pub(super) until: i64,
    /// By the second at which they begin.
    pub(super) kept: BTreeMap<i64, Outcomes>,
}

impl KeptHours {
    /// What is kept of an environment.
    pub(super) fn of(&self, environment: &EnvironmentId) -> Hours {
        self.lock().get(environment).cloned().unwrap_or_default()
    }

    /// Keeps the hours that are over.
    pub(super) fn keep(&self, environment: &EnvironmentId, all: &Hours, over: i64) {
        let mut kept = all.clone();
        drop(kept.kept.split_off(&over));
        kept.until = over;
        let mut hours = self.lock();
        // Whoever is looked at now takes the place of another one, which is summed again if it is looked at.
        if hours.len() >= MOST && !hours.contains_key(environment) {
            let other = hours.keys().next().cloned();
            other.map(|other| hours.remove(&other));
        }
        hours.insert(environment.clone(), kept);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<EnvironmentId, Hours>> {
        self.hours.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Hours {
    /// Adds sums of the hours since `begin`.
    pub(super) fn add(&mut self, begin: i64, sums: &[Sum]) {
        for sum in sums {
            // The time of a record and that in its id may differ by a millisecond.
            let hour = begin + sum.part.max(0) * HOUR;
            *self.kept.entry(hour).or_default().entry(sum.outcome.clone()).or_default() += sum.count;
        }
    }
}
