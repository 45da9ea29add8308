//! `settings` and `colors`.

use super::{ETAG, caller, missing};
use crate::api::call::Call;
use crate::api::outcome::Outcome;
use crate::state::{State, User};
use serde_json::{Map, Value, json};
use valetkey_domain::Timestamp;

/// Backgrounds of calendars and of events, by their numbers from 1 on.
const CALENDARS: [&str; 24] = [
    "#ac725e", "#d06b64", "#f83a22", "#fa573c", "#ff7537", "#ffad46", "#42d692", "#16a765", "#7bd148", "#b3dc6c",
    "#fbe983", "#fad165", "#92e1c0", "#9fe1e7", "#9fc6e7", "#4986e7", "#9a9cff", "#b99aff", "#c2c2c2", "#cabdbf",
    "#cca6ac", "#f691b2", "#cd74e6", "#a47ae2",
];
const EVENTS: [&str; 11] = [
    "#a4bdfc", "#7ae7bf", "#dbadff", "#ff887c", "#fbd75b", "#ffb878", "#46d6db", "#e1e1e1", "#5484ed", "#51b749",
    "#dc2127",
];
const SETTINGS: [&str; 4] = ["timezone", "locale", "weekStart", "format24HourTime"];

/// The palettes.
pub(crate) fn colors(state: &State, _: Timestamp, call: &Call) -> Outcome {
    caller(state, call)?;
    let palette = |colours: &[&str]| -> Map<String, Value> {
        let numbered = colours.iter().zip(1..);
        numbered.map(|(colour, n)| (n.to_string(), json!({"background": colour, "foreground": "#1d1d1d"}))).collect()
    };
    Ok(json!({"kind": "calendar#colors", "calendar": palette(&CALENDARS), "event": palette(&EVENTS)}).into())
}

/// All of the caller's settings.
pub(crate) fn settings(state: &State, _: Timestamp, call: &Call) -> Outcome {
    call.refuse_unplayed(&["syncToken", "pageToken"])?;
    let user = caller(state, call)?;
    let known = SETTINGS.iter().filter_map(|name| Some((name, value(user, name)?)));
    let shown =
        known.map(|(name, value)| json!({"kind": "calendar#setting", "etag": ETAG, "id": name, "value": value}));
    let items: Vec<Value> = shown.take(call.page_size("maxResults", 100, 250)).collect();
    Ok(json!({"kind": "calendar#settings", "etag": ETAG, "items": items}).into())
}

/// One of the caller's settings.
pub(crate) fn setting(state: &State, _: Timestamp, call: &Call) -> Outcome {
    let user = caller(state, call)?;
    let name = call.path("setting");
    let value = value(user, name).ok_or_else(missing)?;
    Ok(json!({"kind": "calendar#setting", "etag": ETAG, "id": name, "value": value}).into())
}

/// What a calendar reminds of where an event says nothing.
pub(crate) fn default_reminders() -> Value {
    json!([{"method": "popup", "minutes": 10}])
}

fn value<'a>(user: &'a User, name: &str) -> Option<&'a str> {
    Some(match name {
        "timezone" => user.time_zone.as_str(),
        "locale" => "en",
        "weekStart" => "1",
        "format24HourTime" => "true",
        _ => return None,
    })
}
