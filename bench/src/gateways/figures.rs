//! What each takes for the same: bursts of all in turn, at each number of connections, in both eras.

use crate::bursts::{micros, middle};
use crate::gateways::contestant::Contestant;
use crate::gateways::messages::{ERAS, Era, What};
use crate::load::{Burst, Side, median};
use crate::progress::progress;
use anyhow::{Context, Result};
use std::collections::BTreeMap;
use std::time::Duration;

/// Connections at a time.
pub(crate) const CONNECTIONS: [usize; 3] = [1, 64, 256];

/// How long a burst takes about, and how many requests it has at most.
const SECONDS: f64 = 2.0;
const MANY: usize = 40_000;

/// How few requests say how fast it is about.
const WARM: usize = 16;

/// Turns, and how few requests a burst has for each connection. A quick run has one of each.
const TURNS: usize = 5;
const FEW: usize = 2;

/// How long one burst may take before its side is given up.
const PATIENCE: Duration = Duration::from_secs(120);

/// What was measured of one of them: its medians, and its CPU time by the first one's within a turn.
pub(crate) struct Found {
    pub(crate) burst: Burst,
    pub(crate) ratio: f64,
}

/// What was measured of all, by their names; of those that could not be measured, what they answered.
pub(crate) struct Figure {
    pub(crate) what: What,
    pub(crate) era: Era,
    pub(crate) connections: usize,
    pub(crate) found: BTreeMap<&'static str, Result<Found, String>>,
}

/// Measures these requests of all of them. The first is what the others are held against.
///
/// # Errors
/// The first could not be measured.
pub(crate) async fn measure(contestants: &[&Contestant], whats: &[What], percent: usize) -> Result<Vec<Figure>> {
    let mut figures = Vec::new();
    for what in whats.iter().copied() {
        for era in ERAS {
            for connections in CONNECTIONS {
                progress(&format!("{}, {}, {connections} at a time", what.method(), era.name()));
                let found = together(contestants, (era, what, connections), percent).await?;
                figures.push(Figure { what, era, connections, found });
            }
        }
    }
    Ok(figures)
}

/// One side with what its bursts cost so far.
struct Taking<'a> {
    name: &'static str,
    side: Side<'a>,
    requests: usize,
    bursts: Vec<Burst>,
}

async fn together(
    contestants: &[&Contestant],
    (era, what, connections): (Era, What, usize),
    percent: usize,
) -> Result<BTreeMap<&'static str, Result<Found, String>>> {
    let mut failed = BTreeMap::new();
    let mut taking = Vec::new();
    for one in contestants {
        match warmed(one, (era, what, connections), percent).await {
            Ok(side) => taking.push(side),
            Err(error) => drop(failed.insert(one.name, words(&error))),
        }
    }
    for _ in 0..if quick(percent) { 1 } else { TURNS } {
        let mut still = Vec::new();
        for mut one in taking {
            match burst(&mut one.side, one.requests).await {
                Ok(burst) => {
                    one.bursts.push(burst);
                    still.push(one);
                }
                Err(error) => drop(failed.insert(one.name, words(&error))),
            }
        }
        taking = still;
    }
    let first: Vec<f64> =
        taking.first().context("nothing was measured")?.bursts.iter().map(|one| micros(one.cpu)).collect();
    let mut found: BTreeMap<_, _> = failed.into_iter().map(|(name, words)| (name, Err(words))).collect();
    for one in taking {
        let ratios = one.bursts.iter().zip(&first).map(|(burst, first)| micros(burst.cpu) / first).collect();
        let ratio = median(ratios).context("no turns")?;
        found.insert(one.name, Ok(Found { burst: middle(&one.bursts)?, ratio }));
    }
    Ok(found)
}

/// Opens the connections and asks a little over them, which also says how much is asked in a burst.
async fn warmed<'a>(
    one: &'a Contestant,
    (era, what, connections): (Era, What, usize),
    percent: usize,
) -> Result<Taking<'a>> {
    let mut side = one.side(era, what, connections).await?;
    let warm = burst(&mut side, connections.max(WARM)).await?;
    let (seconds, few) = if quick(percent) { (SECONDS / 8.0, connections) } else { (SECONDS, connections * FEW) };
    Ok(Taking { name: one.name, side, requests: count(warm.rate * seconds).clamp(few, MANY), bursts: Vec::new() })
}

/// A burst that is given up when it takes too long.
pub(crate) async fn burst(side: &mut Side<'_>, requests: usize) -> Result<Burst> {
    tokio::time::timeout(PATIENCE, side.burst(requests)).await.context("two minutes were not enough")?
}

fn quick(percent: usize) -> bool {
    percent < 100
}

/// A number of requests that is known about.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positive and far below 2^32")]
fn count(about: f64) -> usize {
    about as usize
}

/// What went wrong, in one line that fits a table.
pub(crate) fn words(error: &anyhow::Error) -> String {
    let line = format!("{error:#}").replace(['\n', '|'], " ");
    line.chars().take(200).collect()
}
