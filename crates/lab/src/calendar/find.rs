//! Which events a user has on the calendar, and single ones by id.

use super::missing;
use super::recurrence::Recurrence;
use super::rules::recurrence_lines;
use super::times::{Times, When, instant};
use super::view::{Shown, instance_id};
use crate::api::error::ApiError;
use crate::state::{Event, State, User};
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

/// Where an event lies in the state, and which instance of it is meant.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) organizer: String,
    pub(crate) event: String,
    /// The whole id of an instance.
    pub(crate) instance: Option<String>,
}

/// Every event on the user's calendar, with its organiser: the own ones, and those of others that list the user.
pub(crate) fn visible<'a>(state: &'a State, user: &'a User) -> impl Iterator<Item = (&'a User, &'a Event)> {
    let all = state.users.iter().flat_map(|organizer| organizer.events.iter().map(move |event| (organizer, event)));
    all.filter(move |(organizer, event)| organizer.email == user.email || invited(event, &user.email))
}

/// The event or instance of this id on the user's calendar, also if it was deleted.
pub(crate) fn by_id(state: &State, user: &User, id: &str) -> Result<Shown, ApiError> {
    let mut found =
        visible(state, user).filter(|(_, event)| id == event.id || id.starts_with(&format!("{}_", event.id)));
    let (organizer, event) = found.next().ok_or_else(missing)?;
    if id == event.id {
        return whole(organizer, event);
    }
    instance(organizer, event, &read_instance(event, id).ok_or_else(missing)?)
}

/// The event as a whole, a recurring one with its rules.
pub(crate) fn whole(organizer: &User, event: &Event) -> Result<Shown, ApiError> {
    shown(organizer, event, event.written.clone(), None, event.deleted)
}

/// The instances of a recurring event before an instant, exceptions in their own places.
pub(crate) fn instances(organizer: &User, event: &Event, until: Timestamp) -> Result<Vec<Shown>, ApiError> {
    let times = Times::read(event.written.get("start"), event.written.get("end"), &organizer.time_zone)?;
    let recurrence = Recurrence::read(&recurrence_lines(&event.written), &times)?;
    // An exception may have been moved here from beyond the end.
    let moved =
        event.exceptions.keys().filter_map(|id| read_instance(event, id)).map(|start| instant(&start, &times.zone));
    let until = moved.max().map_or(until, |last| until.max(last + SignedDuration::from_secs(1)));
    let end = until.to_zoned(times.zone.clone()).datetime();
    let starts: Vec<DateTime> = recurrence.starts_before(end).collect();
    starts.into_iter().filter_map(|start| times.moved_to(start)).map(|at| at_times(organizer, event, &at)).collect()
}

fn instance(organizer: &User, event: &Event, start: &When) -> Result<Shown, ApiError> {
    let times = Times::read(event.written.get("start"), event.written.get("end"), &organizer.time_zone)?;
    let local = match start {
        When::Day(day) => day.to_datetime(jiff::civil::Time::midnight()),
        When::At(at) => at.to_zoned(times.zone.clone()).datetime(),
    };
    let lines = recurrence_lines(&event.written);
    if lines.is_empty() || !Recurrence::read(&lines, &times)?.has(local) {
        return Err(missing());
    }
    at_times(organizer, event, &times.moved_to(local).ok_or_else(missing)?)
}

/// The instance that the rules have at these times, with its exception if it has one.
fn at_times(organizer: &User, event: &Event, at: &Times) -> Result<Shown, ApiError> {
    let original = at.start.clone();
    let exception = event.exceptions.get(&instance_id(&event.id, &original));
    if let Some(Some(written)) = exception {
        return shown(organizer, event, written.clone(), Some(original), event.deleted);
    }
    let (start, end) = at.shown(&at.zone);
    let mut written = event.written.clone();
    written.shift_remove("recurrence");
    written.insert("start".into(), start);
    written.insert("end".into(), end);
    shown(organizer, event, written, Some(original), event.deleted || exception.is_some())
}

fn shown(
    organizer: &User,
    event: &Event,
    written: Map<String, Value>,
    original: Option<When>,
    cancelled: bool,
) -> Result<Shown, ApiError> {
    let times = Times::read(written.get("start"), written.get("end"), &organizer.time_zone)?;
    let cancelled = cancelled || written.get("status").and_then(Value::as_str) == Some("cancelled");
    Ok(Shown { event: event.clone(), organizer: organizer.email.clone(), written, times, original, cancelled })
}

fn invited(event: &Event, email: &str) -> bool {
    let attendees = event.written.get("attendees").and_then(Value::as_array);
    let named = |attendee: &Value| {
        attendee.get("email").and_then(Value::as_str).is_some_and(|named| named.eq_ignore_ascii_case(email))
    };
    attendees.is_some_and(|attendees| attendees.iter().any(named)) && !event.removed_by.contains(email)
}

/// The original start that an instance's id carries: `_20261123` or `_20261123T080000Z` behind the event's.
fn read_instance(event: &Event, id: &str) -> Option<When> {
    let text = id.strip_prefix(&event.id)?.strip_prefix('_')?;
    match text.strip_suffix('Z') {
        Some(utc) => {
            let at = DateTime::strptime("%Y%m%dT%H%M%S", utc).ok()?.to_zoned(TimeZone::UTC).ok()?;
            Some(When::At(at.timestamp()))
        }
        None => Date::strptime("%Y%m%d", text).ok().map(When::Day),
    }
}

impl Shown {
    /// Where it lies.
    pub(crate) fn place(&self) -> Place {
        let instance = self.original.as_ref().map(|_| self.id());
        Place { organizer: self.organizer.clone(), event: self.event.id.clone(), instance }
    }
}

/// The event at a place.
pub(crate) fn event_mut<'a>(state: &'a mut State, place: &Place) -> Result<&'a mut Event, ApiError> {
    let organizer = state.user_mut(&place.organizer).ok_or_else(missing)?;
    organizer.events.iter_mut().find(|event| event.id == place.event).ok_or_else(missing)
}
