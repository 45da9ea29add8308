//! The events of a new lab: something recurring, something with a guest, something private, something of whole days.

use crate::Person;
use crate::state::{Event, State};
use crate::{Error, random};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, ToSpan as _};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use valetkey_domain::Timestamp;

/// Gives the first two people their events.
pub(super) fn add(state: &mut State, people: &[Person], now: Timestamp) -> Result<(), Error> {
    let (first, second) = (people.first(), people.get(1));
    if let Some(first) = first {
        let today = today(first, now);
        for written in of_first(first, second, today).into_iter().flatten() {
            store(state, 0, written, now)?;
        }
    }
    if let Some(second) = second {
        let lesson = timed("Piano lesson", second, day(today(second, now), 2.days()), ("17:00", "17:45"));
        store(state, 1, lesson, now)?;
    }
    Ok(())
}

fn of_first(first: &Person, second: Option<&Person>, today: Date) -> [Option<Map<String, Value>>; 4] {
    let mut standup = timed("Stand-up", first, monday(today), ("09:30", "09:45"));
    standup.insert("recurrence".into(), json!(["RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"]));
    let lunch = second.map(|guest| {
        let mut lunch = timed(&format!("Lunch with {}", guest.name), first, day(today, 1.day()), ("12:30", "13:30"));
        lunch.insert("location".into(), json!("Café gegenüber"));
        let attendees = json!([
            {"email": first.email, "responseStatus": "accepted"},
            {"email": guest.email, "responseStatus": "accepted"},
        ]);
        lunch.insert("attendees".into(), attendees);
        lunch
    });
    let mut dentist = timed("Dentist", first, day(today, 3.days()), ("08:00", "08:40"));
    dentist.insert("visibility".into(), json!("private"));
    let (from, to) = (day(today, 8.days()), day(today, 10.days()));
    let offsite = json!({
        "summary": "Offsite by the lake",
        "start": {"date": from.to_string()},
        "end": {"date": to.to_string()},
        "transparency": "transparent",
    });
    [Some(standup), lunch, Some(dentist), offsite.as_object().cloned()]
}

fn timed(summary: &str, person: &Person, day: Date, (from, to): (&str, &str)) -> Map<String, Value> {
    let at = |time: &str| json!({"dateTime": format!("{day}T{time}:00"), "timeZone": person.time_zone});
    let members = [("summary", json!(summary)), ("start", at(from)), ("end", at(to))];
    members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn store(state: &mut State, owner: usize, written: Map<String, Value>, now: Timestamp) -> Result<(), Error> {
    let id = random::base32hex()?;
    let event = Event {
        ical_uid: format!("{id}@lab.example"),
        id,
        written,
        conference: None,
        created: now,
        updated: now,
        version: state.next_history(),
        sequence: 0,
        deleted: false,
        exceptions: BTreeMap::new(),
        removed_by: BTreeSet::new(),
        made_by_api: false,
    };
    if let Some(user) = state.users.get_mut(owner) {
        user.events.push(event);
    }
    Ok(())
}

fn today(person: &Person, now: Timestamp) -> Date {
    now.to_zoned(TimeZone::get(&person.time_zone).unwrap_or(TimeZone::UTC)).date()
}

fn day(today: Date, later: Span) -> Date {
    today.checked_add(later).unwrap_or(today)
}

fn monday(today: Date) -> Date {
    day(today, Span::new().days(-i64::from(today.weekday().to_monday_zero_offset())))
}
