//! How a token endpoint can fail, told apart by what it means for the account.

use super::provider_words::ProviderWords;
use crate::Error;
use std::fmt;
use std::time::Duration;

/// A grant that brought no tokens. No text here holds a token, a code or a client secret. What the provider says of it
/// stands in quotes, and alone in [`TokenError::said`].
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The endpoint says that the code or the refresh token is no longer good (`invalid_grant`). The one answer that
    /// ends an account.
    #[error("the provider no longer accepts this sign-in (invalid_grant){}", in_its_words(.0.description.as_ref()))]
    InvalidGrant(ProviderWords),
    /// The endpoint refused, with one of the codes that RFC 6749 §5.2 has for a request, a client or scopes that it
    /// doesn't like: the operator has something to set right.
    #[error("the provider refused: {code}. {}{}", advice(.code), in_its_words(.said.description.as_ref()))]
    Refused {
        /// Its error code.
        code: String,
        /// What it says; the code is in it too.
        said: ProviderWords,
    },
    /// The endpoint refused, and not in OAuth's words: no body, a page, a shape of its own. The grant may be dead, or
    /// the client's id or secret may be wrong; nobody can tell which. The refresh token was not spent.
    #[error("the provider refused without saying in OAuth's terms why (status {status}): the user's access may have ended there, or the connection's client id, client secret or token URL may be wrong. If signing in again doesn't help, check these{}", in_its_words(Some(.said)))]
    RefusedUnclear {
        /// The HTTP status; 200 where a success carried an error.
        status: u16,
        /// What it says, if anything.
        said: ProviderWords,
    },
    /// The endpoint takes no more requests for now. Nothing was done: trying again later is safe.
    #[error("the provider's token endpoint takes no more requests for now{}{}", after_pause(*.retry_after), in_its_words(Some(.said)))]
    RateLimited {
        /// How long it asks to wait, [`MAX_PAUSE`](super::MAX_PAUSE) at most.
        retry_after: Option<Duration>,
        /// What it says, if anything.
        said: ProviderWords,
    },
    /// Nothing was sent: trying again later is safe.
    #[error("{0}")]
    Unavailable(String),
    /// No connection was made: trying again later is safe.
    #[error("{0}")]
    Unreachable(String),
    /// The request may have been acted on, but its answer was not seen: a time-out, a reset, a 5xx.
    #[error("{0}")]
    Lost(Problem),
    /// An answer that holds neither tokens nor an error. The request may have been acted on.
    #[error("{0}")]
    Nonsense(Problem),
}

/// What is wrong with an answer.
#[derive(Debug)]
pub struct Problem {
    /// In our words.
    pub what: String,
    /// What the provider says, if anything.
    pub said: ProviderWords,
}

impl TokenError {
    /// What the provider says: for the journal and the log, and, marked as its words, for whoever signs in.
    #[must_use]
    pub const fn said(&self) -> Option<&ProviderWords> {
        match self {
            Self::InvalidGrant(said)
            | Self::Refused { said, .. }
            | Self::RefusedUnclear { said, .. }
            | Self::RateLimited { said, .. }
            | Self::Lost(Problem { said, .. })
            | Self::Nonsense(Problem { said, .. }) => Some(said),
            Self::Unavailable(_) | Self::Unreachable(_) => None,
        }
    }

    /// The failure without the provider's words: for texts that may reach a model.
    #[must_use]
    pub fn plain(&self) -> String {
        match self {
            Self::InvalidGrant(_) => Self::InvalidGrant(ProviderWords::default()).to_string(),
            Self::Refused { code, .. } => {
                Self::Refused { code: code.clone(), said: ProviderWords::default() }.to_string()
            }
            Self::RefusedUnclear { status, .. } => {
                Self::RefusedUnclear { status: *status, said: ProviderWords::default() }.to_string()
            }
            Self::RateLimited { retry_after, .. } => {
                Self::RateLimited { retry_after: *retry_after, said: ProviderWords::default() }.to_string()
            }
            Self::Lost(problem) | Self::Nonsense(problem) => problem.what.clone(),
            Self::Unavailable(what) | Self::Unreachable(what) => what.clone(),
        }
    }

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
            _ if error.may_have_been_received() => Self::Lost(error.to_string().into()),
            _ => Self::Unavailable(error.to_string()),
        }
    }
}

impl From<String> for Problem {
    fn from(what: String) -> Self {
        Self { what, said: ProviderWords::default() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.what, in_its_words(Some(&self.said)))
    }
}

/// The provider's words, marked as such; nothing if there are none.
fn in_its_words(words: Option<&impl fmt::Display>) -> String {
    let words = words.map(ToString::to_string).unwrap_or_default();
    match words.as_str() {
        "" => words,
        quoted if quoted.starts_with('"') => format!(". In the provider's words: {quoted}"),
        plain => format!(". In the provider's words: \"{plain}\""),
    }
}

fn after_pause(wait: Option<Duration>) -> String {
    wait.map(|wait| format!(": try again in {} seconds", wait.as_secs().max(1))).unwrap_or_default()
}

/// What the operator looks at first.
fn advice(code: &str) -> &'static str {
    match code {
        "invalid_client" => "Check the connection's client id and client secret, and how they are sent",
        "unauthorized_client" => "Check at the provider that the connection's client may sign users in this way",
        "invalid_scope" => "Check the connection's scopes against what the provider knows and allows the client",
        "unsupported_grant_type" => "Check the connection's token URL: what answers there is no such token endpoint",
        _ => "Check the connection's client id, client secret, redirect URI and token URL",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_providers_words_are_marked_and_can_be_left_out() {
        let said = || ProviderWords::of(Some("invalid_scope"), Some("no such scope \"x\""), None, &[]);
        let refused = TokenError::Refused { code: "invalid_scope".into(), said: said() };
        let text = refused.to_string();
        assert!(text.ends_with(". In the provider's words: \"no such scope 'x'\""), "{text}");
        assert!(text.starts_with("the provider refused: invalid_scope. Check the connection's scopes"), "{text}");
        for error in [
            refused,
            TokenError::InvalidGrant(said()),
            TokenError::RefusedUnclear { status: 401, said: said() },
            TokenError::RateLimited { retry_after: Some(Duration::from_secs(7)), said: said() },
            TokenError::Lost(Problem { what: "failed".into(), said: said() }),
            TokenError::Nonsense(Problem { what: "nonsense".into(), said: said() }),
        ] {
            assert!(error.to_string().contains("In the provider's words: \""), "{error}");
            assert!(!error.plain().contains("such") && !error.plain().contains("words"), "{}", error.plain());
            assert_eq!(error.said(), Some(&said()));
        }
    }

    #[test]
    fn without_words_nothing_is_quoted() {
        let unclear = TokenError::RefusedUnclear { status: 401, said: ProviderWords::default() };
        assert!(unclear.to_string().ends_with("check these"), "{unclear}");
        let limited =
            TokenError::RateLimited { retry_after: Some(Duration::from_secs(7)), said: ProviderWords::default() };
        assert!(limited.to_string().ends_with("for now: try again in 7 seconds"), "{limited}");
    }
}
