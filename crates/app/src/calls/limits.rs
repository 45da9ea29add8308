//! Calls in flight, counted exactly, so that one user or environment cannot take all of the process; and turns at each
//! host, so that an app which is slow for one environment cannot take all of its connections. Whoever finds a limit reached
//! waits in line. Room for what is asked and answered is `core`'s.

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;
use std::fmt;
use std::time::Duration;
use tokio::time::Instant;
use valetkey_core::queue::{NotAdmitted, Queues, Share};
use valetkey_core::{Bounds, Full, Limit, MemoryBudgets, WAITING};
use valetkey_domain::account::Owner;
use valetkey_domain::id::{AccountId, ConnectionId, EnvironmentId};

/// Counts calls in flight. Clones count together.
#[derive(Clone, Debug)]
pub struct Limits {
    there: (Queues<()>, Queues<EnvironmentId>),
    process: Queues<()>,
    environments: Queues<EnvironmentId>,
    accounts: Queues<CallsOf>,
    /// Calls that wait for their user, none of which is in flight.
    patient: (Queues<()>, Queues<EnvironmentId>, Queues<(ConnectionId, Owner)>),
    /// Calls by the host that they go to.
    bound_for: Queues<(EnvironmentId, String)>,
    hosts: Queues<(EnvironmentId, String)>,
    host_wait: Duration,
    /// What is told of it; it is asked for where it is.
    memory: MemoryBudgets,
    most: Bounds,
}

/// Whose calls are counted together.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum CallsOf {
    /// Those with an account.
    Account(AccountId),
    /// Those of a user who has no account on the connection yet.
    Unconnected(ConnectionId, Owner),
}

/// A call that may wait for its user until this is dropped.
#[derive(Debug)]
pub(super) struct Patience {
    _process: Share<()>,
    _environment: Share<EnvironmentId>,
    _user: Share<(ConnectionId, Owner)>,
}

/// A call that is counted until this is dropped.
#[derive(Debug)]
pub(super) struct CallSlot {
    _there: (Share<()>, Share<EnvironmentId>),
    _account: Share<CallsOf>,
    _host: Option<HostSlot>,
    _environment: Share<EnvironmentId>,
    _process: Share<()>,
}

/// A request that is counted until this is dropped.
pub(super) type HostSlot = Share<(EnvironmentId, String)>;

impl Default for Limits {
    fn default() -> Self {
        let bounds = Bounds::default();
        Self::of(bounds, MemoryBudgets::of(&bounds))
    }
}

impl Limits {
    /// Counts against these bounds.
    #[must_use]
    pub fn of(most: Bounds, memory: MemoryBudgets) -> Self {
        let calls = |most: usize| (most, most.saturating_mul(WAITING));
        let (process, environment) = (calls(most.in_flight), calls(most.in_flight_per_environment));
        let account = calls(most.in_flight_per_account);
        // As many as are in flight and wait, whatever they wait for.
        let there = |(in_flight, waiting): (usize, usize)| in_flight.saturating_add(waiting);
        Self {
            there: (Queues::of(there(process), 0), Queues::of(there(environment), 0)),
            process: Queues::of(process.0, process.1),
            environments: Queues::of(environment.0, environment.1),
            accounts: Queues::of(account.0, account.1),
            patient: (Queues::of(process.0, 0), Queues::of(environment.0, 0), Queues::of(account.0, 0)),
            // Whose host lets them wait takes none of the places that others of their environment need.
            bound_for: Queues::of(calls_at_one_host(&most), there(environment) / 2),
            // Requests are made by calls in flight, which bound how many wait.
            hosts: Queues::of(most.in_flight_per_host, usize::MAX),
            host_wait: most.host_wait,
            memory,
            most,
        }
    }

    /// Makes the counts part of what a scrape is answered with.
    pub fn register(&self, registry: &mut Registry) {
        registry.register_collector(Box::new(self.clone()));
    }

    /// Waits until one more call may be in flight, in the order in which calls came, as long as the call can. `host` is
    /// where it goes, if it goes anywhere.
    pub(super) async fn enter(
        &self,
        environment: &EnvironmentId,
        calls_of: CallsOf,
        host: Option<String>,
        timeout: Duration,
    ) -> Result<CallSlot, Full> {
        let until = Instant::now() + timeout;
        let left = || until.saturating_duration_since(Instant::now());
        let full = |limit, most| move |why| Full { limit, most, why: Some(why) };
        let there = self.counted(environment).await?;
        // The narrowest first: who waits for it takes nothing of what others need.
        let account = self.accounts.wait(calls_of, 1, left()).await;
        let account = account.map_err(full(Limit::InFlightPerAccount, self.most.in_flight_per_account))?;
        let host = match host {
            Some(host) => Some(self.at_host(&self.bound_for, environment, host, left()).await?),
            None => None,
        };
        let environment = self.environments.wait(environment.clone(), 1, left()).await;
        let environment =
            environment.map_err(full(Limit::InFlightPerEnvironment, self.most.in_flight_per_environment))?;
        let process = self.process.wait((), 1, left()).await.map_err(full(Limit::InFlight, self.most.in_flight))?;
        Ok(CallSlot { _there: there, _account: account, _host: host, _environment: environment, _process: process })
    }

    /// Counts a call from its beginning. An account's queue is short, but an environment has as many accounts as it likes:
    /// of those who wait for theirs there are no more than may wait for the environment itself.
    async fn counted(&self, environment: &EnvironmentId) -> Result<(Share<()>, Share<EnvironmentId>), Full> {
        let crowded = |limit, most| move |_: NotAdmitted| Full { limit, most, why: Some(NotAdmitted::QueueFull) };
        let one = self.there.1.wait(environment.clone(), 1, Duration::ZERO).await;
        let one = one.map_err(crowded(Limit::InFlightPerEnvironment, self.most.in_flight_per_environment))?;
        let all = self.there.0.wait((), 1, Duration::ZERO).await;
        Ok((all.map_err(crowded(Limit::InFlight, self.most.in_flight))?, one))
    }

    /// Whether one more call may wait for its user to sign in or to give their word: as many of a user on a connection, of an
    /// environment, and of all, as may be in flight.
    pub(super) async fn patience(
        &self,
        environment: &EnvironmentId,
        connection: &ConnectionId,
        owner: &Owner,
    ) -> Option<Patience> {
        let (processes, environments, users) = &self.patient;
        let user = users.wait((connection.clone(), owner.clone()), 1, Duration::ZERO).await.ok()?;
        let environment = environments.wait(environment.clone(), 1, Duration::ZERO).await.ok()?;
        let process = processes.wait((), 1, Duration::ZERO).await.ok()?;
        Some(Patience { _process: process, _environment: environment, _user: user })
    }

    /// Waits for a turn at a host.
    pub(super) async fn turn(&self, of: &EnvironmentId, host: &str, timeout: Duration) -> Result<HostSlot, Full> {
        self.at_host(&self.hosts, of, host.to_owned(), timeout).await
    }

    async fn at_host(
        &self,
        queues: &Queues<(EnvironmentId, String)>,
        of: &EnvironmentId,
        host: String,
        timeout: Duration,
    ) -> Result<HostSlot, Full> {
        let most = self.most.in_flight_per_host;
        let share = queues.wait((of.clone(), host), 1, timeout.min(self.host_wait)).await;
        share.map_err(|why| Full { limit: Limit::InFlightPerHost, most, why: Some(why) })
    }

    /// Of each limit on calls, how many are in flight of those who are named, and how many may be.
    pub(crate) fn in_flight(&self, environment: &EnvironmentId, account: &AccountId) -> [(Limit, usize, usize); 3] {
        let most = &self.most;
        [
            (
                Limit::InFlightPerAccount,
                self.accounts.used(&CallsOf::Account(account.clone())),
                most.in_flight_per_account,
            ),
            (Limit::InFlightPerEnvironment, self.environments.used(environment), most.in_flight_per_environment),
            (Limit::InFlight, self.process.used(&()), most.in_flight),
        ]
    }

    /// How many of these calls wait for their turn.
    #[cfg(test)]
    pub(super) fn waiting_of(&self, calls_of: &CallsOf) -> usize {
        self.accounts.waiting(calls_of)
    }

    /// How many requests wait for their turn at a host.
    #[cfg(test)]
    pub(super) fn waiting_at(&self, of: &EnvironmentId, host: &str) -> usize {
        self.hosts.waiting(&(of.clone(), host.to_owned()))
    }

    /// Each limit, how much of it is taken (of those that many have: by the one who has most), and how much there is.
    fn used(&self) -> [(Limit, usize, usize); 6] {
        let bounds = &self.most;
        let (bytes, bytes_of_one) = self.memory.used();
        [
            (Limit::InFlight, self.process.most_used(), bounds.in_flight),
            (Limit::InFlightPerEnvironment, self.environments.most_used(), bounds.in_flight_per_environment),
            (Limit::InFlightPerAccount, self.accounts.most_used(), bounds.in_flight_per_account),
            (Limit::InFlightPerHost, self.hosts.most_used(), bounds.in_flight_per_host),
            (Limit::BytesInFlight, bytes, bounds.bytes_in_flight),
            (Limit::BytesInFlightPerEnvironment, bytes_of_one, bounds.bytes_in_flight_per_environment),
        ]
    }

    /// Of each limit that one waits for in line, how many do.
    fn in_line(&self) -> [(Limit, usize); 4] {
        [
            (Limit::InFlight, self.process.all_waiting()),
            (Limit::InFlightPerEnvironment, self.environments.all_waiting()),
            (Limit::InFlightPerAccount, self.accounts.all_waiting()),
            (Limit::InFlightPerHost, self.hosts.all_waiting() + self.bound_for.all_waiting()),
        ]
    }
}

/// How many calls of an environment may be in flight that go to one host: those whose requests are there, and as many that
/// wait for their turn or are between two requests. All others wait without a place, so that half of an environment's stay
/// for its other hosts, unless a host may have more than that.
fn calls_at_one_host(most: &Bounds) -> usize {
    let requests = most.in_flight_per_host;
    requests.max(requests.saturating_mul(2).min(most.in_flight_per_environment / 2))
}

impl Collector for Limits {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let used = self.used();
        let help = "What is in flight; for an environment, an account, a host: for the one with most";
        gauges(&mut encoder, "in_flight", help, used.map(|(limit, used, _)| (limit, used)))?;
        gauges(
            &mut encoder,
            "in_flight_limit",
            "The most that may be in flight",
            used.map(|(limit, _, most)| (limit, most)),
        )?;
        gauges(&mut encoder, "in_line", "What waits in line until less is in flight", self.in_line())
    }
}

fn gauges(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    values: impl IntoIterator<Item = (Limit, usize)>,
) -> fmt::Result {
    let kind = ConstGauge::new(0i64).metric_type();
    let mut family = encoder.encode_descriptor(name, help, None, kind)?;
    for (limit, value) in values {
        let gauge = ConstGauge::new(i64::try_from(value).unwrap_or(i64::MAX));
        gauge.encode(family.encode_family(&[("limit", limit.name())])?)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
