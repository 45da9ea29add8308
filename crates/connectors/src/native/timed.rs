//! Times on the clock placed on the time line, and written as Calendar wants them.

use super::moment::Clock;
use super::zone::Zone;
use crate::Failure;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Zoned};
use serde_json::{Map, Value};

/// A point in time and the clock that shows it.
#[derive(Clone, Debug)]
pub(super) struct Placed {
    at: Zoned,
    zulu: bool,
}

/// Places a clock's time: by its offset, else by its zone, else by the zone to fall back on.
///
/// A time that a zone does not have, or has twice, is taken as RFC 5545, 3.3.5 says: in a gap, the offset before it
/// holds (02:30 becomes 03:30); of two, the first is meant.
pub(super) fn place(argument: &str, clock: &Clock, fallback: Option<&Zone>) -> Result<Placed, Failure> {
    let outside = || Failure::invalid(format!("`{argument}` is outside the years that a calendar has"));
    if let Some(offset) = clock.offset {
        let at = offset.to_timestamp(clock.time).map_err(|_| outside())?.to_zoned(TimeZone::fixed(offset));
        return Ok(Placed { at, zulu: clock.zulu });
    }
    let zone = clock.zone.as_ref().or(fallback).ok_or_else(|| {
        Failure::invalid(format!(
            "`{argument}` has no offset and the calendar no time zone: give `timezone`, or an offset"
        ))
    })?;
    let at = zone.rules.to_ambiguous_zoned(clock.time).compatible().map_err(|_| outside())?;
    Ok(Placed { at, zulu: false })
}

impl Placed {
    /// This much time later, on the same clock. Elapsed time: an hour is an hour across a change of the clocks.
    pub(super) fn later(&self, by: SignedDuration) -> Result<Self, Failure> {
        let at = self
            .at
            .checked_add(by)
            .map_err(|_| Failure::invalid("the event ends outside the years that a calendar has"))?;
        Ok(Self { at, zulu: self.zulu })
    }

    /// A time without offset or zone, on the clock that shows this one.
    pub(super) fn beside(&self, clock: &Clock) -> Option<Self> {
        let at = self.at.time_zone().to_ambiguous_zoned(clock.time).compatible().ok()?;
        Some(Self { at, zulu: self.zulu })
    }

    /// The same point in time on the clocks of a zone.
    pub(super) fn shown_in(&self, zone: &Zone) -> Self {
        Self { at: self.at.with_time_zone(zone.rules.clone()), zulu: false }
    }

    /// The time from another point to this one.
    pub(super) fn since(&self, other: &Self) -> SignedDuration {
        self.at.duration_since(&other.at)
    }

    /// `{dateTime, timeZone?}`.
    pub(super) fn to_calendar(&self, zone: Option<&Zone>) -> Map<String, Value> {
        let form = if self.zulu { "%Y-%m-%dT%H:%M:%SZ" } else { "%Y-%m-%dT%H:%M:%S%:z" };
        let mut time = Map::new();
        time.insert("dateTime".to_owned(), self.at.strftime(form).to_string().into());
        if let Some(zone) = zone {
            time.insert("timeZone".to_owned(), zone.name.into());
        }
        time
    }
}
