//! Breakers: a token endpoint that is down is left alone for a while, instead of costing each caller its time-out and
//! each account a lost answer.
//!
//! One for each environment and endpoint, in this process. A few failures in a row open it; after a pause one request
//! is let through to try, and what becomes of it closes the breaker or doubles the pause. A breaker delays and never
//! ends an account. What is refreshed ahead of need tries later than what somebody waits for.

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

/// Whether somebody waits for a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Urgency {
    /// A call needs the token now.
    OnUse,
    /// Nobody asked yet.
    Ahead,
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

    /// Counts a failure; says for how long it has opened, if it has by this one.
    fn failed(&mut self, now: Timestamp, trying: bool) -> Option<Duration> {
        let pause = match *self {
            Self::Closed { failures } if failures + 1 >= FAILURES => FIRST_PAUSE,
            Self::Closed { failures } => {
                *self = Self::Closed { failures: failures + 1 };
                return None;
            }
            Self::Trying { pause } if trying => (pause * 2).min(LONGEST_PAUSE),
            // A request from before it opened says nothing new.
            Self::Trying { .. } | Self::Open { .. } => return None,
        };
        *self = Self::Open { until: now + pause, pause };
        Some(pause)
    }

    /// The try came to nothing that says how the endpoint is: the next request tries.
    fn given_up(&mut self, now: Timestamp) {
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
pub(super) struct Breakers(Arc<Mutex<HashMap<Endpoint, Kept>>>);

#[derive(Debug)]
struct Kept {
    state: State,
    heard: Timestamp,
}

impl Breakers {
    /// Lets a request to the endpoint through, or says how long to wait.
    pub(super) fn admit(&self, endpoint: &Endpoint, now: Timestamp, urgency: Urgency) -> Result<Permit, Duration> {
        let trying = match self.locked().get_mut(endpoint) {
            Some(kept) => kept.state.admit(now, urgency)?,
            None => false,
        };
        Ok(Permit { breakers: self.clone(), endpoint: endpoint.clone(), since: now, trying })
    }

    /// Whether requests that nobody waits for had better not go to the endpoint now.
    pub(super) fn holds(&self, endpoint: &Endpoint, now: Timestamp) -> bool {
        let state = self.locked().get(endpoint).map(|kept| kept.state);
        state.is_some_and(|mut state| state.admit(now, Urgency::Ahead).is_err())
    }

    fn locked(&self) -> MutexGuard<'_, HashMap<Endpoint, Kept>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn failed(&self, endpoint: &Endpoint, now: Timestamp, trying: bool) {
        let mut all = self.locked();
        if !all.contains_key(endpoint) {
            all.retain(|_, kept| kept.heard + FORGOTTEN > now);
        }
        let kept = all.entry(endpoint.clone()).or_insert(Kept { state: State::Closed { failures: 0 }, heard: now });
        kept.heard = now;
        if let Some(pause) = kept.state.failed(now, trying) {
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
        if before.is_some_and(|kept| !matches!(kept.state, State::Closed { .. })) {
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
            && let Some(kept) = self.breakers.locked().get_mut(&self.endpoint)
        {
            kept.state.given_up(self.since);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Urgency::{Ahead, OnUse};

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + seconds).unwrap()
    }

    fn endpoint(environment: &str) -> Endpoint {
        Endpoint::new(&EnvironmentId::parse(environment).unwrap(), "https://p.example/token?tenant=1")
    }

    fn fail(breakers: &Breakers, times: u32, now: Timestamp) {
        for _ in 0..times {
            breakers.admit(&endpoint("env_1"), now, OnUse).unwrap().end(now, Verdict::Down);
        }
    }

    fn wait(breakers: &Breakers, now: Timestamp, urgency: Urgency) -> Option<u64> {
        breakers.admit(&endpoint("env_1"), now, urgency).err().map(|wait| wait.as_secs())
    }

    #[test]
    fn five_failures_in_a_row_open_it_and_an_answer_between_starts_anew() {
        let breakers = Breakers::default();
        fail(&breakers, 4, at(0));
        breakers.admit(&endpoint("env_1"), at(0), OnUse).unwrap().end(at(0), Verdict::Works);
        fail(&breakers, 4, at(0));
        assert_eq!(wait(&breakers, at(0), OnUse), None);
        fail(&breakers, 1, at(0));
        assert_eq!(wait(&breakers, at(3), OnUse), Some(7));
        assert!(breakers.admit(&endpoint("env_2"), at(3), OnUse).is_ok(), "another environment goes on");
    }

    #[test]
    fn after_the_pause_one_tries_and_closes_it_or_doubles_the_pause() {
        let breakers = Breakers::default();
        fail(&breakers, 5, at(0));
        let permit = breakers.admit(&endpoint("env_1"), at(10), OnUse).unwrap();
        assert_eq!(wait(&breakers, at(10), OnUse), Some(10), "one at a time");
        permit.end(at(11), Verdict::Down);
        assert_eq!(wait(&breakers, at(11), OnUse), Some(20));
        breakers.admit(&endpoint("env_1"), at(31), OnUse).unwrap().end(at(31), Verdict::Works);
        assert_eq!(wait(&breakers, at(31), OnUse), None);
        assert!(breakers.locked().is_empty());
    }

    #[test]
    fn the_pause_has_a_longest_length() {
        let breakers = Breakers::default();
        fail(&breakers, 5, at(0));
        let mut now = at(0);
        for _ in 0..10 {
            now += LONGEST_PAUSE;
            breakers.admit(&endpoint("env_1"), now, OnUse).unwrap().end(now, Verdict::Down);
        }
        assert_eq!(wait(&breakers, now, OnUse), Some(LONGEST_PAUSE.as_secs()));
    }

    #[test]
    fn what_nobody_waits_for_leaves_the_try_to_others_but_not_for_ever() {
        let breakers = Breakers::default();
        fail(&breakers, 5, at(0));
        assert_eq!(wait(&breakers, at(10), Ahead), Some(30));
        assert!(breakers.holds(&endpoint("env_1"), at(39)));
        assert!(!breakers.holds(&endpoint("env_1"), at(40)));
        assert_eq!(wait(&breakers, at(40), Ahead), None);
    }

    #[test]
    fn a_try_without_a_verdict_lets_the_next_one_try() {
        let breakers = Breakers::default();
        fail(&breakers, 5, at(0));
        drop(breakers.admit(&endpoint("env_1"), at(10), OnUse).unwrap());
        assert_eq!(wait(&breakers, at(10), OnUse), None);
    }

    #[test]
    fn requests_from_before_it_opened_change_nothing_but_by_an_answer() {
        let breakers = Breakers::default();
        let early: Vec<_> = (0..8).map(|_| breakers.admit(&endpoint("env_1"), at(0), OnUse).unwrap()).collect();
        for permit in early {
            permit.end(at(1), Verdict::Down);
        }
        assert_eq!(wait(&breakers, at(1), OnUse), Some(10), "no longer for the three that came after");
    }

    #[test]
    fn attack_24_a_clock_that_is_put_back_keeps_nothing_shut() {
        let breakers = Breakers::default();
        fail(&breakers, 5, at(3_600));
        assert_eq!(wait(&breakers, at(0), OnUse), None);
    }

    #[test]
    fn an_endpoint_is_host_and_path() {
        assert_eq!(endpoint("env_1").address(), "https://p.example/token");
        assert_ne!(endpoint("env_1"), Endpoint::new(&endpoint("env_1").environment, "https://p.example/token2"));
    }
}
