//! What goes over the socket in the data folder: one JSON request a line, one JSON answer, before which lines may tell
//! how far it is.

use super::reply::Reply;
use serde::{Deserialize, Serialize};

/// A line of the server's.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Answer {
    /// How far it is; more lines come.
    Progress(Step),
    /// The verb was carried out.
    Done(Reply),
    /// It was not, for this reason.
    Failed(String),
}

/// How far a verb has come.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(super) struct Step {
    /// How many of them are done.
    pub(super) done: u64,
    /// How many there are, where that is known.
    pub(super) total: Option<u64>,
    /// What is counted.
    pub(super) message: String,
}

/// A value as one line.
///
/// # Errors
/// It is none that JSON can hold.
pub(super) fn line(value: &impl Serialize) -> serde_json::Result<Vec<u8>> {
    let mut text = serde_json::to_vec(value)?;
    text.push(b'\n');
    Ok(text)
}
