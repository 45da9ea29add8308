//! `freebusy.query`, and `events.instances`.

use super::rules::recurrence_lines;
use super::times::{self, rfc3339};
use super::view::{Shown, viewer};
use super::{ETAG, caller, find, missing, owner, sharing};
use crate::api::call::Call;
use crate::api::error::ApiError;
use crate::api::outcome::Outcome;
use crate::cite;
use crate::json::put;
use crate::state::{State, User};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

/// How far instances are spelled out where no `timeMax` is given.
const HORIZON: SignedDuration = SignedDuration::from_hours(24 * 366);

/// When calendars are busy: the caller's, and those of others who let the caller see that.
pub(crate) fn query(state: &State, _: Timestamp, call: &Call) -> Outcome {
    let body = call.members();
    let text = |name: &str| body.get(name).and_then(Value::as_str);
    let time = |name: &str| text(name).and_then(|text| text.parse::<Timestamp>().ok());
    let (Some(from), Some(until)) = (time("timeMin"), time("timeMax")) else {
        return Err(ApiError::calendar("required", "Missing timeMin or timeMax parameter.", cite::CALENDAR_BUSY));
    };
    if until <= from {
        let said = "The specified time range is empty.";
        return Err(ApiError::calendar("timeRangeEmpty", said, cite::CALENDAR_ERRORS).in_domain("calendar"));
    }
    let zone = times::zone(text("timeZone").unwrap_or("UTC"), "shown")?;
    let user = caller(state, call)?;
    let mut calendars = Map::new();
    for id in
        body.get("items").and_then(Value::as_array).into_iter().flatten().filter_map(|item| item.get("id")?.as_str())
    {
        let own = id == "primary" || id.eq_ignore_ascii_case(&user.email);
        let seen = if own { Some(user) } else { sharing::role(state, id, &user.email).and_then(|_| state.user(id)) };
        let answer = match seen {
            Some(owner) => {
                let spans = spans(state, owner, from, until)?;
                let shown = |(start, end): &(Timestamp, Timestamp)| json!({"start": rfc3339(*start, &zone), "end": rfc3339(*end, &zone)});
                json!({"busy": spans.iter().map(shown).collect::<Vec<_>>()})
            }
            None => json!({"errors": [{"domain": "global", "reason": "notFound"}], "busy": []}),
        };
        calendars.insert(id.to_owned(), answer);
    }
    let (from, until) = (from.to_string(), until.to_string());
    Ok(json!({"kind": "calendar#freeBusy", "timeMin": from, "timeMax": until, "calendars": calendars}).into())
}

/// The days of a recurring event.
pub(crate) fn instances(state: &State, now: Timestamp, call: &Call) -> Outcome {
    call.refuse_unplayed(&["maxAttendees", "originalStart", "showDeleted"])?;
    let user = owner(state, call)?;
    let id = call.path("eventId");
    let found = find::visible(state, user).find(|(_, event)| event.id == id && !event.deleted);
    let (organizer, event) = found.ok_or_else(missing)?;
    if recurrence_lines(&event.written).is_empty() {
        return Err(ApiError::calendar("invalid", "Not a recurring event.", cite::CALENDAR_RECURRING));
    }
    let time = |name: &str| call.query(name).and_then(|text| text.parse::<Timestamp>().ok());
    let (from, until) = (time("timeMin"), time("timeMax"));
    let horizon = from.unwrap_or(now).max(now).checked_add(HORIZON).unwrap_or(Timestamp::MAX);
    let all = find::instances(organizer, event, until.unwrap_or(horizon))?;
    let viewer = viewer(user, call.query("timeZone"))?;
    let fits = |shown: &&Shown| {
        let (start, end) = shown.times.range(&viewer.zone);
        !shown.cancelled && from.is_none_or(|from| end > from) && until.is_none_or(|until| start < until)
    };
    let fitting: Vec<&Shown> = all.iter().filter(fits).collect();
    let begin = match call.query("pageToken") {
        None => 0,
        Some(token) => {
            let place = token.parse::<usize>().ok().filter(|place| *place < fitting.len());
            place.ok_or_else(|| {
                ApiError::calendar("invalid", "Invalid page token value.", cite::CALENDAR_ERRORS).at("pageToken")
            })?
        }
    };
    let size = call.page_size("maxResults", 250, 2_500);
    let items: Vec<Value> = fitting.iter().skip(begin).take(size).map(|shown| shown.resource(&viewer)).collect();
    let mut answer = json!({"kind": "calendar#events", "etag": ETAG, "timeZone": user.time_zone, "items": items});
    if begin + size < fitting.len() {
        put(&mut answer, "nextPageToken", (begin + size).to_string());
    }
    Ok(answer.into())
}

fn spans(
    state: &State,
    owner: &User,
    from: Timestamp,
    until: Timestamp,
) -> Result<Vec<(Timestamp, Timestamp)>, ApiError> {
    let zone = times::zone(&owner.time_zone, "shown")?;
    let mut spans = Vec::new();
    for (organizer, event) in find::visible(state, owner).filter(|(_, event)| !event.deleted) {
        let free = event.written.get("transparency").and_then(Value::as_str) == Some("transparent");
        let all = match recurrence_lines(&event.written).is_empty() {
            _ if free => Vec::new(),
            true => vec![find::whole(organizer, event)?],
            false => find::instances(organizer, event, until)?,
        };
        let ranges = all.iter().filter(|shown| !shown.cancelled).map(|shown| shown.times.range(&zone));
        spans.extend(ranges.filter(|(start, end)| *end > from && *start < until));
    }
    spans.sort_unstable();
    Ok(spans)
}
