//! Which function plays which operation.

use super::{calendars, delete, events, list, patch};
use crate::api::call::Call;
use crate::api::outcome::Outcome;
use crate::state::State;
use valetkey_domain::Timestamp;

type Look = fn(&State, Timestamp, &Call) -> Outcome;
type Act = fn(&mut State, Timestamp, &Call) -> Outcome;

/// Operations that change nothing, without `calendar.`.
const LOOKS: &[(&str, Look)] = &[
    ("calendars.get", calendars::get),
    ("calendarList.list", calendars::list),
    ("settings.get", calendars::setting),
    ("events.get", events::get),
    ("events.list", list::list),
];

/// Operations that change something.
const ACTS: &[(&str, Act)] =
    &[("events.insert", events::insert), ("events.patch", patch::patch), ("events.delete", delete::delete)];

/// What plays an operation that changes nothing.
pub(crate) fn look(operation: &str) -> Option<Look> {
    let name = operation.strip_prefix("calendar.")?;
    LOOKS.iter().find(|(known, _)| *known == name).map(|(_, look)| *look)
}

/// What plays one that changes something.
pub(crate) fn act(operation: &str) -> Option<Act> {
    let name = operation.strip_prefix("calendar.")?;
    ACTS.iter().find(|(known, _)| *known == name).map(|(_, act)| *act)
}
