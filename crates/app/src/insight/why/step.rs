//! One thing that a call stands on: how it is, in words, and what would mend it.

use valetkey_domain::account::Owner;
use valetkey_domain::id::{AccountId, ConfigId, ConnectionId, InstanceId};
use valetkey_domain::name::ConnectionName;

/// One thing that a call stands on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What it is.
    pub what: Topic,
    /// Which one, where there are several: a connection's name. Else empty.
    pub of: String,
    /// How it is.
    pub state: State,
    /// The same in a sentence.
    pub words: String,
    /// What would mend it.
    pub mend: Option<Remedy>,
}

/// What a call stands on, in the order in which it is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topic {
    /// The server's own database and keys.
    Server,
    /// An MCP URL, with its session token where it takes one.
    Url,
    /// The config behind it.
    Config,
    /// The tool, and whether it is whitelisted.
    Tool,
    /// The connection.
    Connection,
    /// The user's account on it.
    Account,
    /// The access token that the account holds.
    Access,
    /// What the user consented to.
    Scopes,
    /// How many calls are in flight.
    Limits,
    /// Whether the user is asked before each call, and calls that wait for the answer.
    Approval,
    /// What went wrong last.
    Last,
}

impl Topic {
    /// What people read.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Server => "Server",
            Self::Url => "URL",
            Self::Config => "MCP config",
            Self::Tool => "Tool",
            Self::Connection => "Connection",
            Self::Account => "Account",
            Self::Access => "Access token",
            Self::Scopes => "Scopes",
            Self::Limits => "Limits",
            Self::Approval => "Approval",
            Self::Last => "Last error",
        }
    }
}

/// How one of them is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It lets a call through.
    Fine,
    /// It does, and somebody should know something.
    Care,
    /// It does not.
    Stops,
}

impl State {
    /// The word that is shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fine => "fine",
            Self::Care => "care",
            Self::Stops => "stops",
        }
    }
}

/// What would mend it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remedy {
    /// In a sentence.
    pub words: String,
    /// Where it is done.
    pub at: RemedyPlace,
}

/// Where something is mended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RemedyPlace {
    /// By the user, who is sent a link for this connection, and with it for the account, if there is one.
    Link(ConnectionName, Owner, Option<AccountId>),
    /// On the connection.
    Connection(ConnectionId),
    /// On the config.
    Config(ConfigId),
    /// On the instance.
    Instance(InstanceId),
    /// In the caller's own code, or by waiting.
    Elsewhere,
}

impl Step {
    /// It lets a call through.
    pub(super) fn fine(what: Topic, words: impl Into<String>) -> Self {
        Self { what, of: String::new(), state: State::Fine, words: words.into(), mend: None }
    }

    /// It does, and somebody should know this.
    pub(super) fn care(what: Topic, words: impl Into<String>) -> Self {
        Self { state: State::Care, ..Self::fine(what, words) }
    }

    /// It does not.
    pub(super) fn stops(what: Topic, words: impl Into<String>) -> Self {
        Self { state: State::Stops, ..Self::fine(what, words) }
    }

    /// What would mend it, and where.
    pub(super) fn mended(self, at: RemedyPlace, words: impl Into<String>) -> Self {
        Self { mend: Some(Remedy { words: words.into(), at }), ..self }
    }

    /// Says which one it is about.
    pub(super) fn of(self, of: impl Into<String>) -> Self {
        Self { of: of.into(), ..self }
    }
}

/// An instant as sentences name it.
pub(super) fn moment(at: valetkey_domain::Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}
