//! Breakers: a token endpoint that is down is left alone for a while, instead of costing each caller its time-out and
//! each account a lost answer.
//!
//! One for each environment and endpoint, in this process. A few failures in a row open it; after a pause one request
//! is let through to try, and what becomes of it closes the breaker or doubles the pause. A breaker delays and never
//! ends an account. What is refreshed ahead of need tries later than what somebody waits for.

mod counts;
mod scrape;

use counts::{Change, Counts};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use url::{Position, Url};
use valetkey_domain::Timestamp;
use valetkey_domain::id::EnvironmentId;

/// Failures in a row that open a breaker.
const FAILURES: u32 = 5;
/// The first pause; each try that fails doubles it.
const FIRST_PAUSE: Duration = Duration::from_secs(10);
/// The longest one.
const LONGEST_PAUSE: Duration = Duration::from_secs(5 * 60);
/// How much longer a request that nobody waits for leaves the first try to others.
const COURTESY: Duration = Duration::from_secs(30);
/// What was not heard of for so long is forgotten.
const FORGOTTEN: Duration = Duration::from_secs(60 * 60);
/// How many endpoints are remembered at a time.
const MOST: usize = 10_000;

/// Whether somebody waits for a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Urgency {
    /// A call needs the token now.
    OnUse,
    /// Nobody asked yet.
    Ahead,
}

impl Urgency {
    /// It in one word, for metrics.
    const fn as_str(self) -> &'static str {
        match self {
            Self::OnUse => "on_use",
            Self::Ahead => "ahead",
        }
    }
}

/// How a request to an endpoint ended, as far as the endpoint is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It answered.
    Works,
    /// It is down.
    Down,
}

/// One endpoint's state, without a clock of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Requests go through; so many have failed since the last that didn't.
    Closed { failures: u32 },
    /// None goes through until then.
    Open { until: Timestamp, pause: Duration },
    /// One is on its way to try.
    Trying { pause: Duration },
}

impl State {
    /// Whether a request may go now, and whether it is the try; or how long to wait.
    fn admit(&mut self, now: Timestamp, urgency: Urgency) -> Result<bool, Duration> {
        match *self {
            Self::Closed { .. } => Ok(false),
            Self::Trying { .. } => Err(FIRST_PAUSE),
            Self::Open { until, pause } => {
                let open = remaining(until, now);
                let wait = if urgency == Urgency::Ahead { remaining(until + COURTESY, now) } else { open };
                // An end that is further away than any pause was set by a clock that has been put back since.
                if wait.is_zero() || open > LONGEST_PAUSE {
                    *self = Self::Trying { pause };
                    return Ok(true);
                }
                Err(wait)
            }
        }
    }

    /// Counts a failure; says how and for how long it has opened, if it has by this one.
    fn failed(&mut self, now: Timestamp, trying: bool) -> Option<(Change, Duration)> {
        let (change, pause) = match *self {
            Self::Closed { failures } if failures + 1 >= FAILURES => (Change::Opened, FIRST_PAUSE),
            Self::Closed { failures } => {
                *self = Self::Closed { failures: failures + 1 };
                return None;
            }
            Self::Trying { pause } if trying => (Change::Reopened, (pause * 2).min(LONGEST_PAUSE)),
            // A request from before it opened says nothing new.
            Self::Trying { .. } | Self::Open { .. } => return None,
        };
        *self = Self::Open { until: now + pause, pause };
        Some((change, pause))
    }

    /// The try came to nothing that says how the endpoint is: the next request tries.
    fn abandon(&mut self, now: Timestamp) {
        if let Self::Trying { pause } = *self {
            *self = Self::Open { until: now, pause };
        }
    }
}

fn remaining(until: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(until.duration_since(now)).unwrap_or_default()
}

/// A token endpoint as one environment's accounts see it: host and path.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Endpoint {
    environment: EnvironmentId,
    address: String,
}

impl Endpoint {
    pub(super) fn new(environment: &EnvironmentId, token_url: &str) -> Self {
        Self { environment: environment.clone(), address: address(token_url) }
    }

    /// The address without its query.
    pub(super) fn address(&self) -> &str {
        &self.address
    }
}

fn address(token_url: &str) -> String {
    let url = Url::parse(token_url);
    url.map_or_else(|_| token_url.to_owned(), |url| url[Position::BeforeScheme..Position::AfterPath].to_owned())
}

/// The breakers of this process. An endpoint that works costs nothing here.
#[derive(Clone, Debug, Default)]
pub(super) struct Breakers {
    entries: Arc<Mutex<HashMap<Endpoint, BreakerEntry>>>,
    counts: Counts,
}

#[derive(Debug)]
struct BreakerEntry {
    state: State,
    last_heard: Timestamp,
}

impl Breakers {
    /// Lets a request to the endpoint through, or says how long to wait.
    pub(super) fn admit(&self, endpoint: &Endpoint, now: Timestamp, urgency: Urgency) -> Result<Permit, Duration> {
        let admitted = self.locked().get_mut(endpoint).map_or(Ok(false), |entry| entry.state.admit(now, urgency));
        let trying = admitted.inspect_err(|_| self.counts.refused(urgency.as_str()))?;
        Ok(Permit { breakers: self.clone(), endpoint: endpoint.clone(), since: now, trying })
    }

    /// Whether requests that nobody waits for had better not go to the endpoint now.
    pub(super) fn is_open(&self, endpoint: &Endpoint, now: Timestamp) -> bool {
        let state = self.locked().get(endpoint).map(|entry| entry.state);
        state.is_some_and(|mut state| state.admit(now, Urgency::Ahead).is_err())
    }

    fn locked(&self) -> MutexGuard<'_, HashMap<Endpoint, BreakerEntry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn failed(&self, endpoint: &Endpoint, now: Timestamp, trying: bool) {
        let mut all = self.locked();
        if !all.contains_key(endpoint) {
            all.retain(|_, entry| entry.last_heard + FORGOTTEN > now);
            // Endpoints may be each account's own: what is beyond is asked each time.
            if all.len() >= MOST {
                return;
            }
        }
        let entry = all
            .entry(endpoint.clone())
            .or_insert(BreakerEntry { state: State::Closed { failures: 0 }, last_heard: now });
        entry.last_heard = now;
        if let Some((change, pause)) = entry.state.failed(now, trying) {
            self.counts.changed(change);
            let seconds = pause.as_secs();
            tracing::warn!(
                endpoint = endpoint.address,
                seconds,
                "a token endpoint is down: it is left alone for a while"
            );
        }
    }

    fn works(&self, endpoint: &Endpoint) {
        let before = self.locked().remove(endpoint);
        if before.is_some_and(|entry| !matches!(entry.state, State::Closed { .. })) {
            self.counts.changed(Change::Closed);
            tracing::info!(endpoint = endpoint.address, "a token endpoint answers again");
        }
    }
}

/// One request that was let through. Dropped without a verdict it says nothing about the endpoint.
#[derive(Debug)]
pub(super) struct Permit {
    breakers: Breakers,
    endpoint: Endpoint,
    since: Timestamp,
    trying: bool,
}

impl Permit {
    /// Tells how the request ended.
    pub(super) fn end(mut self, now: Timestamp, verdict: Verdict) {
        match verdict {
            Verdict::Works => self.breakers.works(&self.endpoint),
            Verdict::Down => self.breakers.failed(&self.endpoint, now, self.trying),
        }
        self.trying = false;
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if self.trying
            && let Some(entry) = self.breakers.locked().get_mut(&self.endpoint)
        {
            entry.state.abandon(self.since);
        }
    }
}

#[cfg(test)]
mod tests;
