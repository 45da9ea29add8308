//! `calendar_times`: an event's start and end in Calendar's form.
//!
//! Arguments: `start_datetime`, `end_datetime`, `timezone`, `event_duration_hour`, `event_duration_minutes`,
//! `recurrence`. Saved, where a tool has them: `calendar` (anything with Calendar's `timeZone`) and `event` (the event
//! before an update). Gives `{start, end}`, or `{}` where an update leaves the times alone.
//!
//! - A time with an offset keeps it. One without is in `timezone`, else in the event's zone, else in the calendar's.
//! - Start and end may be in two zones, as a flight's are. One that is moved keeps the zone of each end; `timezone` is
//!   the start's then, and the end's only with a new end.
//! - The end is `end_datetime`, else the start and the duration, else (an event that is moved) its length, else 30
//!   minutes. Hours and minutes that come to nothing count as not given: models fill in zeros.
//! - A duration is elapsed time, also across a change of the clocks.
//! - A date without a time is a whole day; the end of whole days is exclusive, as Calendar has it. An end on the day of
//!   the start means that one day.
//! - A recurring event that has times needs an IANA zone: its repetitions follow the zone's clocks (Calendar demands it,
//!   <https://developers.google.com/workspace/calendar/api/v3/reference/events#start.timeZone>).

use super::moment::{Clock, Moment, parse};
use super::repeats::{self, Kind};
use super::scope::{Scope, argument, count, member, needed, saved, text};
use super::timed::{Placed, place};
use super::zone::{self, Zone};
use crate::{Failure, Setting};
use jiff::civil::Date;
use jiff::{SignedDuration, Span};
use serde_json::{Value, json};

const DEFAULT_LENGTH: SignedDuration = SignedDuration::from_mins(30);
const DAY: SignedDuration = SignedDuration::from_hours(24);
/// The longest duration; longer ones are mistakes.
const MAX_MINUTES: i64 = 366 * 24 * 60;

/// What the call asks for.
struct EventTimes<'s> {
    start: Option<Moment>,
    end: Option<Moment>,
    length: Option<SignedDuration>,
    /// The `timezone` argument.
    zone: Option<Zone>,
    recurring: bool,
    event: Option<&'s Value>,
    /// Where times without an offset are, and what a recurring event follows.
    home: Option<Zone>,
    /// Where an end without an offset is.
    end_home: Option<Zone>,
    /// The zone of the event's end, where its start is in another one.
    end_own: Option<Zone>,
}

pub(super) fn run(scope: &Scope, setting: &Setting) -> Result<Value, Failure> {
    let given = ["start_datetime", "end_datetime", "timezone"]
        .map(|name| argument(scope, name).and_then(Value::as_str).map_or(0, str::len));
    setting.work.spend(1 + given.iter().sum::<usize>())?;
    let asked = read(scope)?;
    if asked.leaves_times_alone(scope) {
        return Ok(json!({}));
    }
    let start = match &asked.start {
        Some(start) => start.clone(),
        None => of_event(&Value::Object(needed(scope, "event")?.clone()), "start")?,
    };
    match start {
        Moment::Day(first) => {
            repeats::check(scope, Kind::Days, &setting.work)?;
            whole_days(&asked, first)
        }
        Moment::Time(clock) => {
            let zone = clock.zone.as_ref().or(asked.home.as_ref());
            repeats::check(scope, Kind::Times(zone), &setting.work)?;
            timed(&asked, &clock)
        }
    }
}

impl EventTimes<'_> {
    /// Whether nothing is asked about when the event is. Repetitions are: they need its zone beside its times.
    fn leaves_times_alone(&self, scope: &Scope) -> bool {
        let repeats = self.recurring && argument(scope, "recurrence").is_some();
        self.start.is_none() && self.end.is_none() && self.length.is_none() && self.zone.is_none() && !repeats
    }
}

fn read(scope: &Scope) -> Result<EventTimes<'_>, Failure> {
    let moment = |name| text(scope, name)?.map(|given| parse(name, given)).transpose();
    let zone = text(scope, "timezone")?.map(|name| zone::named("timezone", name)).transpose()?;
    let event = saved(scope, "event");
    let known = |value: Option<&Value>| value.and_then(|value| member(value, "timeZone")).and_then(zone::find);
    let of_side = |side: &str| known(event.and_then(|event| event.get(side)));
    let (start_own, end_own) = (of_side("start"), of_side("end"));
    let home = zone.clone().or_else(|| start_own.clone()).or_else(|| known(saved(scope, "calendar")));
    let rules = argument(scope, "recurrence").or_else(|| event.and_then(|event| event.get("recurrence")));
    Ok(EventTimes {
        start: moment("start_datetime")?,
        end: moment("end_datetime")?,
        length: length(scope)?,
        recurring: rules.and_then(Value::as_array).is_some_and(|rules| !rules.is_empty()),
        event,
        end_home: zone.clone().or_else(|| end_own.clone()).or_else(|| home.clone()),
        end_own: end_own.filter(|own| start_own.is_some_and(|start| start.name != own.name)),
        home,
        zone,
    })
}

fn length(scope: &Scope) -> Result<Option<SignedDuration>, Failure> {
    let hours = count(scope, "event_duration_hour")?.unwrap_or(0);
    let minutes = count(scope, "event_duration_minutes")?.unwrap_or(0);
    let total = hours.checked_mul(60).and_then(|hours| hours.checked_add(minutes));
    match total.filter(|total| *total <= MAX_MINUTES) {
        Some(0) => Ok(None),
        Some(total) => Ok(Some(SignedDuration::from_mins(total))),
        None => Err(Failure::invalid("`event_duration_hour` and `event_duration_minutes` come to more than a year")),
    }
}

/// The start or end of the saved event.
fn of_event(event: &Value, side: &str) -> Result<Moment, Failure> {
    let time = event.get(side).unwrap_or(&Value::Null);
    let text = member(time, "dateTime").or_else(|| member(time, "date"));
    let text = text.ok_or_else(|| Failure::invalid(format!("the event has no {side}; give `start_datetime`")))?;
    parse(&format!("the event's {side}"), text)
}

fn whole_days(asked: &EventTimes<'_>, first: Date) -> Result<Value, Failure> {
    let days = match (&asked.end, asked.length) {
        (Some(Moment::Time(_)), _) => return Err(mixed()),
        (Some(Moment::Day(end)), length) => {
            let days = days_between(first, *end);
            agree(length.map(whole).transpose()?, days.max(1))?;
            days
        }
        (None, Some(length)) => whole(length)?,
        (None, None) => days_of_event(asked.event)?,
    };
    if days < 0 {
        return Err(backwards());
    }
    let end = first
        .checked_add(Span::new().days(days.max(1)))
        .map_err(|_| Failure::invalid("the event ends outside the years that a calendar has"))?;
    let was_timed = asked.event.is_some_and(|event| event["start"].get("dateTime").is_some());
    let form = |day: Date| match was_timed {
        // An update is merged into what is there: a time that is not taken away stays beside the date.
        true => json!({"date": day.to_string(), "dateTime": null}),
        false => json!({"date": day.to_string()}),
    };
    Ok(json!({"start": form(first), "end": form(end)}))
}

fn days_between(first: Date, end: Date) -> i64 {
    end.duration_since(first).as_hours() / 24
}

fn days_of_event(event: Option<&Value>) -> Result<i64, Failure> {
    let Some(event) = event else { return Ok(1) };
    match (of_event(event, "start")?, of_event(event, "end")?) {
        (Moment::Day(start), Moment::Day(end)) => Ok(days_between(start, end).max(1)),
        _ => Ok(1),
    }
}

fn whole(length: SignedDuration) -> Result<i64, Failure> {
    if length.as_secs() % DAY.as_secs() == 0 {
        return Ok(length.as_secs() / DAY.as_secs());
    }
    Err(Failure::invalid(
        "an event of whole days has no duration in hours and minutes: give a start with a time, or leave the duration out",
    ))
}

fn timed(asked: &EventTimes<'_>, clock: &Clock) -> Result<Value, Failure> {
    let start = place("start_datetime", clock, asked.home.as_ref())?;
    let end = end_of(asked, &start)?;
    if end.since(&start).is_negative() {
        return Err(backwards());
    }
    let zone = zone_shown(asked, clock)?;
    let end_zone = end_zone(asked, zone);
    let end = match end_zone {
        Some(own) if asked.end.is_none() && end_zone != zone => end.shown_in(own),
        _ => end,
    };
    let form = |placed: &Placed, zone: Option<&Zone>| {
        let mut time = placed.to_calendar(zone);
        if asked.event.is_some_and(|event| event["start"].get("date").is_some()) {
            time.insert("date".to_owned(), Value::Null);
        }
        Value::Object(time)
    };
    Ok(json!({"start": form(&start, zone), "end": form(&end, end_zone)}))
}

/// The zone beside the end: the one that was said of it, else the end's own where the event has two, else the start's.
fn end_zone<'a>(asked: &'a EventTimes<'_>, start: Option<&'a Zone>) -> Option<&'a Zone> {
    let given = match &asked.end {
        Some(Moment::Time(clock)) => Some(clock),
        _ => None,
    };
    if let Some(said) = given.and_then(|clock| clock.zone.as_ref().or(asked.zone.as_ref())) {
        return Some(said);
    }
    asked.end_own.as_ref().filter(|_| start.is_some()).or(start)
}

fn end_of(asked: &EventTimes<'_>, start: &Placed) -> Result<Placed, Failure> {
    match (&asked.end, asked.length) {
        (Some(Moment::Day(_)), _) => Err(mixed()),
        (Some(Moment::Time(clock)), length) => {
            let end = place("end_datetime", clock, asked.end_home.as_ref())
                .or_else(|failure| start.beside(clock).ok_or(failure))?;
            agree(length.map(|length| length.as_secs()), end.since(start).as_secs())?;
            Ok(end)
        }
        (None, Some(length)) => start.later(length),
        (None, None) => start.later(length_of_event(asked)?.unwrap_or(DEFAULT_LENGTH)),
    }
}

/// How long the saved event is, if it has times.
fn length_of_event(asked: &EventTimes<'_>) -> Result<Option<SignedDuration>, Failure> {
    let Some(event) = asked.event else { return Ok(None) };
    match (of_event(event, "start")?, of_event(event, "end")?) {
        (Moment::Time(start), Moment::Time(end)) => {
            let start = place("the event's start", &start, asked.home.as_ref())?;
            Ok(Some(place("the event's end", &end, asked.end_home.as_ref())?.since(&start)))
        }
        _ => Ok(None),
    }
}

/// The zone that goes beside the times: the one that was used or asked for, and one by all means if the event recurs.
fn zone_shown<'a>(asked: &'a EventTimes<'_>, clock: &'a Clock) -> Result<Option<&'a Zone>, Failure> {
    let said = asked.zone.as_ref().or(clock.zone.as_ref());
    if !asked.recurring && clock.offset.is_some() {
        return Ok(said);
    }
    let zone = said.or(asked.home.as_ref());
    if asked.recurring && zone.is_none() {
        return Err(Failure::invalid(
            "a recurring event needs `timezone`, an IANA name such as Europe/Berlin: an offset does not say how its repetitions follow the clocks",
        ));
    }
    Ok(zone)
}

fn agree(length: Option<i64>, real: i64) -> Result<(), Failure> {
    if length.is_none_or(|length| length == real) {
        return Ok(());
    }
    Err(Failure::invalid("`end_datetime` and the duration disagree: give one of them"))
}

fn mixed() -> Failure {
    Failure::invalid("`start_datetime` and `end_datetime` must both have a time, or both be dates")
}

fn backwards() -> Failure {
    Failure::invalid("the event would end before it starts: `end_datetime` must be later than `start_datetime`")
}
