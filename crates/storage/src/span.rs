//! Spans of time as the ids between which their rows lie: an id begins with its time.

use valetkey_domain::Timestamp;
use valetkey_domain::id::ulid_time;

/// What all ids of a prefix sort before.
const END: &str = "~";

/// The ids of a span of time, both ends left out.
pub(crate) struct Span {
    /// All ids are greater.
    pub(crate) first: String,
    /// All ids are less.
    pub(crate) end: String,
}

impl Span {
    /// Of what was made from `from` on and before `to`, where ids have this prefix.
    pub(crate) fn of(prefix: &'static str, from: Option<Timestamp>, to: Option<Timestamp>) -> Self {
        let at = |time: Option<Timestamp>, open: &str| {
            format!("{prefix}{}", time.map_or_else(|| open.to_owned(), ulid_time))
        };
        Self { first: at(from, ""), end: at(to, END) }
    }
}
