//! A clock that tests move, an Rng that they seed, a database of their own, a way to it that loses answers, and a body
//! that they hold back. Only ever a dev-dependency: a release in which time or randomness could be steered would not be
//! safe, and a test of the server looks that none of this is in it.

mod gated_body;
mod lossy_postgres;
mod postgres;
mod round_trips;

pub use gated_body::GatedBody;
pub use lossy_postgres::LossyPostgres;
pub use postgres::{POSTGRES_VARIABLE, only_on_postgres, postgres};
pub use round_trips::RoundTrips;

use rand::{Rng as _, SeedableRng, rngs::StdRng};
use std::sync::Mutex;
use std::time::Duration;
use valetkey_domain::{Clock, Rng, Timestamp};

/// A clock that stands still until it is moved.
#[derive(Debug)]
pub struct ManualClock(Mutex<Timestamp>);

impl ManualClock {
    /// A clock that stands at this instant.
    #[must_use]
    pub fn at(now: Timestamp) -> Self {
        Self(Mutex::new(now))
    }

    /// Moves it forward.
    #[expect(clippy::expect_used, reason = "only tests use this crate, and a failed one should stop")]
    pub fn advance(&self, by: Duration) {
        *self.0.lock().expect("no holder panics") += by;
    }
}

impl Default for ManualClock {
    /// A Monday morning in 2026.
    fn default() -> Self {
        Self::at(Timestamp::from_second(1_790_000_000).unwrap_or(Timestamp::UNIX_EPOCH))
    }
}

impl Clock for ManualClock {
    #[expect(clippy::expect_used, reason = "only tests use this crate, and a failed one should stop")]
    fn now(&self) -> Timestamp {
        *self.0.lock().expect("no holder panics")
    }
}

/// Numbers that come again with the same seed.
#[derive(Debug)]
pub struct SeededRng(Mutex<StdRng>);

impl SeededRng {
    /// The sequence of this seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(Mutex::new(StdRng::seed_from_u64(seed)))
    }
}

impl Rng for SeededRng {
    #[expect(clippy::expect_used, reason = "only tests use this crate, and a failed one should stop")]
    fn next_u128(&self) -> u128 {
        self.0.lock().expect("no holder panics").random()
    }
}
