//! What somebody's Google Calendar holds beside the events of the primary calendar.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// All of it, in the form in which Google's API shows it.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Agenda {
    /// The user's secondary calendars by id, and under the user's own address what was changed of the primary one.
    pub(crate) calendars: BTreeMap<String, Map<String, Value>>,
    /// What the user said of calendars in the list, and which calendars of others stand in it.
    pub(crate) listed: BTreeMap<String, Map<String, Value>>,
    /// Who else may see a calendar: by its id, the rules by theirs.
    pub(crate) rules: BTreeMap<String, BTreeMap<String, Map<String, Value>>>,
}
