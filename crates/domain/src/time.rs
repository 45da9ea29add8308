//! Time as the system sees it: `now`, and nothing else. Sleeping is the runtime's business.

pub use jiff::Timestamp;

/// Where `now` comes from. The server has the system's clock; tests have one that they move.
pub trait Clock: Send + Sync {
    /// The present instant, to the millisecond at least.
    fn now(&self) -> Timestamp;

    /// Whether this is the time that all processes of the installation go by. A clock that follows another one and has
    /// not heard from it for too long is not: nothing may then be decided by it.
    fn sure(&self) -> bool {
        true
    }
}

/// The system's clock, as it is.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the system's clock")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// Milliseconds since 1970 as stored in the database.
#[must_use]
pub fn to_millis(at: Timestamp) -> i64 {
    at.as_millisecond()
}

/// The instant that a stored number of milliseconds names; out of range is clamped to the nearest end.
#[must_use]
pub fn from_millis(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(millis).unwrap_or(if millis < 0 { Timestamp::MIN } else { Timestamp::MAX })
}
