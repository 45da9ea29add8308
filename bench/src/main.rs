//! Measures Valetkey from outside: the built binary beside what it is compared with, in one run, as one table.
//!
//! Nothing here names a crate of Valetkey: the server, the lab and the handler to compare with are processes of their
//! own, and all that is known of them is what they answer and what the kernel says they cost. A and B take turns in
//! short bursts, so that a machine that slows down meanwhile slows both. All traffic stays on this machine.
//!
//! Read [`measure`] for what is measured, then `load` for how.

mod bursts;
mod client;
mod ensure;
mod facts;
mod load;
mod process;
mod same_bytes;
mod stage;
mod start;
mod table;
mod tools;

use anyhow::{Context, Result};
use stage::Stage;
use std::path::{Path, PathBuf};
use table::Table;
use tokio::signal::unix::{SignalKind, signal};

/// The argument by which this program starts itself as the handler to compare with.
const SAME_BYTES: &str = "same-bytes";

/// How much of each burst is sent, in hundredths: everything, or with `--quick` just enough to see that it works.
const WHOLE: usize = 100;
const QUICK: usize = 5;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // One thread for the load: the other core is left to what is measured.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [SAME_BYTES, file] => runtime.block_on(same_bytes::serve(Path::new(file))),
        [] => runtime.block_on(run(&default_folder(), WHOLE)),
        ["--quick"] => runtime.block_on(run(&default_folder(), QUICK)),
        ["--data", folder] => runtime.block_on(run(Path::new(folder), WHOLE)),
        ["--quick", "--data", folder] => runtime.block_on(run(Path::new(folder), QUICK)),
        _ => anyhow::bail!("usage: valetkey-bench [--quick] [--data FOLDER]"),
    }
}

/// Memory, where the machine has it as a folder: then the figures are the program's and not the disk's.
fn default_folder() -> PathBuf {
    let memory = PathBuf::from("/dev/shm");
    if memory.is_dir() { memory } else { std::env::temp_dir() }
}

/// Measures in a folder that is removed at the end, also when the run is interrupted.
async fn run(parent: &Path, percent: usize) -> Result<()> {
    let folder = tempfile::Builder::new().prefix("valetkey-bench-").tempdir_in(parent)?;
    let mut table = Table::new(facts::lines(folder.path())?);
    let mut ended = signal(SignalKind::terminate())?;
    tokio::select! {
        measured = measure(folder.path(), percent, &mut table) => measured?,
        _ = tokio::signal::ctrl_c() => anyhow::bail!("interrupted"),
        _ = ended.recv() => anyhow::bail!("ended"),
    }
    std::io::Write::write_all(&mut std::io::stdout(), table.text().as_bytes()).context("the table has no reader")
}

async fn measure(folder: &Path, percent: usize, table: &mut Table) -> Result<()> {
    let stage = Stage::set(folder, percent).await?;
    let (server, idle) = start::measure(&stage, table).await?;
    idle.report(table);
    tools::list(&stage, &server, table).await?;
    tools::call(&stage, &server, table).await?;
    ensure::measure(&stage, &server, table).await
}
