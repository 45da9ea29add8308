//! What a program takes in memory, idle and after all its users have called.

use crate::gateways::contestant::Contestant;
use crate::gateways::messages::{ERAS, Era, What};
use crate::start::megabytes;
use anyhow::Result;
use std::time::{Duration, Instant};

/// How long a program is left alone before its memory is read.
const IDLE: Duration = Duration::from_secs(2);

/// Connections over which all users call, how many at once, and until when.
const CONNECTIONS: usize = 64;
const SOME: usize = 500;
const PATIENCE: Duration = Duration::from_secs(120);

/// What one of them takes at some time.
#[derive(Clone, Copy)]
pub(crate) struct Taken {
    pub(crate) bytes: u64,
    pub(crate) processes: usize,
}

impl Taken {
    /// As the table has it.
    pub(crate) fn text(self) -> String {
        let processes = if self.processes == 1 { String::new() } else { format!(" ({} processes)", self.processes) };
        format!("{:.1} MB{processes}", megabytes(self.bytes))
    }
}

/// Reads what it takes once nobody has asked for a moment.
///
/// # Errors
/// It is gone.
pub(crate) async fn idle(one: &Contestant) -> Result<Taken> {
    tokio::time::sleep(IDLE).await;
    read(one)
}

/// Reads what it takes.
///
/// # Errors
/// It is gone.
pub(crate) fn read(one: &Contestant) -> Result<Taken> {
    let (bytes, processes) = one.process.share_of_memory()?;
    Ok(Taken { bytes, processes })
}

/// Lets each of its users call once, in the newest era that it speaks, and says how many did before two minutes were over.
///
/// # Errors
/// A call was no success in either era.
pub(crate) async fn all_call(one: &Contestant) -> Result<usize> {
    let mut last = Ok(0);
    for era in ERAS.into_iter().rev() {
        last = in_time(one, era).await;
        if last.is_ok() {
            break;
        }
    }
    last
}

async fn in_time(one: &Contestant, era: Era) -> Result<usize> {
    let mut side = one.side(era, What::Call, CONNECTIONS).await?;
    let (began, mut called) = (Instant::now(), 0);
    while called < one.users && began.elapsed() < PATIENCE {
        let next = SOME.min(one.users - called);
        side.burst(next).await?;
        called += next;
    }
    Ok(called)
}
