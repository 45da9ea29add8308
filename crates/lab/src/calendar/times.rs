//! Starts and ends: a day, or an instant with the zone that it is thought in.

use crate::api::error::ApiError;
use crate::cite;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use serde_json::{Value, json};
use valetkey_vendor::Misfit;

/// One end of an event.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum When {
    /// An all-day event's; an end is the first day that is no more part of it.
    Day(Date),
    /// A timed event's.
    At(Timestamp),
}

/// Start and end of an event, both days or both instants.
#[derive(Clone, Debug)]
pub(crate) struct Times {
    pub(crate) start: When,
    pub(crate) end: When,
    /// What the start says of its zone, else the calendar's.
    pub(crate) zone: TimeZone,
    pub(crate) zone_name: String,
    /// The end may be in another zone, as a flight's is.
    pub(crate) end_zone_name: String,
}

impl Times {
    /// Reads `start` and `end` of an event.
    pub(crate) fn read(start: Option<&Value>, end: Option<&Value>, calendar_zone: &str) -> Result<Self, ApiError> {
        let zone_name = zone_of(start).unwrap_or(calendar_zone).to_owned();
        let zone = zone(&zone_name, "start")?;
        let end_zone_name = zone_of(end).unwrap_or(&zone_name).to_owned();
        let times =
            Self { start: when(start, "start", &zone)?, end: when(end, "end", &zone)?, zone, zone_name, end_zone_name };
        times.check()?;
        Ok(times)
    }

    fn check(&self) -> Result<(), ApiError> {
        let empty = match (&self.start, &self.end) {
            (When::Day(start), When::Day(end)) => end <= start,
            (When::At(start), When::At(end)) => end < start,
            _ => {
                let said = "The start and end times must either both be date or both be dateTime.";
                return Err(ApiError::calendar("invalid", said, cite::CALENDAR_EVENT));
            }
        };
        if empty {
            let said = "The specified time range is empty.";
            return Err(ApiError::calendar("timeRangeEmpty", said, cite::CALENDAR_ERRORS).in_domain("calendar"));
        }
        Ok(())
    }

    /// The instants between which the event lies; days begin at midnight in the given zone.
    pub(crate) fn range(&self, zone: &TimeZone) -> (Timestamp, Timestamp) {
        (instant(&self.start, zone), instant(&self.end, zone))
    }

    /// The start as a wall clock in its own zone shows it.
    pub(crate) fn local_start(&self) -> DateTime {
        match &self.start {
            When::Day(day) => day.to_datetime(jiff::civil::Time::midnight()),
            When::At(at) => at.to_zoned(self.zone.clone()).datetime(),
        }
    }

    /// The same event moved so that it begins at this wall-clock time. A duration is elapsed time.
    pub(crate) fn moved_to(&self, local: DateTime) -> Option<Self> {
        let (start, end) = match (&self.start, &self.end) {
            (When::Day(first), When::Day(last)) => {
                let days = first.until(*last).ok()?.get_days();
                (When::Day(local.date()), When::Day(local.date().checked_add(days.days()).ok()?))
            }
            (When::At(first), When::At(last)) => {
                let start = local.to_zoned(self.zone.clone()).ok()?.timestamp();
                let length: SignedDuration = last.duration_since(*first);
                (When::At(start), When::At(start.checked_add(length).ok()?))
            }
            _ => return None,
        };
        Some(Self { start, end, ..self.clone() })
    }

    /// The members `start` and `end`, shown in a zone.
    pub(crate) fn shown(&self, zone: &TimeZone) -> (Value, Value) {
        let one = |when: &When, name: &str| match when {
            When::Day(day) => json!({"date": day.to_string()}),
            When::At(at) => json!({"dateTime": rfc3339(*at, zone), "timeZone": name}),
        };
        (one(&self.start, &self.zone_name), one(&self.end, &self.end_zone_name))
    }
}

/// An instant in RFC 3339 with the offset of a zone, `Z` where that is zero.
pub(crate) fn rfc3339(at: Timestamp, zone: &TimeZone) -> String {
    let text = at.to_zoned(zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string();
    text.strip_suffix("+00:00").map_or(text.clone(), |local| format!("{local}Z"))
}

/// The instant at which this end lies.
pub(crate) fn instant(when: &When, zone: &TimeZone) -> Timestamp {
    match when {
        When::At(at) => *at,
        When::Day(day) => day.to_zoned(zone.clone()).map_or(Timestamp::MIN, |midnight| midnight.timestamp()),
    }
}

/// The IANA zone of this name. UTC is known even where the system has no zones.
pub(crate) fn zone(name: &str, at: &str) -> Result<TimeZone, ApiError> {
    if name == "UTC" {
        return Ok(TimeZone::UTC);
    }
    let said = || format!("Invalid time zone definition for {at} time.");
    TimeZone::get(name).map_err(|_| ApiError::calendar("invalid", said(), cite::CALENDAR_EVENT))
}

/// Whether a misfit is none: the vendor's description has `dateTime` as RFC 3339, the event's page allows it without
/// an offset where `timeZone` is given.
pub(crate) fn is_local_time(misfit: &Misfit, body: Option<&Value>) -> bool {
    let side = misfit.at.strip_prefix("body.").and_then(|rest| rest.strip_suffix(".dateTime"));
    let given = side.and_then(|side| body?.get(side));
    let text = given.and_then(|given| given.get("dateTime")).and_then(Value::as_str).unwrap_or_default();
    zone_of(given).is_some() && text.parse::<DateTime>().is_ok()
}

/// The zone that an end names for itself.
pub(crate) fn zone_of(given: Option<&Value>) -> Option<&str> {
    given?.get("timeZone").and_then(Value::as_str)
}

fn when(given: Option<&Value>, side: &str, start_zone: &TimeZone) -> Result<When, ApiError> {
    let invalid = |said: String| ApiError::calendar("invalid", said, cite::CALENDAR_EVENT);
    let given = given.filter(|given| given.is_object());
    let member = |name: &str| given.and_then(|given| given.get(name)).and_then(Value::as_str);
    match (member("date"), member("dateTime")) {
        (None, None) => {
            let said = format!("Missing {side} time.");
            Err(ApiError::calendar("required", said, cite::CALENDAR_EVENT))
        }
        (Some(_), Some(_)) => Err(invalid(format!("Invalid {side} time."))),
        (Some(day), None) => day.parse().map(When::Day).map_err(|_| invalid(format!("Invalid {side} date."))),
        (None, Some(text)) => {
            if let Ok(at) = text.parse::<Timestamp>() {
                return Ok(When::At(at));
            }
            let own = zone_of(given).map(|name| zone(name, side)).transpose()?;
            let missing = || invalid(format!("Missing time zone definition for {side} time."));
            let zone = own.or_else(|| (side == "end").then(|| start_zone.clone())).ok_or_else(missing)?;
            let local: DateTime = text.parse().map_err(|_| invalid(format!("Invalid {side} time.")))?;
            let zoned = local.to_zoned(zone).map_err(|_| invalid(format!("Invalid {side} time.")))?;
            Ok(When::At(zoned.timestamp()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(start: &Value, end: &Value) -> Result<Times, ApiError> {
        Times::read(Some(start), Some(end), "Europe/Berlin")
    }

    #[test]
    fn an_offset_is_kept_and_a_zone_stands_for_one() {
        let given = read(
            &json!({"dateTime": "2026-11-23T09:00:00-05:00"}),
            &json!({"dateTime": "2026-11-23T16:00:00", "timeZone": "Europe/Berlin"}),
        );
        let (start, end) = given.unwrap().range(&TimeZone::UTC);
        assert_eq!(
            (start.to_string().as_str(), end.to_string().as_str()),
            ("2026-11-23T14:00:00Z", "2026-11-23T15:00:00Z")
        );
    }

    #[test]
    fn each_end_keeps_the_zone_that_it_was_given() {
        let start = json!({"dateTime": "2026-11-23T10:00:00", "timeZone": "Europe/Berlin"});
        let end = json!({"dateTime": "2026-11-23T12:00:00", "timeZone": "America/New_York"});
        let (start, end) = read(&start, &end).unwrap().shown(&TimeZone::UTC);
        assert_eq!(start, json!({"dateTime": "2026-11-23T09:00:00Z", "timeZone": "Europe/Berlin"}));
        assert_eq!(end, json!({"dateTime": "2026-11-23T17:00:00Z", "timeZone": "America/New_York"}));
    }

    #[test]
    fn what_is_no_range_is_refused() {
        for (start, end) in [
            (json!({"date": "2026-11-23"}), json!({"dateTime": "2026-11-23T09:00:00Z"})),
            (json!({"date": "2026-11-23"}), json!({"date": "2026-11-23"})),
            (json!({"dateTime": "2026-11-23T10:00:00Z"}), json!({"dateTime": "2026-11-23T09:00:00Z"})),
            (json!({"dateTime": "2026-11-23T10:00:00"}), json!({"dateTime": "2026-11-23T11:00:00Z"})),
            (json!({"dateTime": "2026-11-23T10:00:00", "timeZone": "Mars/Base"}), json!({"date": "2026-11-24"})),
            (json!({"date": "2026-11-23", "dateTime": "2026-11-23T10:00:00Z"}), json!({"date": "2026-11-24"})),
            (json!(null), json!({"date": "2026-11-24"})),
        ] {
            assert!(read(&start, &end).is_err(), "{start}");
        }
    }

    #[test]
    fn a_duration_across_a_change_of_clocks_is_elapsed_time() {
        let start = json!({"dateTime": "2026-10-24T22:00:00", "timeZone": "Europe/Berlin"});
        let end = json!({"dateTime": "2026-10-25T06:00:00", "timeZone": "Europe/Berlin"});
        let times = read(&start, &end).unwrap();
        let moved = times.moved_to("2026-10-26T22:00:00".parse().unwrap()).unwrap();
        let (from, to) = moved.range(&TimeZone::UTC);
        assert_eq!(to.duration_since(from), SignedDuration::from_hours(9));
    }
}
