//! How a call fails, told to a model: the kind decides what the server does next, the message says what the model or
//! its user can do.

use std::fmt;
use std::time::Duration;

/// What sort of failure ended a call. A closed list: connector files may name no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// The arguments cannot work; other ones may.
    InvalidInput,
    /// The app did not take the credential.
    Unauthenticated,
    /// The user's consent does not cover this.
    MissingScope,
    /// The app knows the user and says no.
    Forbidden,
    /// There is no such thing, or this user may not see it.
    NotFound,
    /// The state of things in the app is against it.
    Conflict,
    /// Too many calls; later it may work.
    RateLimited,
    /// The app failed, or answered what makes no sense.
    Upstream,
    /// The user's plan at the app does not include it.
    UnsupportedPlan,
    /// Time ran out before an answer.
    Timeout,
}

/// Why a call ended without a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What sort of failure it is.
    pub kind: FailureKind,
    /// For the model: what is wrong and what to do. Holds no credential.
    pub message: String,
    /// The HTTP status that the app answered with, if it answered.
    pub status: Option<u16>,
    /// How long the app asked to wait.
    pub retry_after: Option<Duration>,
}

impl Failure {
    /// A failure that no answer of the app caused.
    #[must_use]
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), status: None, retry_after: None }
    }

    /// The arguments cannot work as they are.
    #[must_use]
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(FailureKind::InvalidInput, message)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

/// A request that brought no answer, and why, in words for the model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsent {
    /// What sort of failure it is.
    pub kind: FailureKind,
    /// What is wrong and what to do.
    pub message: String,
}
