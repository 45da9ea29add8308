//! What Google Drive holds: the files of all users, with who may see them and what was said about them.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use valetkey_domain::Timestamp;

/// One file or folder. The top folder of each user is none of them: it is there without being kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct DriveFile {
    pub(crate) id: String,
    /// The owner's e-mail address.
    pub(crate) owner: String,
    /// The OAuth client that made it; the seed's were made by none.
    pub(crate) made_by: Option<String>,
    /// The members that callers may write, as given; `name` and `mimeType` always.
    pub(crate) written: Map<String, Value>,
    pub(crate) parent: String,
    #[serde(with = "crate::gmail::raw")]
    pub(crate) content: Vec<u8>,
    pub(crate) trashed: bool,
    /// E-mail addresses of those who gave it a star.
    pub(crate) starred_by: BTreeSet<String>,
    pub(crate) created: Timestamp,
    pub(crate) modified: Timestamp,
    /// Who else may do what, by the permissions' ids.
    pub(crate) permissions: BTreeMap<String, Map<String, Value>>,
    /// Oldest first.
    pub(crate) comments: Vec<Comment>,
}

/// A comment on a file.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Comment {
    pub(crate) anchor: Option<String>,
    pub(crate) resolved: bool,
    pub(crate) said: Said,
    /// Oldest first.
    pub(crate) replies: Vec<Reply>,
}

/// A reply to a comment.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Reply {
    /// `resolve` or `reopen`.
    pub(crate) action: Option<String>,
    pub(crate) said: Said,
}

/// What comments and replies have in common.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Said {
    pub(crate) id: String,
    pub(crate) author: String,
    pub(crate) content: String,
    pub(crate) created: Timestamp,
    pub(crate) modified: Timestamp,
    pub(crate) deleted: bool,
}

impl DriveFile {
    pub(crate) fn text(&self, member: &str) -> &str {
        self.written.get(member).and_then(Value::as_str).unwrap_or_default()
    }

    pub(crate) fn is_folder(&self) -> bool {
        self.text("mimeType") == FOLDER
    }

    /// Whether it is a document of Google's own, which is exported instead of downloaded.
    pub(crate) fn is_document(&self) -> bool {
        self.text("mimeType").starts_with(DOCUMENTS) && !self.is_folder()
    }
}

/// The media type of folders.
pub(crate) const FOLDER: &str = "application/vnd.google-apps.folder";
/// How the media types of Google's own documents begin.
pub(crate) const DOCUMENTS: &str = "application/vnd.google-apps.";
