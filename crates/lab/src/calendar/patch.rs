//! `events.patch`: a JSON merge (RFC 7396), so arrays are replaced as a whole and null takes a member away.

use super::find::{self, Place};
use super::view::{self, Shown};
use super::{events, invitation, owner, rules};
use crate::api::call::Call;
use crate::api::error::ApiError;
use crate::api::outcome::Outcome;
use crate::cite;
use crate::state::{Event, State};
use serde_json::{Map, Value};
use valetkey_domain::Timestamp;

/// Changes an event or one instance of it.
pub(crate) fn patch(state: &mut State, now: Timestamp, call: &Call) -> Outcome {
    call.refuse_unplayed(&["maxAttendees", "supportsAttachments", "eventLabelVersion"])?;
    let user = owner(state, call)?;
    let (email, zone, id) = (user.email.clone(), user.time_zone.clone(), call.path("eventId").to_owned());
    let shown = find::by_id(state, user, &id)?;
    admit(&shown, call)?;
    let body = call.members();
    let written = if shown.organizer == email || may_modify(&shown) {
        let mut written = merged(&shown.written, &rules::writable(&body));
        rules::complete_attendees(&mut written, &shown.organizer);
        written
    } else {
        answered(&shown, &body, &email)?
    };
    rules::check(&written, &zone)?;
    let conference = events::conference(call, &body)?;
    let version = state.next_history();
    let event = find::event_mut(state, &shown.place())?;
    event.conference = conference.or_else(|| event.conference.take());
    store(event, &shown.place(), written);
    (event.updated, event.version) = (now, version);
    invitation::send(state, call, &shown.event.id, "Updated invitation", now)?;
    let user = owner(state, call)?;
    Ok(find::by_id(state, user, &id)?.resource(&view::viewer(user, None)?).into())
}

/// Refuses a change of what is deleted, or of another version than the caller saw.
pub(crate) fn admit(shown: &Shown, call: &Call) -> Result<(), ApiError> {
    if shown.cancelled {
        return Err(ApiError::gone());
    }
    let seen = call.if_match.as_deref().filter(|seen| *seen != "*");
    if seen.is_some_and(|seen| seen != view::etag(&shown.event)) {
        return Err(ApiError::changed_since());
    }
    Ok(())
}

fn may_modify(shown: &Shown) -> bool {
    shown.written.get("guestsCanModify").and_then(Value::as_bool).unwrap_or(false)
}

/// What an attendee may change of somebody else's event: the own answer.
fn answered(shown: &Shown, body: &Map<String, Value>, email: &str) -> Result<Map<String, Value>, ApiError> {
    if rules::writable(body).keys().any(|name| name != "attendees") {
        let said = "Shared properties can only be changed by the organizer of the event.";
        let error = ApiError::forbidden("forbiddenForNonOrganizer", said, cite::CALENDAR_ERRORS);
        return Err(error.in_domain("calendar"));
    }
    let is_self = |attendee: &Value| {
        attendee.get("email").and_then(Value::as_str).is_some_and(|named| named.eq_ignore_ascii_case(email))
    };
    let given = body.get("attendees").and_then(Value::as_array).and_then(|all| all.iter().find(|one| is_self(one)));
    let mut written = shown.written.clone();
    let own = written
        .get_mut("attendees")
        .and_then(Value::as_array_mut)
        .and_then(|all| all.iter_mut().find(|one| is_self(one)));
    if let (Some(own), Some(answer)) = (own, given.and_then(|given| given.get("responseStatus"))) {
        own["responseStatus"] = answer.clone();
    }
    Ok(written)
}

fn store(event: &mut Event, place: &Place, written: Map<String, Value>) {
    if let Some(instance) = &place.instance {
        event.exceptions.insert(instance.clone(), Some(written));
        return;
    }
    let moved = ["start", "end", "recurrence"].iter().any(|name| event.written.get(*name) != written.get(*name));
    if moved {
        event.sequence += 1;
    }
    // Other rules have other instances: what was said of the old ones is void.
    if event.written.get("recurrence") != written.get("recurrence")
        || event.written.get("start") != written.get("start")
    {
        event.exceptions.clear();
    }
    event.written = written;
}

fn merged(into: &Map<String, Value>, patch: &Map<String, Value>) -> Map<String, Value> {
    let mut result = into.clone();
    for (name, value) in patch {
        match (result.get(name), value) {
            (_, Value::Null) => drop(result.shift_remove(name)),
            (Some(Value::Object(known)), Value::Object(change)) => {
                let inner = merged(known, change);
                result.insert(name.clone(), Value::Object(inner));
            }
            _ => drop(result.insert(name.clone(), value.clone())),
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_merge_replaces_arrays_and_takes_nulls_away() {
        let into = json!({"a": [1, 2], "b": {"c": 1, "d": 2}, "e": 1});
        let patch = json!({"a": [3], "b": {"c": null, "f": 4}, "e": null, "g": 5});
        let result = merged(into.as_object().unwrap(), patch.as_object().unwrap());
        assert_eq!(Value::Object(result), json!({"a": [3], "b": {"d": 2, "f": 4}, "g": 5}));
    }
}
