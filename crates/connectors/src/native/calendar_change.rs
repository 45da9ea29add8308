//! `calendar_change`: ends an update of an event that would change nothing, before anything is sent.
//!
//! Arguments: those of googlecalendar_update_event, as its check leaves them: placeholders are not among them, and an
//! empty text or list is there only where the call names it in `clear`. Gives nothing.

use super::scope::{Scope, argument};
use crate::{Failure, Setting};
use serde_json::Value;

/// Arguments that say nothing about the event itself are not among them: with only those there is nothing to change.
const CHANGES: [&str; 16] = [
    "summary",
    "start_datetime",
    "end_datetime",
    "event_duration_hour",
    "event_duration_minutes",
    "timezone",
    "description",
    "location",
    "attendees_emails",
    "recurrence",
    "create_meeting_room",
    "guests_can_invite_others",
    "guests_can_modify",
    "guests_can_see_other_guests",
    "transparency",
    "visibility",
];

pub(super) fn run(scope: &Scope, setting: &Setting) -> Result<Value, Failure> {
    setting.work.spend(CHANGES.len())?;
    if CHANGES.iter().any(|name| argument(scope, name).is_some_and(|given| changes(name, given))) {
        return Ok(Value::Null);
    }
    Err(Failure::invalid(format!(
        "there is nothing to change: give at least one of {}, clear. What is blank counts as not given; to empty a \
         field, name it in `clear`",
        CHANGES.join(", ")
    )))
}

/// Whether an argument that is given changes anything: no meeting room and a duration of nothing leave all as it is.
fn changes(name: &str, given: &Value) -> bool {
    match given {
        Value::Bool(asked) => *asked || name != "create_meeting_room",
        Value::Number(length) => length.as_f64() != Some(0.0),
        _ => true,
    }
}
