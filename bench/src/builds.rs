//! This build beside another of the same program: what a change costs or brings, as the rate and the CPU time of
//! `tools/call`. Each has a folder and a lab of its own; both run all the time and take turns.

use crate::bursts::{compare, micros};
use crate::load::{Burst, Side};
use crate::stage::{Stage, program};
use crate::table::Table;
use crate::tools::{MANY, reading};
use anyhow::Result;
use std::path::Path;
use std::sync::Arc;

/// Turns of each comparison, and requests of one burst: more than elsewhere, for the two are much alike.
const TURNS: usize = 21;
const CALLS: usize = 1_500;

/// Measures this build and the other.
///
/// # Errors
/// One of them does not start, or an answer was no success.
pub(crate) async fn measure(folder: &Path, percent: usize, other: &Path, table: &mut Table) -> Result<()> {
    let (ours, theirs) = (folder.join("this"), folder.join("other"));
    std::fs::create_dir(&ours)?;
    std::fs::create_dir(&theirs)?;
    let ours = Stage::set(&ours, percent, None, &program()?).await?;
    let theirs = Stage::set(&theirs, percent, None, other).await?;
    let (our_server, their_server) = (ours.server().await?, theirs.server().await?);
    for connections in [1, MANY] {
        let (ask, same) = (reading(&ours), reading(&theirs));
        let mut ask =
            Side::open(ours.address(), connections, vec![&our_server], Arc::new(move |_| ask.clone())).await?;
        let mut same =
            Side::open(theirs.address(), connections, vec![&their_server], Arc::new(move |_| same.clone())).await?;
        let found = compare(&mut ask, &mut same, TURNS, ours.share(CALLS)).await?;
        let side = |burst: &Burst| format!("{:.0}/s, CPU {:.0} us", burst.rate, micros(burst.cpu));
        table.note(
            &format!("tools/call, {connections} at a time, this build"),
            format!("{}; rate {:.3} and CPU {:.3} of the other's", side(&found.ours), found.rate, found.cpu),
            format!("the other build: {}", side(&found.theirs)),
        );
    }
    our_server.stop().await?;
    their_server.stop().await
}
