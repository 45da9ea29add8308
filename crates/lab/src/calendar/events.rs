//! `events.get` and `events.insert`.

use super::{find, invitation, owner, rules, view};
use crate::api::call::Call;
use crate::api::error::ApiError;
use crate::api::outcome::Outcome;
use crate::state::{Event, State};
use crate::{Error, cite, random};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use valetkey_domain::Timestamp;

/// One event or instance. A deleted one is still shown, as `cancelled`.
pub(crate) fn get(state: &State, _: Timestamp, call: &Call) -> Outcome {
    call.refuse_unplayed(&["maxAttendees"])?;
    let user = owner(state, call)?;
    let shown = find::by_id(state, user, call.path("eventId"))?;
    Ok(shown.resource(&view::viewer(user, call.query("timeZone"))?).into())
}

/// Adds an event.
pub(crate) fn insert(state: &mut State, now: Timestamp, call: &Call) -> Outcome {
    call.refuse_unplayed(&["maxAttendees", "supportsAttachments", "eventLabelVersion"])?;
    add(state, now, call, None)
}

/// Adds a copy of an event from elsewhere, under its own iCalendar id.
pub(crate) fn import(state: &mut State, now: Timestamp, call: &Call) -> Outcome {
    call.refuse_unplayed(&["supportsAttachments", "eventLabelVersion"])?;
    let uid = call.members().get("iCalUID").and_then(Value::as_str).unwrap_or_default().to_owned();
    if uid.is_empty() {
        return Err(ApiError::calendar("required", "Missing iCalUID.", cite::CALENDAR_EVENT));
    }
    if owner(state, call)?.events.iter().any(|event| event.ical_uid == uid && !event.deleted) {
        return Err(ApiError::duplicate());
    }
    add(state, now, call, Some(uid))
}

fn add(state: &mut State, now: Timestamp, call: &Call, uid: Option<String>) -> Outcome {
    let user = owner(state, call)?;
    let (email, body) = (user.email.clone(), call.members());
    let mut written = rules::writable(&body);
    rules::check(&written, &user.time_zone)?;
    rules::complete_attendees(&mut written, &email);
    let id = free_id(state, body.get("id").and_then(Value::as_str))?;
    let event = Event {
        ical_uid: uid.unwrap_or_else(|| format!("{id}@lab.example")),
        id: id.clone(),
        written,
        conference: conference(call, &body)?,
        created: now,
        updated: now,
        version: state.next_history(),
        sequence: 0,
        deleted: false,
        exceptions: BTreeMap::new(),
        removed_by: BTreeSet::new(),
        made_by_api: true,
    };
    if let Some(user) = state.user_mut(&email) {
        user.events.push(event);
    }
    invitation::send(state, call, &id, "Invitation", now)?;
    let user = owner(state, call)?;
    Ok(find::by_id(state, user, &id)?.resource(&view::viewer(user, None)?).into())
}

/// The conference that `conferenceData.createRequest` asks for; nothing without `conferenceDataVersion=1`, as at
/// Google, which then ignores the member.
pub(crate) fn conference(call: &Call, body: &Map<String, Value>) -> Result<Option<Value>, ApiError> {
    let asked = body.get("conferenceData").and_then(|data| data.get("createRequest"));
    let Some(asked) = asked.filter(|_| call.query("conferenceDataVersion") == Some("1")) else { return Ok(None) };
    let kind = asked.pointer("/conferenceSolutionKey/type").and_then(Value::as_str).unwrap_or("hangoutsMeet");
    let request = asked.get("requestId").and_then(Value::as_str).unwrap_or_default();
    if kind != "hangoutsMeet" || request.is_empty() {
        let said = "Invalid conference type value.";
        return Err(ApiError::calendar("invalid", said, cite::CALENDAR_EVENT));
    }
    let letters = random::base32hex()?;
    let id = [0..3, 3..7, 7..10].map(|range| letters.get(range).unwrap_or_default()).join("-");
    let link = format!("https://meet.lab.example/{id}");
    Ok(Some(json!({
        "createRequest": {
            "requestId": request,
            "conferenceSolutionKey": {"type": kind},
            "status": {"statusCode": "success"},
        },
        "entryPoints": [{"entryPointType": "video", "uri": link, "label": link.trim_start_matches("https://")}],
        "conferenceSolution": {"key": {"type": kind}, "name": "Google Meet"},
        "conferenceId": id,
    })))
}

/// The id that the caller chose, if it is well formed and free; else a new one.
fn free_id(state: &State, chosen: Option<&str>) -> Result<String, ApiError> {
    let Some(chosen) = chosen.filter(|chosen| !chosen.is_empty()) else { return Ok(new_id()?) };
    let letters = |c: char| c.is_ascii_digit() || ('a'..='v').contains(&c);
    if !(5..=1024).contains(&chosen.len()) || !chosen.chars().all(letters) {
        let said = "Invalid resource id value.";
        return Err(ApiError::calendar("invalid", said, cite::CALENDAR_EVENT));
    }
    if state.users.iter().any(|user| user.events.iter().any(|event| event.id == chosen)) {
        return Err(ApiError::duplicate());
    }
    Ok(chosen.to_owned())
}

fn new_id() -> Result<String, Error> {
    random::base32hex()
}
