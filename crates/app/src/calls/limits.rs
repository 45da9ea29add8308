//! Calls in flight, counted exactly, so that one user or environment cannot take all of the process; and turns at each
//! host, so that an app which is slow for one environment cannot take all of its connections.

mod turns;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;
use std::hash::Hash;
use std::sync::{Arc, Mutex};
use turns::{Turn, Turns, locked};
use valetkey_core::{Bounds, Limit};
use valetkey_domain::id::{AccountId, EnvironmentId};

/// Counts calls in flight. Clones count together.
#[derive(Clone, Debug)]
pub struct Limits {
    most: Bounds,
    counts: Arc<Mutex<Counts>>,
    turns: Turns,
}

#[derive(Debug, Default)]
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
    pub(super) limit: Limit,
    most: usize,
}

impl fmt::Display for Full {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, of) = match self.limit {
            Limit::InFlightPerAccount => ("calls", "this account"),
            Limit::InFlightPerEnvironment => ("calls", "this environment"),
            Limit::InFlightPerHost => ("requests", "this app's host"),
            _ => ("calls", "this server"),
        };
        write!(f, "{} {what} are in flight for {of}, which is the limit ({})", self.most, self.limit.name())
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::of(Bounds::default())
    }
}

impl Limits {
    /// Counts against these bounds.
    #[must_use]
    pub fn of(most: Bounds) -> Self {
        Self { most, counts: Arc::default(), turns: Turns::of(most.in_flight_per_host, most.host_wait) }
    }

    /// Makes the counts part of what a scrape is answered with.
    pub fn register(&self, registry: &mut Registry) {
        registry.register_collector(Box::new(self.clone()));
    }

    /// Counts one more call.
    pub(super) fn enter(&self, environment: &EnvironmentId, account: &AccountId) -> Result<InFlight, Full> {
        let mut counts = locked(&self.counts);
        let full = |limit, count: usize, most| if count >= most { Err(Full { limit, most }) } else { Ok(()) };
        let held = |count: Option<&usize>| count.copied().unwrap_or(0);
        let most = &self.most;
        full(Limit::InFlightPerAccount, held(counts.accounts.get(account)), most.in_flight_per_account)?;
        let here = held(counts.environments.get(environment));
        full(Limit::InFlightPerEnvironment, here, most.in_flight_per_environment)?;
        full(Limit::InFlight, counts.process, most.in_flight)?;
        counts.process += 1;
        *counts.environments.entry(environment.clone()).or_default() += 1;
        *counts.accounts.entry(account.clone()).or_default() += 1;
        let counts = self.counts.clone();
        Ok(InFlight { environment: environment.clone(), account: account.clone(), counts })
    }

    /// Waits for a turn at a host.
    pub(super) async fn turn(&self, environment: &EnvironmentId, host: &str) -> Result<Turn, Full> {
        let most = self.most.in_flight_per_host;
        self.turns.wait(environment, host).await.ok_or(Full { limit: Limit::InFlightPerHost, most })
    }

    /// Each limit, how much of it is taken (of those that many have: by the one who has most), and how much there is.
    fn taken(&self) -> [(Limit, usize, usize); 4] {
        let counts = locked(&self.counts);
        let most = |counts: &mut dyn Iterator<Item = &usize>| counts.max().copied().unwrap_or(0);
        let bounds = &self.most;
        let environment = most(&mut counts.environments.values());
        let account = most(&mut counts.accounts.values());
        [
            (Limit::InFlight, counts.process, bounds.in_flight),
            (Limit::InFlightPerEnvironment, environment, bounds.in_flight_per_environment),
            (Limit::InFlightPerAccount, account, bounds.in_flight_per_account),
            (Limit::InFlightPerHost, self.turns.most_taken(), bounds.in_flight_per_host),
        ]
    }
}

impl Collector for Limits {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let taken = self.taken();
        let help = "What is in flight; for an environment, an account, a host: for the one with most";
        gauges(&mut encoder, "in_flight", help, taken.map(|(limit, taken, _)| (limit, taken)))?;
        gauges(
            &mut encoder,
            "in_flight_limit",
            "The most that may be in flight",
            taken.map(|(limit, _, most)| (limit, most)),
        )
    }
}

fn gauges(encoder: &mut DescriptorEncoder<'_>, name: &str, help: &str, values: [(Limit, usize); 4]) -> fmt::Result {
    let kind = ConstGauge::new(0i64).metric_type();
    let mut family = encoder.encode_descriptor(name, help, None, kind)?;
    for (limit, value) in values {
        let gauge = ConstGauge::new(i64::try_from(value).unwrap_or(i64::MAX));
        gauge.encode(family.encode_family(&[("limit", limit.name())])?)?;
    }
    Ok(())
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

#[cfg(test)]
mod tests {
    use super::*;

    fn account(n: usize) -> AccountId {
        AccountId::parse(&format!("ca_{n}")).unwrap()
    }

    fn environment(n: usize) -> EnvironmentId {
        EnvironmentId::parse(&format!("env_{n}")).unwrap()
    }

    fn small() -> Limits {
        let bounds = Bounds::default();
        Limits::of(Bounds { in_flight: 5, in_flight_per_environment: 3, in_flight_per_account: 2, ..bounds })
    }

    #[test]
    fn attack_74_each_limit_holds_for_its_own_and_no_other() {
        let limits = small();
        let mut held = vec![];
        let mut enter = |e, a| match limits.enter(&environment(e), &account(a)) {
            Ok(place) => {
                held.push(place);
                "in"
            }
            Err(full) => full.limit.name(),
        };
        assert_eq!([enter(1, 1), enter(1, 1), enter(1, 1)], ["in", "in", "in_flight_per_account"]);
        assert_eq!([enter(1, 2), enter(1, 3)], ["in", "in_flight_per_environment"]);
        assert_eq!([enter(2, 4), enter(2, 5), enter(2, 6)], ["in", "in", "in_flight"]);
        held.clear();
        assert!(limits.enter(&environment(1), &account(1)).is_ok());
    }

    #[test]
    fn what_is_taken_is_said_of_the_one_who_has_most() {
        let limits = small();
        let held = [(1, 1), (1, 1), (2, 2)].map(|(e, a)| limits.enter(&environment(e), &account(a)).ok().unwrap());
        let taken = limits.taken().map(|(_, taken, most)| (taken, most));
        assert_eq!(taken, [(3, 5), (2, 3), (2, 2), (0, 32)]);
        drop(held);
        assert_eq!(limits.taken().map(|(_, taken, _)| taken), [0; 4]);
    }

    #[test]
    fn nothing_is_kept_of_calls_that_ended() {
        let limits = Limits::default();
        for n in 0..100 {
            drop(limits.enter(&environment(n), &account(n)).ok().unwrap());
        }
        let counts = locked(&limits.counts);
        assert_eq!((counts.process, counts.environments.len(), counts.accounts.len()), (0, 0, 0));
    }
}
