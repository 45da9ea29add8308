//! Sessions: what a session token says. It lets an agent in at one static MCP URL, for one user and a while.

use crate::Timestamp;
use crate::id::{AccountId, ClientId, ConfigId, ConnectionId, DataKeyId, EnvironmentId, TokenId};
use crate::name::Identifier;

/// The right that one session token gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The token's own id.
    pub token: TokenId,
    /// The environment it was made in.
    pub environment: EnvironmentId,
    /// The user whose accounts are used.
    pub identifier: Identifier,
    /// What it opens.
    pub opens: Opens,
    /// How much of that.
    pub access: Access,
    /// The user's accounts that it was made for, one for each connection; without one of them it opens nothing.
    pub accounts: Vec<AccountId>,
    /// How often the sessions of this user and of everyone had been ended when it was made.
    pub ends: i64,
    /// The API client that asked for it, at the version that it had; none for the operator.
    pub client: Option<(ClientId, i64)>,
    /// The environment's url key when it was made: with another one instance URLs end, and session tokens with them.
    pub url_key: DataKeyId,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// What a session token opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opens {
    /// An MCP config as it was at this version.
    Config(ConfigId, i64),
    /// All tools of a connection.
    Connection(ConnectionId),
}

/// How much of a server a session token opens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Access {
    /// All its tools.
    #[default]
    Full,
    /// Those that only read.
    ReadOnly,
}

impl Access {
    /// The word of the wire and of the token.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Full => "FULL",
            Self::ReadOnly => "READ_ONLY",
        }
    }

    /// Reads the word, in exact case; an empty one means all.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "" | "FULL" => Some(Self::Full),
            "READ_ONLY" => Some(Self::ReadOnly),
            _ => None,
        }
    }
}
