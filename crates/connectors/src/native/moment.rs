//! Dates and times as models write them: RFC 3339, the same without an offset, a bare date, RFC 9557's `[Zone/Name]`.

use super::zone::{self, Zone};
use crate::Failure;
use jiff::civil::{Date, DateTime};
use jiff::fmt::temporal::{Pieces, PiecesOffset, TimeZoneAnnotationKind};
use jiff::tz::Offset;

/// A day, or a time on it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Moment {
    /// All of a day.
    Day(Date),
    /// A time on the clock.
    Time(Clock),
}

/// A time on the clock, with what was said about where the clock hangs.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Clock {
    pub(super) time: DateTime,
    pub(super) offset: Option<Offset>,
    /// The offset was written `Z`.
    pub(super) zulu: bool,
    pub(super) zone: Option<Zone>,
}

/// Years that Calendar can show. It also keeps offsets from before time zones out, which RFC 3339 cannot write.
const YEARS: std::ops::RangeInclusive<i16> = 1900..=2999;

/// The longest text that is read: a time with a fraction, an offset and a zone's name has less.
const MAX_TEXT: usize = 200;

/// Reads an argument or a member of an event.
pub(super) fn parse(argument: &str, text: &str) -> Result<Moment, Failure> {
    let wrong = || {
        let text: String = text.chars().take(60).collect();
        Failure::invalid(format!(
            "`{argument}` {text} is no date or time; write 2026-03-29T09:30:00+01:00, 2026-03-29T09:30:00, or 2026-03-29 for a whole day"
        ))
    };
    if text.len() > MAX_TEXT {
        return Err(wrong());
    }
    let pieces = Pieces::parse(text.trim()).map_err(|_| wrong())?;
    let date = pieces.date();
    if !YEARS.contains(&date.year()) {
        return Err(wrong());
    }
    let Some(time) = pieces.time() else { return Ok(Moment::Day(date)) };
    let zone = match pieces.time_zone_annotation().map(|annotation| annotation.kind()) {
        Some(TimeZoneAnnotationKind::Named(name)) => Some(zone::named(argument, name.as_str())?),
        _ => None,
    };
    let clock = date.to_datetime(time.with().subsec_nanosecond(0).build().unwrap_or(time));
    let zulu = matches!(pieces.offset(), Some(PiecesOffset::Zulu));
    Ok(Moment::Time(Clock { time: clock, offset: pieces.to_numeric_offset(), zulu, zone }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::{date, datetime};

    #[test]
    fn times_as_models_write_them() {
        let clock = |text: &str| match parse("start_datetime", text).unwrap() {
            Moment::Time(clock) => clock,
            Moment::Day(day) => panic!("{day}"),
        };
        let half_nine = datetime(2026, 3, 29, 9, 30, 0, 0);
        for text in [
            "2026-03-29T09:30:00",
            "2026-03-29 09:30",
            "2026-03-29t09:30:00.123456",
            " 2026-03-29T09:30 ",
            "20260329T093000",
        ] {
            assert_eq!(clock(text), Clock { time: half_nine, offset: None, zulu: false, zone: None }, "{text}");
        }
        assert_eq!(clock("2026-03-29T09:30:00+05:30").offset, Some(Offset::from_seconds(19_800).unwrap()));
        assert!(clock("2026-03-29T09:30:00Z").zulu);
        assert_eq!(clock("2026-03-29T09:30:00[Europe/Paris]").zone.unwrap().name, "Europe/Paris");
        assert_eq!(parse("x", "2026-03-29").unwrap(), Moment::Day(date(2026, 3, 29)));
        for text in [
            "tomorrow",
            "2026-02-30",
            "2026-13-01T00:00:00",
            "09:30",
            "2026-03-29T25:00",
            "1800-01-01",
            "-002026-01-01",
            "",
            "2026-03-29T09:30[Nowhere/City]",
            &format!("2026-03-29T09:30:00.{}", "1".repeat(1_000_000)),
        ] {
            assert!(parse("start_datetime", text).unwrap_err().message.starts_with("`start_datetime` "), "{text}");
        }
    }
}
