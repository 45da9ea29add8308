//! A limit that is reached, in words for whoever it keeps out.

use crate::bounds::Limit;
use crate::queue::NotAdmitted;
use std::fmt;

/// For each call that is in flight, so many may wait.
pub const WAITING: usize = 4;

/// A limit that is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Full {
    /// Which.
    pub limit: Limit,
    /// How much there is of it.
    pub most: usize,
    /// Why one more does not wait; nothing where that says nothing.
    pub why: Option<NotAdmitted>,
}

impl fmt::Display for Full {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, of) = match self.limit {
            Limit::InFlightPerAccount => ("calls", "this account"),
            Limit::InFlightPerEnvironment => ("calls", "this environment"),
            Limit::InFlightPerHost => ("requests", "this app's host"),
            Limit::BytesInFlight => ("bytes of questions and answers", "this server"),
            Limit::BytesInFlightPerEnvironment => ("bytes of questions and answers", "this environment"),
            _ => ("calls", "this server"),
        };
        write!(f, "{} {what} are in flight for {of}, which is the limit ({})", self.most, self.limit.name())?;
        match self.why {
            Some(NotAdmitted::QueueFull) if self.limit == Limit::InFlightPerHost => {
                f.write_str(", and as many wait as may")
            }
            Some(NotAdmitted::QueueFull) => write!(f, ", and {WAITING} times as many wait"),
            Some(NotAdmitted::TimedOut) => f.write_str(", and none of them ended in time"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Full {}
