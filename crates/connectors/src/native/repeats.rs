//! The lines of `recurrence`, looked through for ends that Calendar does not take.
//!
//! RFC 5545, 3.3.10: where an event has a time in a zone, UNTIL is written in UTC. Models write the zone's own time,
//! which Calendar refuses without saying why.

use super::scope::{Scope, argument};
use super::work::Work;
use super::zone::Zone;
use crate::Failure;
use jiff::civil::DateTime;
use jiff::fmt::temporal::Pieces;
use jiff::tz::TimeZone;
use serde_json::Value;

/// How the event's own times are.
#[derive(Clone, Copy)]
pub(super) enum Kind<'z> {
    Days,
    /// With the zone that it repeats in.
    Times(Option<&'z Zone>),
}

/// Looks through the argument `recurrence`.
pub(super) fn check(scope: &Scope, kind: Kind<'_>, work: &Work) -> Result<(), Failure> {
    let lines = argument(scope, "recurrence").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    for line in lines.iter().filter_map(Value::as_str) {
        work.spend(line.len() + 1)?;
        let rule = line.split_once(':').filter(|(name, _)| name.to_ascii_uppercase().ends_with("RULE"));
        for part in rule.map_or("", |(_, rule)| rule).split(';') {
            match part.trim().split_once('=') {
                Some((name, until)) if name.eq_ignore_ascii_case("UNTIL") => check_until(until.trim(), kind)?,
                _ => {}
            }
        }
    }
    Ok(())
}

fn check_until(until: &str, kind: Kind<'_>) -> Result<(), Failure> {
    let digits = |text: &str, count: usize| text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    let (day, time) = until.split_once(['T', 't']).unwrap_or((until, ""));
    if digits(day, 8) && (until.len() == 8 || time.strip_suffix(['Z', 'z']).is_some_and(|time| digits(time, 6))) {
        return Ok(());
    }
    let floating = digits(day, 8) && digits(time, 6);
    let why = match kind {
        Kind::Days => "an event of whole days repeats until a day",
        Kind::Times(_) if floating => "it has no zone: RFC 5545 wants it in UTC, with a Z at its end",
        Kind::Times(_) => "it is written as RFC 5545 has it, in UTC",
    };
    let shown: String = until.chars().take(40).collect();
    let instead = read(until).map_or_else(String::new, |(at, zone)| format!(". {}", written(at, zone, kind)));
    Err(Failure::invalid(format!("`recurrence` has UNTIL={shown}: {why}{instead}")))
}

/// The time that is meant, if it can be read, and where.
fn read(until: &str) -> Option<(DateTime, Option<TimeZone>)> {
    if let Ok(at) = DateTime::strptime("%Y%m%dT%H%M%S", until) {
        return Some((at, None));
    }
    let pieces = Pieces::parse(until).ok()?;
    let at = pieces.date().to_datetime(pieces.time().unwrap_or(jiff::civil::Time::constant(23, 59, 59, 0)));
    Some((at, pieces.to_numeric_offset().map(TimeZone::fixed)))
}

fn written(at: DateTime, own: Option<TimeZone>, kind: Kind<'_>) -> String {
    let zone = match kind {
        Kind::Days => return format!("Write UNTIL={}", at.strftime("%Y%m%d")),
        Kind::Times(zone) => zone,
    };
    let (rules, meant) = match (own, zone) {
        (Some(rules), _) => (rules, String::new()),
        (None, Some(zone)) => {
            (zone.rules.clone(), format!(" if {} in {} is meant", at.strftime("%H:%M:%S"), zone.name))
        }
        (None, None) => (TimeZone::UTC, format!(" if {} in UTC is meant", at.strftime("%H:%M:%S"))),
    };
    match rules.to_ambiguous_zoned(at).compatible() {
        Ok(at) => format!("Write UNTIL={}{meant}", at.with_time_zone(TimeZone::UTC).strftime("%Y%m%dT%H%M%SZ")),
        Err(_) => "Write it as 20261231T225959Z".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn said(until: &str, kind: Kind<'_>) -> String {
        let scope =
            json!({"input": {"recurrence": ["EXDATE:20261224T090000", format!("RRULE:FREQ=DAILY;UNTIL={until}")]}});
        check(scope.as_object().unwrap(), kind, &Work::default())
            .map_or_else(|failure| failure.message, |()| String::new())
    }

    #[test]
    fn an_end_without_a_zone_is_explained() {
        let berlin = super::super::zone::find("Europe/Berlin").unwrap();
        let times = Kind::Times(Some(&berlin));
        for until in ["20261231", "20261231T225959Z"] {
            assert_eq!(said(until, times), "");
            assert_eq!(said(until, Kind::Days), "");
        }
        let floating = said("20261231T235959", times);
        assert!(floating.contains("UNTIL=20261231T235959: it has no zone"), "{floating}");
        assert!(floating.ends_with("Write UNTIL=20261231T225959Z if 23:59:59 in Europe/Berlin is meant"), "{floating}");
        assert!(said("20260701T235959", times).contains("UNTIL=20260701T215959Z"));
        assert!(
            said("20261231T235959", Kind::Times(None)).ends_with("UNTIL=20261231T235959Z if 23:59:59 in UTC is meant")
        );
        assert!(said("20261231T235959", Kind::Days).ends_with("Write UNTIL=20261231"));
        assert!(said("2026-12-31", times).contains("Write UNTIL=20261231T225959Z"));
        assert!(said("2026-12-31T23:59:59+02:00", times).ends_with("Write UNTIL=20261231T215959Z"));
        assert!(said("2026-12-31", Kind::Days).ends_with("Write UNTIL=20261231"));
        assert!(said("someday", times).contains("UNTIL=someday: it is written as RFC 5545 has it"));
    }
}
