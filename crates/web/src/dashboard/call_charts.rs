//! How tool calls went in the last two weeks, as the overview draws it.

use super::chart::{Chart, Value};
use super::pages::CallCharts;
use super::visit::Visit;
use std::time::Duration;
use valetkey_app::insight::analytics::{self, Counts};
use valetkey_app::insight::logs::{self, CallStatus, Filter};
use valetkey_app::{Page, Result};
use valetkey_domain::{Ctx, Timestamp};

/// How many days are drawn: with today.
const DAYS: u64 = 14;
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// How many failures are named.
const CODES: usize = 3;
/// How many of the newest calls say how long calls take.
const NEWEST: u32 = 100;

/// None where there was no call.
pub(super) async fn of(visit: &Visit, ctx: &Ctx) -> Result<Option<CallCharts>> {
    let app = &visit.web.app;
    let (from, to) = span(app.now());
    let wanted = Filter { from: Some(from), to: Some(to), ..Filter::default() };
    let overview = analytics::overview(app, ctx, wanted.clone()).await?;
    if overview.all.total() == 0 {
        return Ok(None);
    }
    let days = by_day(from, &overview.parts);
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
    Ok(Some(CallCharts {
        total: overview.all.total(),
        failed: overview.all.errors(),
        days: days.len(),
        by_day: Chart::of(told(&days), &days, " calls"),
        took: Chart::of(words, &bars, " ms"),
        median,
        most,
        codes: overview.codes.into_iter().take(CODES).collect(),
    }))
}

/// From the first of the days to the end of this one.
fn span(now: Timestamp) -> (Timestamp, Timestamp) {
    let seconds = now.as_second().div_euclid(86_400) * 86_400;
    let today = Timestamp::from_second(seconds).unwrap_or(now);
    let first = DAY * u32::try_from(DAYS - 1).unwrap_or(0);
    (today.checked_sub(first).unwrap_or(today), today.checked_add(DAY).unwrap_or(now))
}

/// A span's parts are half days, since there may be thirty of them.
fn by_day(from: Timestamp, parts: &[(Timestamp, Counts)]) -> Vec<Value> {
    let mut days: Vec<Value> = Vec::new();
    for (begin, counts) in parts {
        let at = usize::try_from((begin.as_second() - from.as_second()) / 86_400).unwrap_or(0);
        if at == days.len() {
            days.push(Value { label: begin.strftime("%m-%d").to_string(), whole: 0, bad: 0 });
        }
        if let Some(day) = days.get_mut(at) {
            day.whole += u64::try_from(counts.total()).unwrap_or(0);
            day.bad += u64::try_from(counts.errors()).unwrap_or(0);
        }
    }
    days
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
        let part = |half: u32| {
            (from + Duration::from_secs(43_200) * half, Counts { success: 2, provider_errors: 1, ..Counts::default() })
        };
        let days = by_day(from, &(0..28).map(part).collect::<Vec<_>>());
        assert_eq!(days.len(), 14);
        assert!(days.iter().all(|day| (day.whole, day.bad) == (6, 2)));
    }

    #[test]
    fn a_share_is_the_one_below_which_so_many_lie() {
        let all: Vec<u64> = (1..=100).collect();
        assert_eq!((share(&all, 50), share(&all, 95), share(&[7], 95), share(&[], 50)), (50, 95, 7, 0));
    }
}
