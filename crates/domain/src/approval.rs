//! Approvals: a user's word for one call of a tool that a config wants it for.

use crate::Timestamp;
use crate::id::{AccountId, ApprovalId, ConnectionId};
use crate::sealed::Sealed;
use serde::{Deserialize, Serialize};

/// Which tools of a config are called only with the user's word.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Approvals {
    /// Every tool that may destroy.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub destructive: bool,
    /// These, by name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tools: Vec<String>,
}

impl Approvals {
    /// Whether none is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        !self.destructive && self.tools.is_empty()
    }

    /// Which they are, in words.
    #[must_use]
    pub fn words(&self) -> String {
        let destructive = self.destructive.then_some("every destructive tool");
        let named: Vec<_> = destructive.into_iter().chain(self.tools.iter().map(String::as_str)).collect();
        if named.is_empty() { "no tool".to_owned() } else { named.join(", ") }
    }

    /// Whether a tool of this name, which may destroy or not, is one of them.
    #[must_use]
    pub fn want(&self, tool: &str, destructive: bool) -> bool {
        (self.destructive && destructive) || self.tools.iter().any(|name| name == tool)
    }
}

/// How far an approval is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The user has not said anything yet.
    Asked,
    /// The user said yes, and the call was not made yet.
    Given,
    /// The user said no.
    Refused,
    /// The call was made.
    Used,
}

impl Stage {
    /// The word stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Given => "given",
            Self::Refused => "refused",
            Self::Used => "used",
        }
    }

    /// The stage of this word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Asked, Self::Given, Self::Refused, Self::Used].into_iter().find(|stage| stage.as_str() == word)
    }
}

/// One call that waits for its user's word, or has it.
#[derive(Clone, Debug)]
pub struct Approval {
    /// Its id.
    pub id: ApprovalId,
    /// What it was called through: an instance's id, or a session token's.
    pub server: String,
    /// SHA-256 of all that the word is bound to: server, user, config and its version, tool, connection, account, arguments.
    pub call: [u8; 32],
    /// The connection.
    pub connection: ConnectionId,
    /// The account that the call acts with.
    pub account: AccountId,
    /// What the user is shown, sealed.
    pub shown: Sealed,
    /// How far it is.
    pub stage: Stage,
    /// Until when a word can be given, or used.
    pub expires_at: Timestamp,
    /// When it was asked for.
    pub created_at: Timestamp,
}
