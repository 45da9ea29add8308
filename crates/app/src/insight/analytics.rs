//! Sums of an environment's tool calls over a span of time.

use super::logs::{self, CallStatus, Filter};
use crate::{App, Error, Result};
use std::collections::BTreeMap;
use valetkey_domain::{Ctx, Timestamp, time};
use valetkey_storage::journal::calls as rows;

/// The most parts that a span is divided into.
const MAX_PARTS: i64 = 30;

/// How long a part can be, in seconds: the shortest is taken of which there are not too many.
const PARTS: [i64; 10] = [300, 900, 1_800, 3_600, 7_200, 21_600, 43_200, 86_400, 259_200, 604_800];

/// As many days as the longest parts cover.
const MAX_DAYS: i64 = 210;

/// How many codes are given, those that came most often.
const TOP_CODES: usize = 10;

/// How many calls ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// They were done.
    pub success: i64,
    /// The app ended them.
    pub provider_errors: i64,
    /// This server ended them.
    pub platform_errors: i64,
}

impl Counts {
    fn add(&mut self, status: CallStatus, count: i64) {
        let counter = match status {
            CallStatus::Success => &mut self.success,
            CallStatus::ProviderError => &mut self.provider_errors,
            CallStatus::PlatformError => &mut self.platform_errors,
        };
        *counter = counter.saturating_add(count);
    }

    /// Those that failed.
    #[must_use]
    pub const fn errors(&self) -> i64 {
        self.provider_errors.saturating_add(self.platform_errors)
    }

    /// All.
    #[must_use]
    pub const fn total(&self) -> i64 {
        self.success.saturating_add(self.errors())
    }
}

/// What an overview says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overview {
    /// Of all calls.
    pub all: Counts,
    /// How often each failure came, the most frequent first: the journal's word.
    pub codes: Vec<(String, i64)>,
    /// Of each connector, those with most calls first.
    pub connectors: Vec<(String, Counts)>,
    /// Of each part of the span, the earliest first: when it begins.
    pub parts: Vec<(Timestamp, Counts)>,
    /// How long a part is, in seconds.
    pub part_seconds: i64,
}

/// Sums the calls that were recorded from `wanted.from` until before `wanted.to`.
///
/// # Errors
/// The span is missing, ends before it begins, or is too long for its parts; else as [`logs::list`].
pub async fn overview(app: &App, ctx: &Ctx, wanted: Filter) -> Result<Overview> {
    let (Some(from), Some(to)) = (wanted.from, wanted.to) else {
        return Err(Error::invalid("start_time and end_time are required"));
    };
    let filter = logs::read(app, ctx, wanted).await?;
    let seconds = part_seconds(from, to)?;
    let mut overview = Overview { part_seconds: seconds, parts: parts(from, to, seconds), ..Overview::default() };
    if let Some(filter) = filter {
        let mut tx = app.core.store.read().await?;
        let sums = rows::sums(ctx, &mut tx, &filter, from, seconds.saturating_mul(1_000)).await?;
        drop(tx);
        overview.fill(&sums);
    }
    Ok(overview)
}

impl Overview {
    fn fill(&mut self, sums: &[rows::Sum]) {
        let (mut codes, mut connectors) = (BTreeMap::<&str, i64>::new(), BTreeMap::<&str, Counts>::new());
        let last = self.parts.len().saturating_sub(1);
        for sum in sums {
            let status = CallStatus::of(&sum.outcome);
            self.all.add(status, sum.count);
            connectors.entry(sum.connector.as_deref().unwrap_or_default()).or_default().add(status, sum.count);
            if status != CallStatus::Success {
                *codes.entry(&sum.outcome).or_default() += sum.count;
            }
            // The time of a record and that in its id may differ by a millisecond.
            let part = usize::try_from(sum.part).unwrap_or(0).min(last);
            if let Some((_, counts)) = self.parts.get_mut(part) {
                counts.add(status, sum.count);
            }
        }
        self.codes = codes.into_iter().map(|(code, count)| (code.to_owned(), count)).collect();
        self.codes.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        self.codes.truncate(TOP_CODES);
        self.connectors = connectors.into_iter().map(|(name, counts)| (name.to_owned(), counts)).collect();
        self.connectors.sort_by_key(|(_, counts)| std::cmp::Reverse(counts.total()));
    }
}

fn part_seconds(from: Timestamp, to: Timestamp) -> Result<i64> {
    let millis = time::to_millis(to).saturating_sub(time::to_millis(from));
    let fits = |seconds: &&i64| millis <= seconds.saturating_mul(1_000).saturating_mul(MAX_PARTS);
    PARTS
        .iter()
        .find(fits)
        .copied()
        .ok_or_else(|| Error::invalid(format!("a span of at most {MAX_DAYS} days can be summed")))
}

fn parts(from: Timestamp, to: Timestamp, seconds: i64) -> Vec<(Timestamp, Counts)> {
    let next = |at: &Timestamp| at.checked_add(std::time::Duration::from_secs(seconds.unsigned_abs())).ok();
    let begins = std::iter::successors(Some(from), next).take_while(|at| *at < to);
    begins.map(|at| (at, Counts::default())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + seconds).unwrap()
    }

    #[test]
    fn a_span_has_thirty_parts_at_most() {
        for (span, part, count) in [
            (1, 300, 1),
            (30 * 300, 300, 30),
            (30 * 300 + 1, 900, 11),
            (86_400, 3_600, 24),
            (7 * 86_400, 21_600, 28),
            (210 * 86_400, 604_800, 30),
        ] {
            let seconds = part_seconds(at(0), at(span)).unwrap();
            assert_eq!((seconds, parts(at(0), at(span), seconds).len()), (part, count), "{span}");
        }
        let refused = part_seconds(at(0), at(210 * 86_400 + 1)).unwrap_err();
        assert_eq!(refused.message(), "a span of at most 210 days can be summed");
    }

    #[test]
    fn sums_are_of_all_of_each_code_connector_and_part() {
        let sum = |part, connector: &str, outcome: &str, count| rows::Sum {
            part,
            connector: Some(connector.to_owned()),
            outcome: outcome.to_owned(),
            count,
        };
        let mut overview = Overview { part_seconds: 300, parts: parts(at(0), at(600), 300), ..Overview::default() };
        overview.fill(&[
            sum(0, "gmail", "ok", 5),
            sum(1, "gmail", "rate_limited", 2),
            sum(2, "github", "busy", 7),
            sum(-1, "github", "timeout", 1),
        ]);
        assert_eq!(overview.all, Counts { success: 5, provider_errors: 3, platform_errors: 7 });
        assert_eq!((overview.all.errors(), overview.all.total()), (10, 15));
        let codes: Vec<_> = overview.codes.iter().map(|(code, count)| (code.as_str(), *count)).collect();
        assert_eq!(codes, [("busy", 7), ("rate_limited", 2), ("timeout", 1)]);
        let connectors: Vec<_> = overview.connectors.iter().map(|(name, of)| (name.as_str(), of.total())).collect();
        assert_eq!(connectors, [("github", 8), ("gmail", 7)]);
        let totals: Vec<_> = overview.parts.iter().map(|(begin, of)| (*begin, of.total())).collect();
        assert_eq!(totals, [(at(0), 6), (at(300), 9)]);
    }
}
