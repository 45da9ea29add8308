//! What a server takes that has a hundred thousand instances to serve: the database holds them, not the process.

use crate::ensure;
use crate::load::Side;
use crate::process::Process;
use crate::stage::Stage;
use crate::start::{self, Idle, megabytes};
use crate::table::Table;
use crate::tools;
use anyhow::Result;

/// How many instances there are in the end.
const INSTANCES: usize = 100_000;

/// Connections that make them.
const CONNECTIONS: usize = 64;

/// How much more memory is taken for the same.
const FLAT: f64 = 1.1;

/// Makes the instances that are missing, and compares a server that starts on all of them with the one before.
///
/// # Errors
/// An answer was no success.
pub(crate) async fn measure(stage: &Stage, server: Process, before: &Idle, table: &mut Table) -> Result<()> {
    let instances = stage.share(INSTANCES);
    let mut side = Side::open(stage.address(), CONNECTIONS, vec![&server], ensure::of(stage, instances)).await?;
    side.burst(instances).await?;
    drop(side);
    let (filled, _) = server.memory()?;
    server.stop().await?;
    let (server, after) = start::idle(stage).await?;
    stage.answers(&tools::listing(stage)).await?;
    let ratio = megabytes(after.resident) / megabytes(before.resident);
    table.row(
        &format!("idle memory with {instances} instances"),
        format!("{:.1} MB", megabytes(after.resident)),
        format!("{ratio:.2} of the first; {:.1} MB while they were made", megabytes(filled)),
        "flat",
        ratio < FLAT,
    );
    server.stop().await
}
