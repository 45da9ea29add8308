//! `calendar_change`: what an update of an event writes, beside its times.
//!
//! Arguments: those of googlecalendar_update_event. Gives those of `summary`, `description`, `location`, `attendees`,
//! `recurrence` that change, in Calendar's form. What is blank or an empty list is as good as absent, because models
//! fill in what they have nothing for; to take something away it is named in `clear_fields`.

use super::scope::{Scope, argument, count, text};
use super::work::Work;
use crate::{Failure, Setting};
use serde_json::{Map, Value, json};

/// By argument, the member that is cleared, and its empty value.
const CLEARABLE: [(&str, &str, Empty); 4] = [
    ("description", "description", Empty::Text),
    ("location", "location", Empty::Text),
    ("attendees_emails", "attendees", Empty::List),
    ("recurrence", "recurrence", Empty::List),
];

#[derive(Clone, Copy)]
enum Empty {
    Text,
    List,
}

/// Arguments that say nothing about the event itself are not among them: with only those there is nothing to change.
const CHANGES: &str = "summary, start_datetime, end_datetime, event_duration_hour, event_duration_minutes, timezone, \
                       description, location, attendees_emails, recurrence, create_meeting_room, \
                       guests_can_invite_others, guests_can_modify, guests_can_see_other_guests, transparency, \
                       visibility, clear_fields";

pub(super) fn run(scope: &Scope, setting: &Setting) -> Result<Value, Failure> {
    let mut change = Map::new();
    for name in ["summary", "description", "location"] {
        setting.work.spend(1 + argument(scope, name).and_then(Value::as_str).map_or(0, str::len))?;
        if let Some(given) = text(scope, name)? {
            change.insert(name.to_owned(), given.into());
        }
    }
    if let Some(guests) = list(scope, "attendees_emails")? {
        setting.work.spend(guests.len())?;
        let guests: Vec<Value> = guests.iter().map(|email| json!({"email": email})).collect();
        change.insert("attendees".to_owned(), guests.into());
    }
    if let Some(lines) = list(scope, "recurrence")? {
        setting.work.spend(lines.iter().map(|line| line.as_str().map_or(1, str::len)).sum())?;
        change.insert("recurrence".to_owned(), lines.to_vec().into());
    }
    clear(scope, &mut change, &setting.work)?;
    if change.is_empty() && !asks_elsewhere(scope)? {
        return Err(Failure::invalid(format!(
            "there is nothing to change: give at least one of {CHANGES}. What is blank counts as not given; to empty a \
             field, name it in `clear_fields`"
        )));
    }
    Ok(Value::Object(change))
}

fn list<'s>(scope: &'s Scope, name: &str) -> Result<Option<&'s [Value]>, Failure> {
    match argument(scope, name) {
        None => Ok(None),
        Some(Value::Array(items)) => Ok(Some(items.as_slice()).filter(|items| !items.is_empty())),
        Some(_) => Err(Failure::invalid(format!("`{name}` must be a list"))),
    }
}

fn clear(scope: &Scope, change: &mut Map<String, Value>, work: &Work) -> Result<(), Failure> {
    for field in list(scope, "clear_fields")?.unwrap_or_default() {
        work.spend(1)?;
        let named = field.as_str().unwrap_or_default();
        let Some((_, member, empty)) = CLEARABLE.iter().find(|(known, ..)| *known == named) else {
            let known = CLEARABLE.map(|(known, ..)| known).join(", ");
            return Err(Failure::invalid(format!("`clear_fields` takes {known}, and nothing else")));
        };
        let empty = match empty {
            Empty::Text => json!(""),
            Empty::List => json!([]),
        };
        if change.get(*member).is_some_and(|given| *given != empty) {
            return Err(Failure::invalid(format!(
                "`{named}` is given and named in `clear_fields`: do one or the other"
            )));
        }
        change.insert((*member).to_owned(), empty);
    }
    Ok(())
}

/// Whether an argument asks for a change that is not made here.
fn asks_elsewhere(scope: &Scope) -> Result<bool, Failure> {
    let mut asks = argument(scope, "create_meeting_room") == Some(&Value::Bool(true));
    for name in ["start_datetime", "end_datetime", "timezone", "transparency", "visibility"] {
        asks |= text(scope, name)?.is_some();
    }
    for name in ["event_duration_hour", "event_duration_minutes"] {
        asks |= count(scope, name)?.is_some_and(|number| number > 0);
    }
    for name in ["guests_can_invite_others", "guests_can_modify", "guests_can_see_other_guests"] {
        asks |= argument(scope, name).is_some_and(Value::is_boolean);
    }
    Ok(asks)
}
