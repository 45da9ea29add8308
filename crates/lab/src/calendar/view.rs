//! An event as one viewer sees it.

use super::times::{self, Times, When};
use crate::api::error::ApiError;
use crate::state::{Event, User};
use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};

/// Who looks, and in which zone times are shown.
#[derive(Debug)]
pub(crate) struct Viewer<'a> {
    pub(crate) user: &'a User,
    pub(crate) zone: TimeZone,
}

/// One event or instance, ready to be shown, with what lists sort and filter by.
#[derive(Clone, Debug)]
pub(crate) struct Shown {
    pub(crate) event: Event,
    pub(crate) organizer: String,
    /// The written members: the event's own, or those of an instance.
    pub(crate) written: Map<String, Value>,
    pub(crate) times: Times,
    /// For an instance, where the rules would have it.
    pub(crate) original: Option<When>,
    pub(crate) cancelled: bool,
}

impl Shown {
    /// The id: an instance's carries its original start in UTC.
    pub(crate) fn id(&self) -> String {
        self.original.as_ref().map_or_else(|| self.event.id.clone(), |start| instance_id(&self.event.id, start))
    }

    /// The resource `Event`.
    pub(crate) fn resource(&self, viewer: &Viewer<'_>) -> Value {
        let event = &self.event;
        let (start, end) = self.times.shown(&viewer.zone);
        let mut shown = json!({
            "kind": "calendar#event",
            "etag": etag(event),
            "id": self.id(),
            "status": if self.cancelled { "cancelled" } else { "confirmed" },
            "htmlLink": format!("https://calendar.lab.example/event?eid={}", self.id()),
            "created": utc(event.created),
            "updated": utc(event.updated),
            "creator": person(&self.organizer, viewer),
            "organizer": person(&self.organizer, viewer),
            "iCalUID": event.ical_uid,
            "sequence": event.sequence,
            "eventType": "default",
            "reminders": {"useDefault": true},
        });
        if let Some(members) = shown.as_object_mut() {
            for (name, value) in self.written.iter().filter(|(name, _)| !(self.cancelled && *name == "status")) {
                members.insert(name.clone(), value.clone());
            }
            members.insert("start".into(), start);
            members.insert("end".into(), end);
            self.add_instance(members, viewer);
            self.add_conference(members);
            mark_attendees(members, &self.organizer, &viewer.user.email);
        }
        shown
    }

    fn add_instance(&self, members: &mut Map<String, Value>, viewer: &Viewer<'_>) {
        let Some(original) = &self.original else { return };
        let at = Times { start: original.clone(), ..self.times.clone() };
        members.shift_remove("recurrence");
        members.insert("recurringEventId".into(), json!(self.event.id));
        members.insert("originalStartTime".into(), at.shown(&viewer.zone).0);
    }

    fn add_conference(&self, members: &mut Map<String, Value>) {
        if let Some(conference) = &self.event.conference {
            let link = conference.pointer("/entryPoints/0/uri").cloned().unwrap_or_default();
            members.insert("hangoutLink".into(), link);
            members.insert("conferenceData".into(), conference.clone());
        }
    }
}

/// The entity tag: another one after every change.
pub(crate) fn etag(event: &Event) -> String {
    format!("\"{}\"", 3_000_000_000_000_000_u64 + event.version)
}

/// The id of the instance that the rules have at this start.
pub(crate) fn instance_id(event: &str, start: &When) -> String {
    match start {
        When::Day(day) => format!("{event}_{}", day.strftime("%Y%m%d")),
        When::At(at) => format!("{event}_{}Z", at.to_zoned(TimeZone::UTC).strftime("%Y%m%dT%H%M%S")),
    }
}

/// The viewer of a call: times are shown in the zone it asks for, else in its calendar's.
pub(crate) fn viewer<'a>(user: &'a User, zone: Option<&str>) -> Result<Viewer<'a>, ApiError> {
    Ok(Viewer { user, zone: times::zone(zone.unwrap_or(&user.time_zone), "shown")? })
}

fn utc(at: jiff::Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

fn person(email: &str, viewer: &Viewer<'_>) -> Value {
    if email == viewer.user.email { json!({"email": email, "self": true}) } else { json!({"email": email}) }
}

fn mark_attendees(members: &mut Map<String, Value>, organizer: &str, viewer: &str) {
    let attendees = members.get_mut("attendees").and_then(Value::as_array_mut);
    for attendee in attendees.into_iter().flatten().filter_map(Value::as_object_mut) {
        let email = attendee.get("email").and_then(Value::as_str).unwrap_or_default().to_owned();
        for (mark, whose) in [("organizer", organizer), ("self", viewer)] {
            if email.eq_ignore_ascii_case(whose) {
                attendee.insert(mark.into(), json!(true));
            }
        }
    }
}
