//! How tool calls went in the last two weeks, as the overview draws it.

use super::chart::{Chart, Value};
use super::pages::CallCharts;
use super::visit::Visit;
use std::time::Duration;
use valetkey_app::insight::logs::{self, CallStatus, Filter};
use valetkey_app::insight::recent::{HourSum, recent};
use valetkey_app::{Page, Result};
use valetkey_domain::{Ctx, Timestamp};

/// How many days are drawn: with today.
const DAYS: u64 = 14;
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// How many failures are named.
const CODES: usize = 3;
/// How many of the newest calls say how long calls take.
const NEWEST: u32 = 100;

/// How calls went, as far as that is known.
pub(super) enum Calls {
    /// There was none.
    None,
    /// They are still being counted.
    Counting,
    /// So.
    Charts(Box<CallCharts>),
}

/// The calls of the last two weeks.
pub(super) async fn of(visit: &Visit, ctx: &Ctx) -> Result<Calls> {
    let app = &visit.web.app;
    let (from, to) = span(app.now());
    let Some(hours) = recent(app, ctx, from).await? else { return Ok(Calls::Counting) };
    if hours.is_empty() {
        return Ok(Calls::None);
    }
    let days = by_day(from, &hours);
    let wanted = Filter { from: Some(from), to: Some(to), ..Filter::default() };
    let newest = logs::list(app, ctx, wanted, &Page { size: NEWEST, after: None }).await?.items;
    let took = |call: &logs::ToolCall| u64::try_from(logs::duration(call).as_millis()).unwrap_or(u64::MAX);
    let mut times: Vec<u64> = newest.iter().map(took).collect();
    // As they came: the newest last.
    let bars = newest.iter().rev().map(|call| {
        let failed = CallStatus::of(logs::text(call, "outcome")) != CallStatus::Success;
        let whole = took(call);
        Value { label: call.record.at.strftime("%m-%d %H:%M").to_string(), whole, bad: if failed { whole } else { 0 } }
    });
    let bars: Vec<Value> = bars.collect();
    times.sort_unstable();
    let (median, most) = (share(&times, 50), share(&times, 95));
    let words =
        format!("Of the newest {} calls half took at most {median} ms, and 19 of 20 at most {most} ms.", times.len());
    Ok(Calls::Charts(Box::new(CallCharts {
        total: days.iter().map(|day| day.whole).sum(),
        failed: days.iter().map(|day| day.bad).sum(),
        days: days.len(),
        by_day: Chart::of(told(&days), &days, " calls"),
        took: Chart::of(words, &bars, " ms"),
        median,
        most,
        codes: codes(&hours),
    })))
}

/// From the first of the days to the end of this one.
fn span(now: Timestamp) -> (Timestamp, Timestamp) {
    let seconds = now.as_second().div_euclid(86_400) * 86_400;
    let today = Timestamp::from_second(seconds).unwrap_or(now);
    let first = DAY * u32::try_from(DAYS - 1).unwrap_or(0);
    (today.checked_sub(first).unwrap_or(today), today.checked_add(DAY).unwrap_or(now))
}

/// The hours of each day added up, also of those on which nobody called.
fn by_day(from: Timestamp, hours: &[HourSum]) -> Vec<Value> {
    let day = |number: u64| {
        let begins = from.checked_add(DAY * u32::try_from(number).unwrap_or(0)).unwrap_or(from);
        Value { label: begins.strftime("%m-%d").to_string(), whole: 0, bad: 0 }
    };
    let mut days: Vec<Value> = (0..DAYS).map(day).collect();
    for hour in hours {
        let at = usize::try_from((hour.begins.as_second() - from.as_second()) / 86_400).unwrap_or(0);
        let (total, failed) = hour.total_and_failed();
        if let Some(day) = days.get_mut(at) {
            day.whole += u64::try_from(total).unwrap_or(0);
            day.bad += u64::try_from(failed).unwrap_or(0);
        }
    }
    days
}

/// The failures that came most often.
fn codes(hours: &[HourSum]) -> Vec<(String, i64)> {
    let mut codes = std::collections::BTreeMap::<&str, i64>::new();
    for (outcome, count) in hours.iter().flat_map(|hour| &hour.outcomes) {
        if CallStatus::of(outcome) != CallStatus::Success {
            *codes.entry(outcome).or_default() += count;
        }
    }
    let mut codes: Vec<_> = codes.into_iter().map(|(code, count)| (code.to_owned(), count)).collect();
    codes.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    codes.truncate(CODES);
    codes
}

fn told(days: &[Value]) -> String {
    let day = |day: &Value| format!("{}: {} calls, of which {} failed", day.label, day.whole, day.bad);
    days.iter().map(day).collect::<Vec<_>>().join("; ")
}

/// So many in a hundred of sorted times are not above this.
fn share(sorted: &[u64], hundredths: usize) -> u64 {
    let at = (sorted.len() * hundredths).div_ceil(100).saturating_sub(1);
    sorted.get(at).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_weeks_are_fourteen_days_however_late_it_is() {
        for second in [0, 1, 86_399] {
            let (from, to) = span(Timestamp::from_second(1_790_035_200 + second).unwrap());
            assert_eq!(to.as_second() - from.as_second(), 14 * 86_400);
            assert_eq!(from.as_second() % 86_400, 0);
        }
        let (from, _) = span(Timestamp::from_second(1_790_035_200).unwrap());
        let hour = |number: u32| HourSum {
            begins: from + Duration::from_secs(3_600) * number,
            outcomes: [("ok".to_owned(), 2), ("rate_limited".to_owned(), 1)].into(),
        };
        let hours: Vec<_> = (24..14 * 24).map(hour).collect();
        let days = by_day(from, &hours);
        assert_eq!(days.len(), 14);
        assert_eq!((days[0].whole, days[0].bad), (0, 0), "a day without a call is there too");
        assert!(days[1..].iter().all(|day| (day.whole, day.bad) == (72, 24)));
        assert_eq!(codes(&hours), [("rate_limited".to_owned(), 13 * 24)]);
    }

    #[test]
    fn a_share_is_the_one_below_which_so_many_lie() {
        let all: Vec<u64> = (1..=100).collect();
        assert_eq!((share(&all, 50), share(&all, 95), share(&[7], 95), share(&[], 50)), (50, 95, 7, 0));
    }
}
