//! Calls in flight, counted exactly, so that one user or environment cannot take all of the process.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use valetkey_domain::id::{AccountId, EnvironmentId};

/// The most calls in flight.
#[derive(Clone, Copy, Debug)]
struct Most {
    process: usize,
    environment: usize,
    account: usize,
}

/// Counts calls in flight. Clones count together.
#[derive(Clone)]
pub struct Limits {
    most: Most,
    counts: Arc<Mutex<Counts>>,
}

#[derive(Default)]
struct Counts {
    process: usize,
    environments: HashMap<EnvironmentId, usize>,
    accounts: HashMap<AccountId, usize>,
}

/// A call that is counted until this is dropped.
pub(super) struct InFlight {
    environment: EnvironmentId,
    account: AccountId,
    counts: Arc<Mutex<Counts>>,
}

/// A limit that is reached.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Full {
    of: &'static str,
    most: usize,
}

impl fmt::Display for Full {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} calls are in flight for this {}, which is the limit", self.most, self.of)
    }
}

impl Default for Limits {
    /// 1,000 in the process, 256 in an environment, 8 on an account.
    fn default() -> Self {
        Self::of(Most { process: 1_000, environment: 256, account: 8 })
    }
}

impl Limits {
    fn of(most: Most) -> Self {
        Self { most, counts: Arc::default() }
    }

    /// Counts one more call.
    pub(super) fn enter(&self, environment: &EnvironmentId, account: &AccountId) -> Result<InFlight, Full> {
        let mut counts = locked(&self.counts);
        let full = |of, count: usize, most| if count >= most { Err(Full { of, most }) } else { Ok(()) };
        let held = |count: Option<&usize>| count.copied().unwrap_or(0);
        full("account", held(counts.accounts.get(account)), self.most.account)?;
        full("environment", held(counts.environments.get(environment)), self.most.environment)?;
        full("server", counts.process, self.most.process)?;
        counts.process += 1;
        *counts.environments.entry(environment.clone()).or_default() += 1;
        *counts.accounts.entry(account.clone()).or_default() += 1;
        let counts = self.counts.clone();
        Ok(InFlight { environment: environment.clone(), account: account.clone(), counts })
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        let mut counts = locked(&self.counts);
        counts.process = counts.process.saturating_sub(1);
        leave(counts.environments.entry(self.environment.clone()));
        leave(counts.accounts.entry(self.account.clone()));
    }
}

/// One less; nothing is kept for who has no call in flight, so memory follows the calls and not the accounts.
fn leave<K: Hash + Eq>(entry: Entry<'_, K, usize>) {
    if let Entry::Occupied(mut count) = entry {
        *count.get_mut() = count.get().saturating_sub(1);
        if *count.get() == 0 {
            count.remove();
        }
    }
}

/// The counts are right after every statement, so a holder that panicked left nothing broken.
fn locked(counts: &Mutex<Counts>) -> MutexGuard<'_, Counts> {
    counts.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(n: usize) -> AccountId {
        AccountId::parse(&format!("ca_{n}")).unwrap()
    }

    fn environment(n: usize) -> EnvironmentId {
        EnvironmentId::parse(&format!("env_{n}")).unwrap()
    }

    #[test]
    fn each_limit_holds_for_its_own_and_no_other() {
        let limits = Limits::of(Most { process: 5, environment: 3, account: 2 });
        let mut held = vec![];
        let mut enter = |e, a| match limits.enter(&environment(e), &account(a)) {
            Ok(place) => {
                held.push(place);
                "in"
            }
            Err(full) => full.of,
        };
        assert_eq!([enter(1, 1), enter(1, 1), enter(1, 1)], ["in", "in", "account"]);
        assert_eq!([enter(1, 2), enter(1, 3)], ["in", "environment"]);
        assert_eq!([enter(2, 4), enter(2, 5), enter(2, 6)], ["in", "in", "server"]);
        held.clear();
        assert!(limits.enter(&environment(1), &account(1)).is_ok());
    }

    #[test]
    fn nothing_is_kept_of_calls_that_ended() {
        let limits = Limits::default();
        for n in 0..100 {
            drop(limits.enter(&environment(n), &account(n)).unwrap());
        }
        let counts = locked(&limits.counts);
        assert_eq!((counts.process, counts.environments.len(), counts.accounts.len()), (0, 0, 0));
    }
}
