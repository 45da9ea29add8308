//! What a mailbox holds beside its messages: labels of the user's own, drafts, filters, settings, and what changed.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// All of it, in the form in which Google's API shows it.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Mailbox {
    /// The user's own labels by id.
    pub(crate) labels: BTreeMap<String, Map<String, Value>>,
    /// Oldest first.
    pub(crate) drafts: Vec<Draft>,
    pub(crate) filters: BTreeMap<String, Value>,
    pub(crate) vacation: Map<String, Value>,
    /// What was changed of the account's own sender address.
    pub(crate) sender: Map<String, Value>,
    /// The topic that is told of changes.
    pub(crate) watched_by: Option<String>,
    /// Oldest first.
    pub(crate) changes: Vec<Change>,
}

/// A draft and the message in it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Draft {
    pub(crate) id: String,
    pub(crate) message: String,
}

/// One change of a message.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Change {
    /// Its number in the common history.
    pub(crate) history: u64,
    pub(crate) kind: Kind,
    pub(crate) message: String,
    pub(crate) thread: String,
    /// The message's labels afterwards.
    pub(crate) labels: Vec<String>,
    /// The labels that were put on or taken off.
    pub(crate) changed: Vec<String>,
}

/// The kinds of change that Google tells apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Kind {
    Added,
    Deleted,
    Labelled,
    Unlabelled,
}
