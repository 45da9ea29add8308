//! MCP configs: which connections and tools a per-user server exposes.

use crate::Timestamp;
use crate::approval::Approvals;
use crate::grace::Grace;
use crate::id::{ConfigId, ConnectionId, EnvironmentId};
use crate::name::{ConfigName, ConnectionName};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use uuid::Uuid;

/// The longest description, in characters. The contract's own rule has no length, so this is the wire's, the command line's
/// and the form's.
pub const MAX_DESCRIPTION: usize = 4_000;

/// Whether a text will do as what a config is for.
///
/// # Errors
/// What is wrong with it: its length, or a character that no database keeps.
pub fn check_description(text: &str) -> Result<(), String> {
    let count = text.chars().count();
    if count > MAX_DESCRIPTION {
        return Err(format!("a config's description has at most {MAX_DESCRIPTION} characters, this one has {count}"));
    }
    if text.contains('\0') {
        Err("a config's description must not hold the character U+0000".to_owned())
    } else {
        Ok(())
    }
}

/// A reusable template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct McpConfig {
    /// Its id.
    pub id: ConfigId,
    /// The environment it belongs to.
    pub environment: EnvironmentId,
    /// Names its static MCP URL (`/mcp/v3/servers/<uuid>`).
    pub uuid: Uuid,
    /// Its name: unique, never changed.
    pub name: ConfigName,
    /// What it is for, in the developer's words; may be empty, and has its rule ([`check_description`]).
    pub description: String,
    /// The connections and their whitelists, in the developer's order; 25 at most.
    pub mappings: Vec<Mapping>,
    /// What it says beside its connections.
    pub options: Options,
    /// Raised by every change; the compiled tool list is kept by (id, version).
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// What a config says beside its connections; nothing, unless somebody said it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// How many bytes of text an answer gives at once; the rest is read on part by part. None: all of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer_bytes: Option<u32>,
    /// The same for single tools, which goes before.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub tool_answer_bytes: BTreeMap<String, u32>,
    /// Whether a remote server's tool is held back whose definition is not as it was accepted.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub hold_changes: bool,
    /// Which tools are called only with the user's word.
    #[serde(skip_serializing_if = "Approvals::is_empty")]
    pub approvals: Approvals,
    /// Where people are sent to be confirmed by the app who sign in for this config, in place of the environment's address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_verify_url: Option<String>,
    /// What edits took out and agents may call a while longer, the newest first. Edits see to it, and nobody says it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub graces: Vec<Grace>,
    /// Whether an instance's URL opens only to an agent whose user signed in for it, at the environment's OpenID provider.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub sign_in: bool,
    /// Whether what remote servers ask their user in the midst of a call is passed on to clients that show it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub questions: bool,
}

impl Options {
    /// Whether users are asked, by us and by remote servers, and tools are held back, as there.
    #[must_use]
    pub fn guards_as(&self, other: &Self) -> bool {
        (&self.approvals, self.sign_in, self.hold_changes, self.questions, &self.user_verify_url)
            == (&other.approvals, other.sign_in, other.hold_changes, other.questions, &other.user_verify_url)
    }

    /// How many bytes of text an answer of this tool gives at once.
    #[must_use]
    pub fn answer_bytes_of(&self, tool: &str) -> Option<usize> {
        let most = self.tool_answer_bytes.get(tool).copied().or(self.answer_bytes);
        most.and_then(|most| usize::try_from(most).ok())
    }

    /// Whether any answer may be cut.
    #[must_use]
    pub fn cuts_answers(&self) -> bool {
        self.answer_bytes.is_some() || !self.tool_answer_bytes.is_empty()
    }
}

/// One connection of a config with its whitelist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// The connection.
    pub connection: ConnectionId,
    /// The connection's name.
    pub connection_name: ConnectionName,
    /// The connector's slug.
    pub connector: String,
    /// The whitelisted tools in the developer's order; empty means all of the connection's.
    pub tools: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_is_counted_in_characters() {
        for (text, fits) in [
            (String::new(), true),
            ("é".repeat(MAX_DESCRIPTION), true),
            ("é".repeat(MAX_DESCRIPTION + 1), false),
            ("two\nlines".to_owned(), true),
            ("nothing\0".to_owned(), false),
        ] {
            assert_eq!(check_description(&text).is_ok(), fits, "{}", text.len());
        }
    }
}
