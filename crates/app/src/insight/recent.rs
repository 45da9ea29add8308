//! How an environment's calls ended lately, hour by hour: what whoever opens the dashboard sees first. An hour that is over
//! does not change, so it is summed once and kept; only what came since is counted anew. Nobody looks, nothing is counted.

use super::hours::{HOUR, Hours, Outcomes};
use super::logs::CallStatus;
use crate::{App, Result};
use std::collections::BTreeMap;
use std::time::Duration;
use valetkey_domain::{Ctx, Timestamp};
use valetkey_storage::journal::calls::{self as rows, Filter};

/// How long after its end an hour may still get records: they are committed within a second.
const LATE: Duration = Duration::from_secs(120);

/// What ended in one hour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HourSum {
    /// When it began.
    pub begins: Timestamp,
    /// How often calls ended how.
    pub outcomes: BTreeMap<String, i64>,
}

/// The hours since `from` in which calls ended, earliest first. `from` is the beginning of an hour.
///
/// # Errors
/// The database cannot be read.
pub async fn recent(app: &App, ctx: &Ctx, from: Timestamp) -> Result<Vec<HourSum>> {
    let (from, now) = (from.as_second(), app.core.now());
    let known = app.hours.of(&ctx.environment);
    // What was kept for an earlier beginning serves a later one; not the other way round.
    let known = if known.kept.is_empty() && known.until <= from { Hours { until: from, ..known } } else { known };
    let begin = known.until.max(from);
    let wanted = Filter { from: at(begin), to: at(now.as_second() + HOUR), ..Filter::default() };
    let mut tx = app.core.store.read().await?;
    let sums = rows::sums(ctx, &mut tx, &wanted, at(begin).unwrap_or(now), HOUR * 1_000).await?;
    drop(tx);
    let mut all = known;
    all.kept = all.kept.split_off(&from);
    all.add(begin, &sums);
    let over = (now - LATE).as_second().div_euclid(HOUR) * HOUR;
    app.hours.keep(&ctx.environment, &all, over.max(begin));
    let hour = |(begins, outcomes): (i64, Outcomes)| Some(HourSum { begins: at(begins)?, outcomes });
    Ok(all.kept.into_iter().filter_map(hour).collect())
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
            let hours = recent(&fixture.app, &fixture.ctx, from).await.unwrap();
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
