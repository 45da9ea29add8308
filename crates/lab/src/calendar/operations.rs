//! Which function plays which operation.

use super::{busy, calendars, delete, events, list, listed, patch, secondary, sharing};
use crate::api::call::Call;
use crate::api::outcome::Outcome;
use crate::state::State;
use valetkey_domain::Timestamp;

type Look = fn(&State, Timestamp, &Call) -> Outcome;
type Act = fn(&mut State, Timestamp, &Call) -> Outcome;

/// Operations that change nothing, without `calendar.`.
const LOOKS: &[(&str, Look)] = &[
    ("calendars.get", secondary::get),
    ("calendars.transferOwnership", secondary::transfer),
    ("calendarList.list", listed::list),
    ("calendarList.get", listed::get),
    ("acl.list", sharing::list),
    ("acl.get", sharing::get),
    ("settings.list", calendars::settings),
    ("settings.get", calendars::setting),
    ("colors.get", calendars::colors),
    ("freebusy.query", busy::query),
    ("events.get", events::get),
    ("events.list", list::list),
    ("events.instances", busy::instances),
];

/// Operations that change something.
const ACTS: &[(&str, Act)] = &[
    ("calendars.insert", secondary::insert),
    ("calendars.patch", secondary::patch),
    ("calendars.delete", secondary::delete),
    ("calendars.clear", secondary::clear),
    ("calendarList.insert", listed::insert),
    ("calendarList.patch", listed::patch),
    ("calendarList.delete", listed::delete),
    ("acl.insert", sharing::insert),
    ("acl.patch", sharing::patch),
    ("acl.delete", sharing::delete),
    ("events.insert", events::insert),
    ("events.import", events::import),
    ("events.patch", patch::patch),
    ("events.delete", delete::delete),
];

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
