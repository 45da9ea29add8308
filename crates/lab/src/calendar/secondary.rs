//! `calendars`: the primary one and those beside it. Events lie on primary calendars only.

use super::{ETAG, caller, caller_mut, missing, own_id, times};
use crate::api::call::Call;
use crate::api::error::ApiError;
use crate::api::outcome::{Answer, Outcome};
use crate::json::put;
use crate::state::{State, User};
use crate::{cite, random};
use serde_json::{Map, Value, json};
use valetkey_domain::Timestamp;

const WRITTEN: [&str; 4] = ["summary", "description", "location", "timeZone"];

/// One of the caller's calendars.
pub(crate) fn get(state: &State, _: Timestamp, call: &Call) -> Outcome {
    let user = caller(state, call)?;
    Ok(shown(user, &own_id(user, call.path("calendarId"))?).into())
}

/// Makes a secondary calendar.
pub(crate) fn insert(state: &mut State, _: Timestamp, call: &Call) -> Outcome {
    let calendar = written(call)?;
    let id = format!("{}@group.calendar.lab.example", random::hex16()?);
    let user = caller_mut(state, call)?;
    user.agenda.calendars.insert(id.clone(), calendar);
    Ok(shown(user, &id).into())
}

/// Changes what is given.
pub(crate) fn patch(state: &mut State, _: Timestamp, call: &Call) -> Outcome {
    let changes = written(call)?;
    let user = caller_mut(state, call)?;
    let id = own_id(user, call.path("calendarId"))?;
    if let Some(zone) = changes.get("timeZone").and_then(Value::as_str).filter(|_| id == user.email) {
        user.time_zone = zone.to_owned();
    }
    user.agenda.calendars.entry(id.clone()).or_default().extend(changes);
    Ok(shown(user, &id).into())
}

/// Deletes a secondary calendar.
pub(crate) fn delete(state: &mut State, _: Timestamp, call: &Call) -> Outcome {
    let user = caller_mut(state, call)?;
    let id = own_id(user, call.path("calendarId"))?;
    if id == user.email {
        return Err(ApiError::calendar("invalid", "Cannot delete a primary calendar.", cite::CALENDAR_CALENDARS));
    }
    user.agenda.calendars.remove(&id).ok_or_else(missing)?;
    user.agenda.listed.remove(&id);
    user.agenda.rules.remove(&id);
    Ok(Answer::default())
}

/// Deletes all events of the primary calendar.
pub(crate) fn clear(state: &mut State, now: Timestamp, call: &Call) -> Outcome {
    let version = state.next_history();
    let user = caller_mut(state, call)?;
    if own_id(user, call.path("calendarId"))? != user.email {
        return Err(ApiError::calendar("invalid", "Only a primary calendar is cleared.", cite::CALENDAR_CALENDARS));
    }
    for event in user.events.iter_mut().filter(|event| !event.deleted) {
        (event.deleted, event.updated, event.version) = (true, now, version);
    }
    Ok(Answer::default())
}

/// Google takes it from administrators with a privilege; nobody in this lab is one.
pub(crate) fn transfer(state: &State, _: Timestamp, call: &Call) -> Outcome {
    own_id(caller(state, call)?, call.path("calendarId"))?;
    Err(ApiError::forbidden("forbidden", "Forbidden", cite::reference(&call.operation)))
}

/// A calendar as all see it.
pub(crate) fn shown(user: &User, id: &str) -> Value {
    let mut shown = json!({
        "kind": "calendar#calendar",
        "etag": ETAG,
        "id": id,
        "summary": id,
        "timeZone": user.time_zone,
        "conferenceProperties": {"allowedConferenceSolutionTypes": ["hangoutsMeet"]},
    });
    for (name, value) in user.agenda.calendars.get(id).into_iter().flatten() {
        put(&mut shown, name, value.clone());
    }
    shown
}

fn written(call: &Call) -> Result<Map<String, Value>, ApiError> {
    let kept = call.members().into_iter().filter(|(name, _)| WRITTEN.contains(&name.as_str()));
    let written: Map<String, Value> = kept.collect();
    let text = |name: &str| written.get(name).and_then(Value::as_str);
    if text("summary").is_some_and(|name| name.trim().is_empty()) {
        return Err(ApiError::calendar("required", "Missing title.", cite::CALENDAR_CALENDARS));
    }
    if let Some(zone) = text("timeZone") {
        times::zone(zone, "calendar")?;
    }
    Ok(written)
}
