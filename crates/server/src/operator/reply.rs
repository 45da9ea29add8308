//! What a verb answers.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use valetkey_app::Page;
use valetkey_domain::Timestamp;

/// How many things a list shows.
pub(super) const MOST: u32 = 1000;

/// What a verb answers: things, and a line for the person who asked.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Reply {
    /// The things, each an object whose members are the table's columns.
    pub(super) rows: Vec<Value>,
    /// Whether they are one thing that was asked for by name, not a list that happens to hold one.
    #[serde(default)]
    pub(super) single: bool,
    /// Whether they are lines of a report, each with what is wrong and what to do, and not of a table.
    #[serde(default)]
    pub(super) report: bool,
    /// What a person should know beside them.
    pub(super) note: Option<String>,
    /// Why the command must end as failed although it was carried out: what it found.
    #[serde(default)]
    pub(super) fault: Option<String>,
}

/// One thing that was asked for by name.
pub(super) fn one(row: Value) -> Reply {
    Reply { rows: vec![row], single: true, ..Reply::default() }
}

/// Things without a word about them.
pub(super) fn rows(rows: impl IntoIterator<Item = Value>) -> Reply {
    Reply { rows: rows.into_iter().collect(), ..Reply::default() }
}

/// A word where there is nothing to show.
pub(super) fn said(note: impl Into<String>) -> Reply {
    Reply { note: Some(note.into()), ..Reply::default() }
}

/// An instant as answers show it: to the millisecond, which is what is stored.
pub(super) fn moment(at: Timestamp) -> String {
    format!("{at:.3}")
}

/// The one page that a list at the command line shows.
pub(super) fn everything() -> Page {
    Page { size: MOST, after: None }
}
