//! Grace: an edit of a config may let tools that it takes out be called a while longer, by agents that listed them before.

use crate::Timestamp;
use crate::approval::Approvals;
use crate::id::ConnectionId;
use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;
use std::time::Duration;

/// The shortest and the longest that can be asked for: 5 minutes and 24 hours.
pub const LENGTH: RangeInclusive<Duration> = Duration::from_secs(5 * 60)..=Duration::from_secs(24 * 60 * 60);

/// Tools of a connection that are not listed any more and can be called until a moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grace {
    /// The connection.
    pub connection: ConnectionId,
    /// Its whitelist before the edit; empty means all of the connection's tools.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tools: Vec<String>,
    /// Those that have no grace: the edit or a later one lists them, and one that takes them out says of itself whether they
    /// get another.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub except: Vec<String>,
    /// Which of them wanted the user's word before the edit, and so want it still.
    #[serde(default, skip_serializing_if = "Approvals::is_empty")]
    pub approvals: Approvals,
    /// When it ends.
    pub until: Timestamp,
}

impl Grace {
    /// What is left of it where these tools of its connection are listed, all of them if none is named; nothing may be.
    #[must_use]
    pub fn beside(mut self, listed: &[String]) -> Option<Self> {
        if listed.is_empty() {
            return None;
        }
        let new: Vec<_> = listed.iter().filter(|tool| !self.except.contains(tool)).cloned().collect();
        self.except.extend(new);
        let left = self.tools.is_empty() || self.tools.iter().any(|tool| !self.except.contains(tool));
        left.then_some(self)
    }

    /// Which tools it is for, in words.
    #[must_use]
    pub fn words(&self) -> String {
        match (self.tools.as_slice(), self.except.as_slice()) {
            ([], []) => "all tools".to_owned(),
            ([], except) => format!("all tools but {}", except.join(", ")),
            (tools, except) => {
                let left: Vec<_> = tools.iter().filter(|tool| !except.contains(tool)).map(String::as_str).collect();
                left.join(", ")
            }
        }
    }
}
