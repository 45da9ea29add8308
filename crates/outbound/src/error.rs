//! What can go wrong on the way out, in words that name the host and what to do, and nothing of a URL's query or of a
//! header.

use crate::cause;
use crate::resolve::{ForbiddenAddress, METADATA};
use crate::timeouts::Timeouts;
use std::time::Duration;
use valetkey_domain::Kind;

/// A request without an answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The guard said no; nothing was sent.
    #[error("'{host}' may not be called: {why}{}", advice(.why))]
    Forbidden {
        /// Whom the request was for.
        host: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The request cannot be sent as it stands; nothing was sent.
    #[error("the request for '{host}' cannot be sent: {why}")]
    Invalid {
        /// Whom the request was for; empty if that could not be read.
        host: String,
        /// What is wrong with it.
        why: String,
    },
    /// No connection was made; nothing was sent.
    #[error("'{host}' cannot be reached: {why}. Try again; if it lasts, check the address and the network")]
    Unreachable {
        /// Whom the request was for.
        host: String,
        /// What the system said.
        why: String,
    },
    /// No answer in time. The request may have been received.
    #[error("'{host}' gave no whole answer within {} s; it may have received the request", .after.as_secs_f32())]
    TimedOut {
        /// Whom the request was for.
        host: String,
        /// How long it was waited for.
        after: Duration,
    },
    /// The connection broke before the answer was whole. The request may have been received.
    #[error("'{host}' broke off its answer ({why}); it may have received the request")]
    Broken {
        /// Whom the request was for.
        host: String,
        /// What was seen.
        why: String,
    },
    /// The answer was longer than asked for; the rest was not read.
    #[error("'{host}' answered with more than {limit} bytes; ask for less")]
    TooLarge {
        /// Whom the request was for.
        host: String,
        /// The most that would have been read, in bytes after decompression.
        limit: usize,
    },
    /// The body of the request was longer than it may be; the other side has got some of it.
    #[error("the request for '{host}' has a body of more than {limit} bytes; send less")]
    TooMuch {
        /// Whom the request was for.
        host: String,
        /// The most that would have been sent.
        limit: usize,
    },
    /// There was no room to read so long an answer; it was not read.
    #[error("'{host}' answered more than there is room for at the moment; try again in a moment")]
    NoRoom {
        /// Whom the request was for.
        host: String,
    },
    /// The client could not be made on this machine.
    #[error("outgoing connections cannot be set up: {0}")]
    Setup(String),
}

/// A body that is sent as it comes was longer than it may be.
#[derive(Debug, thiserror::Error)]
#[error("the request's body has more than {0} bytes")]
pub(crate) struct TooLong(pub(crate) usize);

impl Error {
    /// Whether the other side may have received the request, and acted on it.
    #[must_use]
    pub const fn may_have_been_received(&self) -> bool {
        matches!(
            self,
            Self::TimedOut { .. }
                | Self::Broken { .. }
                | Self::TooMuch { .. }
                | Self::TooLarge { .. }
                | Self::NoRoom { .. }
        )
    }

    /// It in one word, for metrics.
    pub(crate) const fn label(&self) -> &'static str {
        match self {
            Self::Forbidden { .. } => "forbidden",
            Self::Invalid { .. } => "invalid",
            Self::Unreachable { .. } => "unreachable",
            Self::TimedOut { .. } => "timed_out",
            Self::Broken { .. } => "broken",
            Self::TooMuch { .. } => "too_much",
            Self::TooLarge { .. } => "too_large",
            Self::NoRoom { .. } => "no_room",
            Self::Setup(_) => "setup",
        }
    }

    /// The kind of failure.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Forbidden { .. } | Self::Invalid { .. } | Self::TooMuch { .. } => Kind::InvalidArgument,
            Self::Unreachable { .. } | Self::Broken { .. } => Kind::Unavailable,
            Self::TimedOut { .. } => Kind::DeadlineExceeded,
            Self::TooLarge { .. } | Self::NoRoom { .. } => Kind::ResourceExhausted,
            Self::Setup(_) => Kind::Internal,
        }
    }

    /// What the HTTP client said, told apart by whether anything can have been sent.
    pub(crate) fn from_client(host: &str, error: &reqwest::Error, timeouts: Timeouts) -> Self {
        let host = host.to_owned();
        if let Some(forbidden) = cause::find::<ForbiddenAddress>(error) {
            return Self::Forbidden { host, why: forbidden.why };
        }
        if let Some(TooLong(limit)) = cause::find(error) {
            return Self::TooMuch { host, limit: *limit };
        }
        if error.is_connect() {
            return Self::Unreachable { host, why: not_connected(error, timeouts.connect) };
        }
        Self::Broken { host, why: cause::root(error) }
    }
}

fn not_connected(error: &reqwest::Error, connect: Duration) -> String {
    if error.is_timeout() {
        return format!("no connection within {} s", connect.as_secs());
    }
    cause::root(error)
}

/// What can be done about a refusal of the guard.
fn advice(why: &str) -> &'static str {
    if why == METADATA {
        "; nothing can allow that"
    } else {
        ". An operator can allow a host and port with outbound.allow"
    }
}
