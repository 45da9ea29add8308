//! Why a server did not do what was asked.

use serde_json::{Map, Value};
use std::time::Duration;

/// Why a server did not do what was asked; `F` is why a request did not get through.
#[derive(Debug, thiserror::Error)]
pub enum Error<F> {
    /// The request did not get through, or its answer did not.
    #[error("{0}")]
    Unsent(F),
    /// The server wants another credential.
    #[error("the server does not accept the credential")]
    Unauthorized {
        /// What it says of that (`WWW-Authenticate`).
        challenge: Option<String>,
    },
    /// An HTTP status that is no success.
    #[error("the server answered with status {status}{}", said(words))]
    Status {
        /// The status.
        status: u16,
        /// What the server says, if it is a short text.
        words: String,
        /// What it says of the credential (`WWW-Authenticate`).
        challenge: Option<String>,
        /// How long it asks to wait.
        retry_after: Option<Duration>,
    },
    /// A session that the server knows no more. Nothing was done.
    #[error("the server ended the session")]
    SessionEnded,
    /// An error in the protocol's own form.
    #[error("the server refused: {message} ({code})")]
    Refused {
        /// Its code.
        code: i64,
        /// What the server says.
        message: String,
    },
    /// It needs a client that can do more than was said. Nothing was done.
    #[error("the server needs more of its client: {message}")]
    Lacks {
        /// What, in the protocol's form: none but what the protocol has.
        wants: Map<String, Value>,
        /// What the server says.
        message: String,
    },
    /// The protocol's version that was sent is not one that the server takes here. Nothing was done.
    #[error("the server does not take this version of the protocol")]
    Version {
        /// Whether it names ours among those that it takes all the same.
        takes_ours: bool,
    },
    /// An answer that is none.
    #[error("the server's answer cannot be read: {0}")]
    Nonsense(String),
    /// More of something than is taken.
    #[error("the server answered with more than {most} {what}")]
    TooMuch {
        /// Of what.
        what: &'static str,
        /// What would have been taken.
        most: usize,
    },
}

impl<F> Error<F> {
    /// Whether the server wants to be opened anew first.
    pub(crate) const fn wants_opening(&self) -> bool {
        matches!(self, Self::SessionEnded | Self::Version { .. })
    }

    /// An answer that is none, because of this.
    pub(crate) fn nonsense(why: impl Into<String>) -> Self {
        Self::Nonsense(why.into())
    }
}

fn said(words: &str) -> String {
    if words.is_empty() { String::new() } else { format!(": {words}") }
}
