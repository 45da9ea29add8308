//! `calendars.get`, `calendarList.list` and `settings.get`.

use super::{missing, owner};
use crate::api::call::Call;
use crate::api::error::ApiError;
use crate::api::outcome::Outcome;
use crate::state::{State, User};
use serde_json::{Value, json};
use valetkey_domain::Timestamp;

const ETAG: &str = "\"lab-1\"";

/// The caller's primary calendar.
pub(crate) fn get(state: &State, _: Timestamp, call: &Call) -> Outcome {
    let user = owner(state, call)?;
    Ok(json!({
        "kind": "calendar#calendar",
        "etag": ETAG,
        "id": user.email,
        "summary": user.email,
        "timeZone": user.time_zone,
        "conferenceProperties": {"allowedConferenceSolutionTypes": ["hangoutsMeet"]},
    })
    .into())
}

/// The caller's calendars: the primary one.
pub(crate) fn list(state: &State, _: Timestamp, call: &Call) -> Outcome {
    call.refuse_unplayed(&["syncToken", "pageToken"])?;
    let user = caller(state, call)?;
    Ok(json!({"kind": "calendar#calendarList", "etag": ETAG, "items": [entry(user)]}).into())
}

/// One of the caller's settings.
pub(crate) fn setting(state: &State, _: Timestamp, call: &Call) -> Outcome {
    let user = caller(state, call)?;
    let name = call.path("setting");
    let value = match name {
        "timezone" => user.time_zone.as_str(),
        "locale" => "en",
        "weekStart" => "1",
        "format24HourTime" => "true",
        _ => return Err(missing()),
    };
    Ok(json!({"kind": "calendar#setting", "etag": ETAG, "id": name, "value": value}).into())
}

/// What a calendar reminds of where an event says nothing.
pub(crate) fn default_reminders() -> Value {
    json!([{"method": "popup", "minutes": 10}])
}

fn caller<'a>(state: &'a State, call: &Call) -> Result<&'a User, ApiError> {
    state.user(&call.caller.user).ok_or_else(ApiError::bad_credentials)
}

fn entry(user: &User) -> Value {
    json!({
        "kind": "calendar#calendarListEntry",
        "etag": ETAG,
        "id": user.email,
        "summary": user.email,
        "timeZone": user.time_zone,
        "colorId": "14",
        "backgroundColor": "#9fe1e7",
        "foregroundColor": "#000000",
        "selected": true,
        "accessRole": "owner",
        "defaultReminders": default_reminders(),
        "primary": true,
        "conferenceProperties": {"allowedConferenceSolutionTypes": ["hangoutsMeet"]},
    })
}
