//! What a written event must be: members that callers may write, and their rules beyond types.

use super::recurrence::Recurrence;
use super::times::{Times, zone_of};
use crate::api::error::ApiError;
use crate::cite;
use serde_json::{Map, Value, json};

/// Members that a caller writes; Google ignores the others in a request, and so does the lab.
const WRITABLE: [&str; 19] = [
    "summary",
    "description",
    "location",
    "colorId",
    "start",
    "end",
    "recurrence",
    "transparency",
    "visibility",
    "attendees",
    "extendedProperties",
    "guestsCanInviteOthers",
    "guestsCanModify",
    "guestsCanSeeOtherGuests",
    "anyoneCanAddSelf",
    "reminders",
    "source",
    "status",
    "eventType",
];

const WORDS: [(&str, &[&str]); 3] = [
    ("transparency", &["opaque", "transparent"]),
    ("visibility", &["default", "public", "private", "confidential"]),
    ("status", &["confirmed", "tentative", "cancelled"]),
];

/// The members of a request that an event keeps.
pub(crate) fn writable(body: &Map<String, Value>) -> Map<String, Value> {
    let kept = body.iter().filter(|(name, _)| WRITABLE.contains(&name.as_str()));
    kept.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// Checks a whole event as it would be stored.
pub(crate) fn check(written: &Map<String, Value>, calendar_zone: &str) -> Result<(), ApiError> {
    let times = Times::read(written.get("start"), written.get("end"), calendar_zone)?;
    for (name, words) in WORDS {
        let given = written.get(name).and_then(Value::as_str);
        if given.is_some_and(|given| !words.contains(&given)) {
            let said = format!("Invalid value for {name}: it is one of {}.", words.join(", "));
            return Err(ApiError::calendar("invalid", said, cite::CALENDAR_EVENT));
        }
    }
    check_recurrence(written, &times)?;
    check_attendees(written)?;
    check_reminders(written)?;
    check_colour(written)?;
    match written.get("eventType").and_then(Value::as_str) {
        None | Some("default") => Ok(()),
        Some(other) => {
            let said = format!("This lab plays events of type default, not {other}.");
            Err(ApiError::calendar("invalid", said, cite::CALENDAR_EVENT))
        }
    }
}

/// The lines of `recurrence`; empty for a single event.
pub(crate) fn recurrence_lines(written: &Map<String, Value>) -> Vec<&str> {
    let lines = written.get("recurrence").and_then(Value::as_array);
    lines.map(|lines| lines.iter().filter_map(Value::as_str).collect()).unwrap_or_default()
}

/// Fills what Google fills for attendees: the answer that is still awaited.
pub(crate) fn complete_attendees(written: &mut Map<String, Value>, organizer: &str) {
    let Some(attendees) = written.get_mut("attendees").and_then(Value::as_array_mut) else { return };
    for attendee in attendees.iter_mut().filter_map(Value::as_object_mut) {
        let own =
            attendee.get("email").and_then(Value::as_str).is_some_and(|email| email.eq_ignore_ascii_case(organizer));
        let answer = if own { "accepted" } else { "needsAction" };
        attendee.entry("responseStatus").or_insert_with(|| json!(answer));
        // Who somebody is depends on the viewer; see `view.rs`.
        attendee.shift_remove("self");
        attendee.shift_remove("organizer");
    }
}

fn check_recurrence(written: &Map<String, Value>, times: &Times) -> Result<(), ApiError> {
    let lines = recurrence_lines(written);
    if lines.is_empty() {
        return Ok(());
    }
    let timed = written.get("start").is_some_and(|start| start.get("dateTime").is_some());
    if timed && zone_of(written.get("start")).is_none() {
        let said = "Missing time zone definition for start time.";
        return Err(ApiError::calendar("required", said, cite::CALENDAR_RECURRING));
    }
    Recurrence::read(&lines, times).map(drop)
}

fn check_attendees(written: &Map<String, Value>) -> Result<(), ApiError> {
    let attendees = written.get("attendees").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let email = |attendee: &Value| attendee.get("email").and_then(Value::as_str).unwrap_or_default().to_owned();
    let good = |email: &String| {
        email.split_once('@').is_some_and(|(local, domain)| !local.is_empty() && domain.contains('.'))
            && !email.contains([' ', ',', '<', '>'])
    };
    match attendees.iter().map(email).find(|email| !good(email)) {
        Some(email) if email.is_empty() => {
            Err(ApiError::calendar("required", "Missing attendee email.", cite::CALENDAR_EVENT))
        }
        Some(email) => {
            Err(ApiError::calendar("invalid", format!("Invalid attendee email: '{email}'."), cite::CALENDAR_EVENT))
        }
        None => Ok(()),
    }
}

fn check_reminders(written: &Map<String, Value>) -> Result<(), ApiError> {
    let Some(reminders) = written.get("reminders") else { return Ok(()) };
    let overrides = reminders.get("overrides").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    if reminders.get("useDefault") == Some(&json!(true)) && !overrides.is_empty() {
        let said = "Cannot specify both default reminders and overrides at the same time.";
        let reason = "cannotUseDefaultRemindersAndSpecifyOverride";
        return Err(ApiError::calendar(reason, said, cite::CALENDAR_EVENT).in_domain("calendar"));
    }
    let good = |one: &Value| {
        let method = one.get("method").and_then(Value::as_str);
        let minutes = one.get("minutes").and_then(Value::as_i64);
        matches!(method, Some("email" | "popup")) && minutes.is_some_and(|minutes| (0..=40_320).contains(&minutes))
    };
    if overrides.len() > 5 || !overrides.iter().all(good) {
        let said = "Reminder overrides are at most five, each with method email or popup and 0 to 40320 minutes.";
        return Err(ApiError::calendar("invalid", said, cite::CALENDAR_EVENT));
    }
    Ok(())
}

fn check_colour(written: &Map<String, Value>) -> Result<(), ApiError> {
    let Some(colour) = written.get("colorId").and_then(Value::as_str) else { return Ok(()) };
    if colour.parse::<u8>().is_ok_and(|number| (1..=11).contains(&number)) {
        return Ok(());
    }
    Err(ApiError::calendar("invalid", "Invalid colorId: events have the colours 1 to 11.", cite::CALENDAR_EVENT))
}
