//! How an environment's calls ended lately, hour by hour: what whoever opens the dashboard sees first. An hour that is over
//! does not change, so it is summed once and kept; only what came since is counted anew. Nobody looks, nothing is counted.
//! Who looks first does not wait for two weeks to be summed: that goes on day by day, and the next look finds it.

use super::hours::{HOUR, Hours, Outcomes};
use super::logs::CallStatus;
use crate::at_work::Working;
use crate::{App, Error, Result};
use std::collections::BTreeMap;
use std::time::Duration;
use tracing::Instrument as _;
use valetkey_domain::id::EnvironmentId;
use valetkey_domain::{Ctx, Timestamp};
use valetkey_storage::journal::calls::{self as rows, Filter};

/// How long after its end an hour may still get records: they are committed within a second.
const LATE: Duration = Duration::from_secs(120);

/// The length of a day, in seconds, and of what is summed while somebody waits: a day and the hours behind it.
const DAY: i64 = 24 * HOUR;
const AT_ONCE: i64 = DAY + 2 * HOUR;

/// How long a look waits for what is older, and how long that may take.
const PATIENCE: Duration = Duration::from_millis(10);
const SUMMED: Duration = Duration::from_secs(120);

/// What ended in one hour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HourSum {
    /// When it began.
    pub begins: Timestamp,
    /// How often calls ended how.
    pub outcomes: BTreeMap<String, i64>,
}

/// The hours since `from` in which calls ended, earliest first; none while older ones are still being summed, so that whoever
/// asks has to ask again. `from` is the beginning of an hour.
///
/// # Errors
/// The database cannot be read.
pub async fn recent(app: &App, ctx: &Ctx, from: Timestamp) -> Result<Option<Vec<HourSum>>> {
    let from = from.as_second();
    if app.now().as_second() - known(app, ctx, from).until > AT_ONCE && !caught_up(app, ctx, from).await? {
        return Ok(None);
    }
    let (mut all, now) = (known(app, ctx, from), app.now());
    let begin = all.until;
    add(app, ctx, &mut all, now.as_second() + HOUR).await?;
    app.hours.keep(&ctx.environment, &all, over(now).max(begin));
    let hour = |(begins, outcomes): (i64, Outcomes)| Some(HourSum { begins: at(begins)?, outcomes });
    Ok(Some(all.kept.into_iter().filter_map(hour).collect()))
}

/// What is kept of the hours since `from`. What was kept for an earlier beginning serves a later one; not the other way round.
fn known(app: &App, ctx: &Ctx, from: i64) -> Hours {
    let mut known = app.hours.of(&ctx.environment);
    known.until = known.until.max(from);
    known.kept = known.kept.split_off(&from);
    known
}

/// The last full hour's end, behind which nothing comes any more.
fn over(now: Timestamp) -> i64 {
    (now - LATE).as_second().div_euclid(HOUR) * HOUR
}

/// Adds what ended from where the hours end up to a second.
async fn add(app: &App, ctx: &Ctx, all: &mut Hours, until: i64) -> Result<()> {
    let begin = all.until;
    let wanted = Filter { from: at(begin), to: at(until), ..Filter::default() };
    let mut tx = app.core.store.read().await?;
    let sums = rows::sums(ctx, &mut tx, &wanted, at(begin).unwrap_or(app.now()), HOUR * 1_000).await?;
    drop(tx);
    all.add(begin, &sums);
    Ok(())
}

/// Sums what is older than is summed at once, unless somebody does already; whether that is done. It goes on where it takes
/// longer than a look waits.
async fn caught_up(app: &App, ctx: &Ctx, from: i64) -> Result<bool> {
    let Some(working) = app.hours.summing.begin(&ctx.environment) else { return Ok(false) };
    let ctx = Ctx { deadline: app.now() + SUMMED, ..ctx.clone() };
    let task = app.core.tasks.spawn(catch_up(app.clone(), ctx, from, working).in_current_span());
    match tokio::time::timeout(PATIENCE, task).await {
        Ok(ended) => ended.map_err(Error::internal)?.map(|()| true),
        Err(_) => Ok(false),
    }
}

/// Sums day after day, each of which is kept as soon as it is summed.
async fn catch_up(app: App, ctx: Ctx, from: i64, _working: Working<EnvironmentId>) -> Result<()> {
    let over = over(app.now());
    loop {
        let mut all = known(&app, &ctx, from);
        let until = (all.until + DAY).min(over);
        if until <= all.until {
            return Ok(());
        }
        add(&app, &ctx, &mut all, until).await.inspect_err(|error| tracing::warn!(%error, "calls can't be summed"))?;
        app.hours.keep(&ctx.environment, &all, until);
    }
}

fn at(second: i64) -> Option<Timestamp> {
    Timestamp::from_second(second).ok()
}

impl HourSum {
    /// How many there were, and how many of them failed.
    #[must_use]
    pub fn total_and_failed(&self) -> (i64, i64) {
        let failed = |(outcome, _): &(&String, &i64)| CallStatus::of(outcome) != CallStatus::Success;
        let sum = |of: &mut dyn Iterator<Item = (&String, &i64)>| of.map(|(_, count)| count).sum();
        (sum(&mut self.outcomes.iter()), sum(&mut self.outcomes.iter().filter(failed)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{Fixture, fixture};
    use valetkey_domain::id::{DataKeyId, SegmentId, ulid_time};
    use valetkey_domain::journal::{Entry, Seal};
    use valetkey_storage::journal::calls::Sum;
    use valetkey_storage::journal::{Item, Position, append_now};

    /// A call that ended so, at this second.
    async fn called(fixture: &Fixture, second: i64, number: u32, outcome: &str) {
        let when = at(second).unwrap();
        let entry = Entry {
            id: format!("rec_{}{number:016}", ulid_time(when)),
            environment: fixture.ctx.environment.to_string(),
            at: when.as_millisecond(),
            actor: "system".into(),
            request: "req_1".into(),
            action: "tool.call".into(),
            subject: format!("exec_{number}"),
            phase: "outcome".into(),
            detail: format!("{{\"outcome\":\"{outcome}\"}}"),
        };
        let seal = Seal { key: DataKeyId::parse("key_1").unwrap(), leaf: [1; 32] };
        let position = Position::Promised(SegmentId::parse("seg_1").unwrap());
        append_now(&fixture.app.core.store, [Item { entry, seal, position }]).await.unwrap();
    }

    #[tokio::test]
    async fn an_hour_that_is_over_is_read_once_and_what_came_since_is_counted() {
        let fixture = fixture("{rotates: true}").await;
        let hour = fixture.app.now().as_second().div_euclid(HOUR) * HOUR;
        fixture.clock.advance(Duration::from_secs((hour + HOUR + 600 - fixture.app.now().as_second()).unsigned_abs()));
        let (from, hour) = (at(hour - HOUR).unwrap(), hour + HOUR);
        let sums = async || {
            let hours = recent(&fixture.app, &fixture.ctx, from).await.unwrap().unwrap();
            hours.iter().map(|hour| hour.total_and_failed()).collect::<Vec<_>>()
        };
        assert_eq!(sums().await, []);
        called(&fixture, hour + 10, 1, "ok").await;
        assert_eq!(sums().await, [(1, 0)]);
        // What is over was read before this came, which never happens: a record is committed within a second.
        called(&fixture, hour - 10, 2, "ok").await;
        called(&fixture, hour + 20, 3, "rate_limited").await;
        assert_eq!(sums().await, [(2, 1)]);
        fixture.clock.advance(Duration::from_secs(3_600));
        called(&fixture, hour + HOUR + 30, 4, "ok").await;
        assert_eq!((sums().await, sums().await), (vec![(2, 1), (1, 0)], vec![(2, 1), (1, 0)]));
    }

    #[tokio::test]
    async fn two_weeks_are_summed_beside_the_look_that_asks_first_and_nothing_is_counted_twice() {
        let fixture = fixture("{rotates: true}").await;
        let hour = fixture.app.now().as_second().div_euclid(HOUR) * HOUR;
        fixture.clock.advance(Duration::from_secs(14 * 86_400 + 1_800));
        for number in 0..(14 * 8) {
            called(&fixture, hour + i64::from(number) * 3 * HOUR + 60, number, "ok").await;
        }
        let ask = async || recent(&fixture.app, &fixture.ctx, at(hour).unwrap()).await.unwrap();
        // Somebody is at it: nobody waits, and nobody sums it a second time.
        let working = fixture.app.hours.summing.begin(&fixture.ctx.environment);
        assert_eq!(ask().await, None);
        drop(working);
        let hours = loop {
            match ask().await {
                Some(hours) => break hours,
                None => tokio::time::sleep(Duration::from_millis(5)).await,
            }
        };
        let whole = |hours: &[HourSum]| hours.iter().map(|hour| hour.total_and_failed().0).sum::<i64>();
        assert_eq!((hours.len(), whole(&hours)), (14 * 8, 14 * 8));
        assert_eq!(ask().await, Some(hours));
    }

    #[test]
    fn hours_are_added_up_and_say_what_failed() {
        let sum = |part, outcome: &str, count| Sum { part, connector: None, outcome: outcome.to_owned(), count };
        let mut hours = Hours::default();
        hours.add(0, &[sum(0, "ok", 5), sum(1, "ok", 1), sum(1, "rate_limited", 2)]);
        hours.add(HOUR, &[sum(0, "ok", 3), sum(-1, "ok", 1)]);
        let of = |begins| HourSum { begins: at(begins).unwrap(), outcomes: hours.kept[&begins].clone() };
        assert_eq!((of(0).total_and_failed(), of(HOUR).total_and_failed()), ((5, 0), (7, 2)));
    }
}
