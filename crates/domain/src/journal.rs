//! The journal's records: who did what, for whom, and how it ended.

use crate::Timestamp;
use crate::ctx::Actor;
use crate::id::{EnvironmentId, RecordId, RequestId};
use serde_json::{Map, Value};

/// One line of the journal.
#[derive(Clone, Debug)]
pub struct Record {
    /// Its id.
    pub id: RecordId,
    /// The environment it happened in.
    pub environment: EnvironmentId,
    /// When.
    pub at: Timestamp,
    /// Who did it.
    pub actor: Actor,
    /// The request it came with.
    pub request: RequestId,
    /// What: `tool.call`, `account.connected`, `instance.url_shown`...
    pub action: &'static str,
    /// On what: the id of the thing.
    pub subject: String,
    /// Whether this tells an intent, the outcome of one, or a fact.
    pub phase: Phase,
    /// More, by name. No secret, no argument, no answer.
    pub detail: Map<String, Value>,
}

/// What a record tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Something is about to be done; without an outcome, what became of it is unknown.
    Intent,
    /// How the intent with the same subject ended.
    Outcome,
    /// It happened, with the change in the same transaction, or before the answer left.
    Fact,
}

impl Phase {
    /// The word stored and shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Intent => "intent",
            Self::Outcome => "outcome",
            Self::Fact => "fact",
        }
    }
}
