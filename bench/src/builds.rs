//! This build beside another of the same program: what a change costs or brings, as the rate and the CPU time of
//! requests. Each has a folder and a lab of its own; both run all the time and take turns.

use crate::bursts::compare;
use crate::client::Ask;
use crate::load::{Make, Side};
use crate::process::Process;
use crate::stage::{Stage, program};
use crate::table::Table;
use crate::tools::{MANY, listing, reading};
use crate::{control, ensure};
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
    let both = [(&ours, &our_server), (&theirs, &their_server)];
    for (figure, make) in [("tools/list", listing as fn(&Stage) -> Ask), ("tools/call", reading)] {
        for connections in [1, MANY] {
            let each = |stage: &Stage| -> Make {
                let ask = make(stage);
                Arc::new(move |_| ask.clone())
            };
            compared(both, (&format!("{figure}, {connections} at a time"), connections), each, table).await?;
        }
    }
    for (figure, users) in [("new", usize::MAX), ("existing", ensure::USERS)] {
        let figure = format!("ensure_instance, {figure}, {MANY} at a time (REST)");
        compared(both, (&figure, MANY), |stage: &Stage| ensure::of(stage, users), table).await?;
    }
    control::reads_beside(both, TURNS, table).await?;
    our_server.stop().await?;
    their_server.stop().await
}

/// Measures the same requests of both.
async fn compared(
    [ours, theirs]: [(&Stage, &Process); 2],
    (figure, connections): (&str, usize),
    make: impl Fn(&Stage) -> Make,
    table: &mut Table,
) -> Result<()> {
    let mut ask = Side::open(ours.0.address(), connections, vec![ours.1], make(ours.0)).await?;
    let mut same = Side::open(theirs.0.address(), connections, vec![theirs.1], make(theirs.0)).await?;
    let found = compare(&mut ask, &mut same, TURNS, ours.0.share(CALLS)).await?;
    table.beside(figure, &found);
    Ok(())
}
