//! Bursts of two sides in turn, and their medians.

use crate::load::{Burst, Side, median};
use anyhow::{Context, Result};
use std::time::Duration;

/// The medians of a side's bursts, and of the two sides' ratios within one turn.
pub(crate) struct Compared {
    pub(crate) ours: Burst,
    pub(crate) theirs: Burst,
    /// Our rate by theirs.
    pub(crate) rate: f64,
    /// Our CPU time by theirs.
    pub(crate) cpu: f64,
    /// How much longer ours takes, in microseconds.
    pub(crate) longer: f64,
}

/// Turns of both sides after one to warm up, which is not counted.
///
/// # Errors
/// An answer was no success.
pub(crate) async fn compare(
    ours: &mut Side<'_>,
    theirs: &mut Side<'_>,
    turns: usize,
    requests: usize,
) -> Result<Compared> {
    warm(ours, requests).await?;
    warm(theirs, requests).await?;
    let mut pairs = Vec::with_capacity(turns);
    for turn in 0..turns {
        // Whoever goes second finds the machine warmer, so they take turns in that too.
        pairs.push(if turn % 2 == 0 {
            let first = ours.burst(requests).await?;
            (first, theirs.burst(requests).await?)
        } else {
            let first = theirs.burst(requests).await?;
            (ours.burst(requests).await?, first)
        });
    }
    let (mine, other): (Vec<Burst>, Vec<Burst>) = pairs.iter().copied().unzip();
    let of = |f: fn(&(Burst, Burst)) -> f64| median(pairs.iter().map(f).collect()).context("no turns");
    Ok(Compared {
        ours: middle(&mine)?,
        theirs: middle(&other)?,
        rate: of(|(a, b)| a.rate / b.rate)?,
        cpu: of(|(a, b)| a.cpu.as_secs_f64() / b.cpu.as_secs_f64())?,
        longer: of(|(a, b)| micros(a.median) - micros(b.median))?,
    })
}

/// Bursts of one side after one to warm up.
///
/// # Errors
/// An answer was no success.
pub(crate) async fn alone(side: &mut Side<'_>, turns: usize, requests: usize) -> Result<Burst> {
    warm(side, requests).await?;
    let mut bursts = Vec::with_capacity(turns);
    for _ in 0..turns {
        bursts.push(side.burst(requests).await?);
    }
    middle(&bursts)
}

/// Paced bursts of one side that is warm, so many requests a second.
///
/// # Errors
/// An answer was no success.
pub(crate) async fn paced(side: &mut Side<'_>, turns: usize, requests: usize, rate: f64) -> Result<Burst> {
    let mut bursts = Vec::with_capacity(turns);
    for _ in 0..turns {
        bursts.push(side.paced(requests, rate).await?);
    }
    middle(&bursts)
}

async fn warm(side: &mut Side<'_>, requests: usize) -> Result<()> {
    side.burst(requests / 4 + 1).await.map(drop)
}

/// The medians of some bursts.
///
/// # Errors
/// There are none.
pub(crate) fn middle(bursts: &[Burst]) -> Result<Burst> {
    let rate = median(bursts.iter().map(|burst| burst.rate).collect()).context("no bursts")?;
    let time = median(bursts.iter().map(|burst| burst.median).collect()).context("no bursts")?;
    let slow = median(bursts.iter().map(|burst| burst.slow).collect()).context("no bursts")?;
    let cpu = median(bursts.iter().map(|burst| burst.cpu).collect()).context("no bursts")?;
    Ok(Burst { rate, median: time, slow, cpu })
}

/// A time in microseconds.
pub(crate) fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}
