//! `events.delete`: the organiser's ends the event or one instance, an attendee's takes it off the own calendar.

use super::{find, invitation, missing, owner, patch};
use crate::api::call::Call;
use crate::api::outcome::{Answer, Outcome};
use crate::state::State;
use valetkey_domain::Timestamp;

/// Deletes; a second time is 410.
pub(crate) fn delete(state: &mut State, now: Timestamp, call: &Call) -> Outcome {
    let user = owner(state, call)?;
    let email = user.email.clone();
    let shown = find::by_id(state, user, call.path("eventId"))?;
    patch::admit(&shown, call)?;
    let place = shown.place();
    let own = shown.organizer == email;
    if !own && place.instance.is_some() {
        return Err(missing());
    }
    if own {
        invitation::send(state, call, &place.event, "Canceled event", now)?;
    }
    let version = state.next_history();
    let event = find::event_mut(state, &place)?;
    match place.instance {
        _ if !own => drop(event.removed_by.insert(email)),
        Some(instance) => drop(event.exceptions.insert(instance, None)),
        None => event.deleted = true,
    }
    (event.updated, event.version) = (now, version);
    Ok(Answer::default())
}
