//! What GitHub holds: repositories with their issues, what was said of them, and labels.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use valetkey_domain::Timestamp;

/// All of GitHub.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Repositories {
    /// By owner and name, as `alex/boat`, in lower case.
    pub(crate) by_name: BTreeMap<String, Repository>,
    /// The id that was given out last; labels, issues and comments count together.
    pub(crate) last_id: u64,
}

/// One repository. All of them are public.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Repository {
    /// The owner's e-mail address.
    pub(crate) owner: String,
    pub(crate) name: String,
    /// By number.
    pub(crate) issues: BTreeMap<u64, Issue>,
    /// By name in lower case.
    pub(crate) labels: BTreeMap<String, Label>,
}

/// An issue.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Issue {
    pub(crate) id: u64,
    /// The author's e-mail address.
    pub(crate) author: String,
    pub(crate) title: String,
    pub(crate) body: Option<String>,
    /// Why it is closed; an open one that was closed before is `reopened`.
    pub(crate) reason: Option<String>,
    /// When and by whom it was closed.
    pub(crate) closed: Option<(Timestamp, String)>,
    pub(crate) locked: bool,
    /// Names of labels in lower case.
    pub(crate) labels: BTreeSet<String>,
    /// E-mail addresses.
    pub(crate) assignees: BTreeSet<String>,
    pub(crate) created: Timestamp,
    pub(crate) updated: Timestamp,
    /// Oldest first.
    pub(crate) comments: Vec<Comment>,
}

/// A comment on an issue.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Comment {
    pub(crate) id: u64,
    pub(crate) author: String,
    pub(crate) body: String,
    pub(crate) created: Timestamp,
    pub(crate) updated: Timestamp,
}

/// A label of a repository.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Label {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) color: String,
    pub(crate) description: Option<String>,
}

impl Repositories {
    /// The next id.
    pub(crate) fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }
}
