//! Recurring events: their rules are checked when written and spelled out when listed.
//!
//! The rules run on wall-clock times (as if all the world were UTC) and only then meet the event's zone, so that a
//! meeting at nine stays at nine when clocks change. Sources: RFC 5545, 3.3.10, and
//! <https://developers.google.com/workspace/calendar/api/concepts/events-calendars#recurring_events>.

use super::times::Times;
use crate::api::error::ApiError;
use crate::cite;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use rrule::RRuleSet;

/// No listing spells out more instances of one event.
const MOST: usize = 5_000;

/// The rules of one event.
#[derive(Debug)]
pub(crate) struct Recurrence(RRuleSet);

impl Recurrence {
    /// Reads the lines of `recurrence`.
    ///
    /// # Errors
    /// A line that is not understood; Google's page about recurring events says which are.
    pub(crate) fn read(lines: &[&str], times: &Times) -> Result<Self, ApiError> {
        let mut text = format!("DTSTART:{}Z", times.local_start().strftime("%Y%m%dT%H%M%S"));
        for line in lines {
            let converted = convert(line, times).ok_or_else(|| invalid(line))?;
            text.push('\n');
            text.push_str(&converted);
        }
        if !lines.iter().any(|line| line.starts_with("RRULE") || line.starts_with("RDATE")) {
            return Err(invalid(lines.first().copied().unwrap_or_default()));
        }
        let set: RRuleSet = text.parse().map_err(|_| invalid(lines.first().copied().unwrap_or_default()))?;
        Ok(Self(set.limit()))
    }

    /// The wall-clock starts before this one, earliest first.
    pub(crate) fn starts_before(&self, end: DateTime) -> impl Iterator<Item = DateTime> {
        let read = |text: String| DateTime::strptime("%Y%m%dT%H%M%S", text).ok();
        let starts = self.0.into_iter().map_while(move |at| read(at.format("%Y%m%dT%H%M%S").to_string()));
        starts.take_while(move |start| *start < end).take(MOST)
    }

    /// Whether an instance begins at this wall-clock time.
    pub(crate) fn has(&self, start: DateTime) -> bool {
        let Ok(after) = start.checked_add(jiff::Span::new().seconds(1)) else { return false };
        self.starts_before(after).last() == Some(start)
    }
}

/// A line with its times moved to the wall clock of the event's zone; none if it is not understood.
fn convert(line: &str, times: &Times) -> Option<String> {
    let (head, value) = line.split_once(':')?;
    let (name, parameters) = head.split_once(';').unwrap_or((head, ""));
    match name {
        "RRULE" if parameters.is_empty() => {
            let parts: Option<Vec<String>> = value.split(';').map(|part| convert_until(part, times)).collect();
            Some(format!("RRULE:{}", parts?.join(";")))
        }
        "EXDATE" | "RDATE" => {
            let zone = listed_zone(parameters, times)?;
            let dates: Option<Vec<String>> = value.split(',').map(|date| wall_clock(date, &zone, times)).collect();
            Some(format!("{name}:{}", dates?.join(",")))
        }
        _ => None,
    }
}

fn convert_until(part: &str, times: &Times) -> Option<String> {
    let Some(until) = part.strip_prefix("UNTIL=") else { return Some(part.to_owned()) };
    // A day as the end of timed events includes that day.
    if until.len() == 8 {
        let day = Date::strptime("%Y%m%d", until).ok()?;
        return Some(format!("UNTIL={}T235959Z", day.strftime("%Y%m%d")));
    }
    wall_clock(until, &times.zone, times).map(|until| format!("UNTIL={until}"))
}

fn listed_zone(parameters: &str, times: &Times) -> Option<TimeZone> {
    match parameters.split_once('=') {
        None if parameters.is_empty() => Some(times.zone.clone()),
        Some(("TZID", name)) => TimeZone::get(name).ok(),
        Some(("VALUE", "DATE" | "DATE-TIME")) => Some(times.zone.clone()),
        _ => None,
    }
}

/// `20261123`, `20261123T090000` in a zone, or `20261123T080000Z`, as the event's own wall clock shows it.
fn wall_clock(text: &str, zone: &TimeZone, times: &Times) -> Option<String> {
    let (digits, given_zone) = match text.strip_suffix('Z') {
        Some(utc) => (utc, &TimeZone::UTC),
        None => (text, zone),
    };
    let local = if digits.len() == 8 {
        Date::strptime("%Y%m%d", digits).ok()?.to_datetime(jiff::civil::Time::midnight())
    } else {
        let given = DateTime::strptime("%Y%m%dT%H%M%S", digits).ok()?;
        let at: Timestamp = given.to_zoned(given_zone.clone()).ok()?.timestamp();
        at.to_zoned(times.zone.clone()).datetime()
    };
    Some(format!("{}Z", local.strftime("%Y%m%dT%H%M%S")))
}

fn invalid(line: &str) -> ApiError {
    let said = format!("Invalid recurrence rule: '{line}'. RRULE, RDATE and EXDATE of RFC 5545 are understood.");
    ApiError::calendar("invalid", said, cite::CALENDAR_RECURRING)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn times() -> Times {
        let at = |hour: u8| json!({"dateTime": format!("2026-10-19T{hour:02}:00:00"), "timeZone": "Europe/Berlin"});
        Times::read(Some(&at(9)), Some(&at(10)), "UTC").unwrap()
    }

    fn starts(lines: &[&str]) -> Vec<String> {
        let end = "2026-12-01T00:00:00".parse().unwrap();
        let found = Recurrence::read(lines, &times()).unwrap();
        found.starts_before(end).map(|start| start.to_string()).collect()
    }

    #[test]
    fn nine_stays_nine_when_clocks_change() {
        let found = starts(&["RRULE:FREQ=WEEKLY;COUNT=3"]);
        assert_eq!(found, ["2026-10-19T09:00:00", "2026-10-26T09:00:00", "2026-11-02T09:00:00"]);
    }

    #[test]
    fn ends_and_exceptions_are_read_in_their_own_zones() {
        // 08:00 UTC is nine in Berlin after the change, so the last one still belongs to it.
        let found =
            starts(&["RRULE:FREQ=WEEKLY;UNTIL=20261102T080000Z", "EXDATE;TZID=America/New_York:20261026T040000"]);
        assert_eq!(found, ["2026-10-19T09:00:00", "2026-11-02T09:00:00"]);
        assert_eq!(starts(&["RRULE:FREQ=WEEKLY;UNTIL=20261026"]).len(), 2);
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for line in
            ["FREQ=DAILY", "RRULE:FREQ=SOMETIMES", "EXRULE:FREQ=DAILY", "EXDATE:20261026T090000", "DTSTART:20261026"]
        {
            assert!(Recurrence::read(&[line], &times()).is_err(), "{line}");
        }
    }

    #[test]
    fn an_instance_is_known_by_its_start() {
        let found = Recurrence::read(&["RRULE:FREQ=WEEKLY"], &times()).unwrap();
        assert!(found.has("2026-10-26T09:00:00".parse().unwrap()));
        assert!(!found.has("2026-10-26T10:00:00".parse().unwrap()));
    }
}
