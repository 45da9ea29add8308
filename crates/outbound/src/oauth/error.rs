//! How a token endpoint can fail, told apart by what it means for the account.

use crate::Error;

/// A grant that brought no tokens. No text here holds a token, a code or a client secret.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The endpoint says that the code or the refresh token is no longer good (`invalid_grant`). The one answer that
    /// ends an account.
    #[error("the provider no longer accepts this sign-in (invalid_grant{})", after_colon(.0))]
    InvalidGrant(String),
    /// The endpoint refused for another reason: the client's id or secret, the scopes, the redirect address.
    #[error("the provider refused: {code}{}. Check the connection's client id, client secret and redirect URI", after_colon(.description))]
    Refused {
        /// Its error code: a short word of letters, digits and `_-.`.
        code: String,
        /// Its explanation, one line of at most 200 characters; may be empty.
        description: String,
    },
    /// Nothing was sent, or the endpoint takes no more for now: trying again later is safe.
    #[error("{0}")]
    Unavailable(String),
    /// No connection was made: trying again later is safe.
    #[error("{0}")]
    Unreachable(String),
    /// The request may have been acted on, but its answer was not seen: a time-out, a reset, a 5xx.
    #[error("{0}")]
    Lost(String),
    /// An answer that holds neither tokens nor an error. The request may have been acted on.
    #[error("{0}")]
    Nonsense(String),
}

impl TokenError {
    /// Whether it says that the endpoint is down for everybody: a time-out, a broken or refused connection, a 5xx.
    #[must_use]
    pub const fn is_outage(&self) -> bool {
        matches!(self, Self::Unreachable(_) | Self::Lost(_))
    }
}

impl From<Error> for TokenError {
    fn from(error: Error) -> Self {
        match error {
            Error::Unreachable { .. } => Self::Unreachable(error.to_string()),
            _ if error.may_have_been_received() => Self::Lost(error.to_string()),
            _ => Self::Unavailable(error.to_string()),
        }
    }
}

fn after_colon(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!(": {text}") }
}
