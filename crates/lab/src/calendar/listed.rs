//! `calendarList`: the caller's own calendars, and those of others who let the caller see them.

use super::{ETAG, calendars, caller, caller_mut, missing, own_id, secondary, sharing};
use crate::api::call::Call;
use crate::api::error::ApiError;
use crate::api::outcome::{Answer, Outcome};
use crate::cite;
use crate::json::put;
use crate::state::{State, User};
use serde_json::{Map, Value, json};
use valetkey_domain::Timestamp;

const WRITTEN: [&str; 6] =
    ["colorId", "hidden", "selected", "summaryOverride", "defaultReminders", "notificationSettings"];

/// The list, the primary calendar first.
pub(crate) fn list(state: &State, _: Timestamp, call: &Call) -> Outcome {
    call.refuse_unplayed(&["syncToken", "pageToken", "showOwnOrganizationOnly"])?;
    let user = caller(state, call)?;
    let secondary = user.agenda.calendars.keys().filter(|id| **id != user.email).cloned();
    let others = user.agenda.listed.keys().filter(|id| own_id(user, id).is_err()).cloned();
    let ids = std::iter::once(user.email.clone()).chain(secondary).chain(others);
    let least = call.query("minAccessRole").map_or(0, sharing::rank);
    let wanted = |entry: &Value| {
        let hidden = entry.get("hidden") == Some(&Value::Bool(true));
        let role = entry.get("accessRole").and_then(Value::as_str).unwrap_or_default();
        (call.flag("showHidden") || !hidden) && sharing::rank(role) >= least
    };
    let entries = ids.filter_map(|id| entry(state, user, &id).ok()).filter(wanted);
    let shown: Vec<Value> = entries.take(call.page_size("maxResults", 100, 250)).collect();
    Ok(json!({"kind": "calendar#calendarList", "etag": ETAG, "items": shown}).into())
}

/// One entry.
pub(crate) fn get(state: &State, _: Timestamp, call: &Call) -> Outcome {
    let user = caller(state, call)?;
    let id = known_id(user, call.path("calendarId"))?;
    Ok(entry(state, user, &id)?.into())
}

/// Puts somebody else's calendar into the list.
pub(crate) fn insert(state: &mut State, _: Timestamp, call: &Call) -> Outcome {
    let id = call.members().get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
    let user = caller(state, call)?;
    let id = own_id(user, &id).or_else(|_| sharing::role(state, &id, &user.email).map(|_| id).ok_or_else(missing))?;
    let written = written(call)?;
    caller_mut(state, call)?.agenda.listed.entry(id.clone()).or_default().extend(written);
    Ok(entry(state, caller(state, call)?, &id)?.into())
}

/// Changes what is given.
pub(crate) fn patch(state: &mut State, _: Timestamp, call: &Call) -> Outcome {
    let id = known_id(caller(state, call)?, call.path("calendarId"))?;
    let written = written(call)?;
    caller_mut(state, call)?.agenda.listed.entry(id.clone()).or_default().extend(written);
    Ok(entry(state, caller(state, call)?, &id)?.into())
}

/// Takes a calendar of somebody else's off the list.
pub(crate) fn delete(state: &mut State, _: Timestamp, call: &Call) -> Outcome {
    let user = caller_mut(state, call)?;
    let id = known_id(user, call.path("calendarId"))?;
    if own_id(user, &id).is_ok() {
        let said = "An own calendar stays in the list.";
        return Err(ApiError::forbidden("forbidden", said, cite::CALENDAR_CALENDARS));
    }
    user.agenda.listed.remove(&id);
    Ok(Answer::default())
}

/// The id of a calendar that is in the list.
fn known_id(user: &User, named: &str) -> Result<String, ApiError> {
    let listed = || user.agenda.listed.contains_key(named).then(|| named.to_owned());
    own_id(user, named).or_else(|refusal| listed().ok_or(refusal))
}

fn entry(state: &State, user: &User, id: &str) -> Result<Value, ApiError> {
    let own = own_id(user, id).is_ok();
    let (owner, role) = if own {
        (user, "owner".to_owned())
    } else {
        let owner = state.user(id).ok_or_else(missing)?;
        (owner, sharing::role(state, id, &user.email).ok_or_else(missing)?)
    };
    let mut entry = secondary::shown(owner, id);
    put(&mut entry, "kind", "calendar#calendarListEntry");
    put(&mut entry, "accessRole", role);
    put(&mut entry, "colorId", "14");
    put(&mut entry, "backgroundColor", "#9fe1e7");
    put(&mut entry, "foregroundColor", "#000000");
    put(&mut entry, "selected", true);
    put(&mut entry, "defaultReminders", calendars::default_reminders());
    if id == user.email {
        put(&mut entry, "primary", true);
    }
    for (name, value) in user.agenda.listed.get(id).into_iter().flatten() {
        put(&mut entry, name, value.clone());
    }
    Ok(entry)
}

fn written(call: &Call) -> Result<Map<String, Value>, ApiError> {
    let kept = call.members().into_iter().filter(|(name, _)| WRITTEN.contains(&name.as_str()));
    let written: Map<String, Value> = kept.collect();
    let colour = written.get("colorId").and_then(Value::as_str).map(str::parse::<u8>);
    if colour.is_some_and(|colour| !colour.is_ok_and(|number| (1..=24).contains(&number))) {
        let said = "Invalid colorId: calendars have the colours 1 to 24.";
        return Err(ApiError::calendar("invalid", said, cite::CALENDAR_CALENDARS));
    }
    Ok(written)
}
