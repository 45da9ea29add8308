//! `events.list`.

use super::rules::recurrence_lines;
use super::view::{Shown, Viewer, etag, viewer};
use super::{calendars, find, owner};
use crate::api::call::Call;
use crate::api::error::ApiError;
use crate::api::outcome::Outcome;
use crate::cite;
use crate::gmail::raw;
use crate::json::put;
use crate::state::{Event, State, User};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

/// How far a recurring event without an end is spelled out where no `timeMax` is given.
const HORIZON: SignedDuration = SignedDuration::from_hours(24 * 366);

/// Which events are asked for.
#[derive(Debug)]
struct Filter<'a> {
    from: Option<Timestamp>,
    until: Option<Timestamp>,
    updated_since: Option<Timestamp>,
    single: bool,
    deleted: bool,
    words: Vec<String>,
    ical_uid: Option<&'a str>,
    private: Vec<&'a str>,
    shared: Vec<&'a str>,
    types: Vec<&'a str>,
}

/// The events that fit, in the order asked for.
pub(crate) fn list(state: &State, now: Timestamp, call: &Call) -> Outcome {
    call.refuse_unplayed(&["syncToken", "maxAttendees"])?;
    let user = owner(state, call)?;
    let filter = Filter::read(call)?;
    let viewer = viewer(user, call.query("timeZone"))?;
    let mut found = Vec::new();
    for (organizer, event) in find::visible(state, user) {
        found.extend(spelled_out(organizer, event, &filter, now)?);
    }
    found.retain(|shown| filter.fits(shown, &viewer));
    sort(&mut found, call, &viewer)?;
    page(&found, call, user, &viewer)
}

/// The event itself, or its instances where single events are asked for. Exceptions stand beside a recurring event.
fn spelled_out(organizer: &User, event: &Event, filter: &Filter<'_>, now: Timestamp) -> Result<Vec<Shown>, ApiError> {
    if recurrence_lines(&event.written).is_empty() {
        return Ok(vec![find::whole(organizer, event)?]);
    }
    let horizon = filter.from.unwrap_or(now).max(now).checked_add(HORIZON).unwrap_or(Timestamp::MAX);
    let instances = find::instances(organizer, event, filter.until.unwrap_or(horizon))?;
    if filter.single {
        return Ok(instances);
    }
    let in_range = instances.iter().any(|shown| filter.in_range(shown));
    let exceptions = instances.into_iter().filter(|shown| event.exceptions.contains_key(&shown.id()));
    let whole = in_range.then(|| find::whole(organizer, event)).transpose()?;
    Ok(whole.into_iter().chain(exceptions).collect())
}

impl<'a> Filter<'a> {
    fn read(call: &'a Call) -> Result<Self, ApiError> {
        let time = |name: &str| call.query(name).and_then(|text| text.parse::<Timestamp>().ok());
        let (from, until) = (time("timeMin"), time("timeMax"));
        if from.zip(until).is_some_and(|(from, until)| until <= from) {
            let said = "The specified time range is empty.";
            let error = ApiError::calendar("timeRangeEmpty", said, cite::CALENDAR_ERRORS);
            return Err(error.in_domain("calendar").at("timeMax"));
        }
        let words = call.query("q").unwrap_or_default().split_whitespace().map(str::to_lowercase).collect();
        Ok(Self {
            from,
            until,
            updated_since: time("updatedMin"),
            single: call.flag("singleEvents"),
            deleted: call.flag("showDeleted"),
            words,
            ical_uid: call.query("iCalUID"),
            private: call.all("privateExtendedProperty"),
            shared: call.all("sharedExtendedProperty"),
            types: call.all("eventTypes"),
        })
    }

    fn fits(&self, shown: &Shown, viewer: &Viewer<'_>) -> bool {
        let event = &shown.event;
        let whole_series = shown.original.is_none() && !recurrence_lines(&shown.written).is_empty();
        (whole_series || self.in_range_of(shown, viewer))
            && (self.deleted || !shown.cancelled)
            && self.updated_since.is_none_or(|since| event.updated >= since)
            && self.ical_uid.is_none_or(|uid| event.ical_uid == uid)
            && (self.types.is_empty() || self.types.contains(&"default"))
            && has_all(shown, "private", &self.private)
            && has_all(shown, "shared", &self.shared)
            && self.has_words(shown)
    }

    /// `timeMin` bounds the end, `timeMax` the start, both without the bound itself.
    fn in_range(&self, shown: &Shown) -> bool {
        let (start, end) = shown.times.range(&shown.times.zone);
        self.from.is_none_or(|from| end > from) && self.until.is_none_or(|until| start < until)
    }

    /// The same; days lie in the viewer's zone.
    fn in_range_of(&self, shown: &Shown, viewer: &Viewer<'_>) -> bool {
        let (start, end) = shown.times.range(&viewer.zone);
        self.from.is_none_or(|from| end > from) && self.until.is_none_or(|until| start < until)
    }

    fn has_words(&self, shown: &Shown) -> bool {
        if self.words.is_empty() {
            return true;
        }
        let member = |name: &str| shown.written.get(name).map(Value::to_string).unwrap_or_default();
        let text = ["summary", "description", "location", "attendees"].map(member).join(" ") + &shown.organizer;
        let text = text.to_lowercase();
        self.words.iter().all(|word| text.contains(word.as_str()))
    }
}

/// Whether the event has each of these `name=value` properties.
fn has_all(shown: &Shown, kind: &str, wanted: &[&str]) -> bool {
    let known = shown.written.get("extendedProperties").and_then(|all| all.get(kind));
    wanted.iter().all(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        known.and_then(|known| known.get(name)).and_then(Value::as_str) == Some(value)
    })
}

fn sort(found: &mut [Shown], call: &Call, viewer: &Viewer<'_>) -> Result<(), ApiError> {
    match call.query("orderBy") {
        Some("startTime") if !call.flag("singleEvents") => {
            let said = "The requested ordering is not available for the particular query.";
            return Err(ApiError::calendar("badRequest", said, cite::CALENDAR_ERRORS).at("orderBy"));
        }
        Some("startTime") => found.sort_by_key(|shown| (shown.times.range(&viewer.zone).0, shown.id())),
        Some("updated") => found.sort_by_key(|shown| (shown.event.updated, shown.id())),
        _ => found.sort_by_key(|shown| (shown.event.created, shown.id())),
    }
    Ok(())
}

fn page(found: &[Shown], call: &Call, user: &User, viewer: &Viewer<'_>) -> Outcome {
    let from = start(found, call.query("pageToken"))?;
    let rest = found.get(from..).unwrap_or_default();
    let size = call.page_size("maxResults", 250, 2500).min(rest.len());
    let (shown, rest) = rest.split_at(size);
    let newest = found.iter().max_by_key(|shown| shown.event.version);
    let mut answer = json!({
        "kind": "calendar#events",
        "etag": newest.map_or_else(|| "\"p0\"".to_owned(), |shown| etag(&shown.event)),
        "summary": user.email,
        "updated": newest.map(|shown| shown.event.updated.to_string()).unwrap_or_default(),
        "timeZone": user.time_zone,
        "accessRole": "owner",
        "defaultReminders": calendars::default_reminders(),
        "items": shown.iter().map(|one| one.resource(viewer)).collect::<Vec<_>>(),
    });
    if let (Some(last), false) = (shown.last(), rest.is_empty()) {
        put(&mut answer, "nextPageToken", raw::encode(last.id().as_bytes()));
    }
    Ok(answer.into())
}

fn start(found: &[Shown], token: Option<&str>) -> Result<usize, ApiError> {
    let Some(token) = token else { return Ok(0) };
    let last = raw::decode(token).unwrap_or_default();
    let place = found.iter().position(|shown| shown.id().as_bytes() == last);
    let invalid = || ApiError::calendar("invalid", "Invalid page token value.", cite::CALENDAR_ERRORS).at("pageToken");
    place.map(|place| place + 1).ok_or_else(invalid)
}
