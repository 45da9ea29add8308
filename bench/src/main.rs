//! Measures Valetkey from outside: the built binary beside what it is compared with, in one run, as one table.
//!
//! Nothing here names a crate of Valetkey: the server, the lab and the handler to compare with are processes of their
//! own, and all that is known of them is what they answer and what the kernel says they cost. A and B take turns in
//! short bursts, so that a machine that slows down meanwhile slows both. All traffic stays on this machine.
//!
//! Read [`measure`] for what is measured, then `load` for how.

mod builds;
mod bursts;
mod client;
mod control;
mod crowd;
mod ensure;
mod facts;
mod gateways;
mod load;
mod process;
mod progress;
mod replicas;
mod same_bytes;
mod serving;
mod stage;
mod start;
mod table;
mod tools;

use anyhow::{Context, Result};
use clap::Parser;
use stage::Stage;
use std::path::{Path, PathBuf};
use table::Table;
use tokio::signal::unix::{SignalKind, signal};

/// How much of each burst is sent, in hundredths: everything, or with `--quick` just enough to see that it works.
const WHOLE: usize = 100;
const QUICK: usize = 5;

/// Measures the release binary that lies beside this one.
#[derive(Parser)]
#[command(args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(flatten)]
    run: Run,
    /// An empty PostgreSQL database to measure on, in place of SQLite
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    /// Another build of the program: requests of the two are measured in turns, and nothing else
    #[arg(long, value_name = "BINARY", conflicts_with = "database")]
    beside: Option<PathBuf>,
    #[command(subcommand)]
    part: Option<Part>,
}

/// What every run takes.
#[derive(clap::Args)]
struct Run {
    /// A twentieth of the requests: shows that it works, not how fast
    #[arg(long)]
    quick: bool,
    /// Where the data folder is made [default: memory]
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,
}

#[derive(clap::Subcommand)]
enum Part {
    /// Valetkey beside other gateways, all before the same MCP server, each user with a credential of its own
    Gateways {
        #[command(flatten)]
        run: Run,
        #[command(flatten)]
        wanted: gateways::Wanted,
    },
    /// Be the handler that answers files' bytes
    #[command(name = same_bytes::ARGUMENT, hide = true)]
    SameBytes { files: Vec<PathBuf> },
    /// Be the MCP server that gateways are measured before
    #[command(name = gateways::UPSTREAM, hide = true)]
    Upstream {
        /// Answer no call
        #[arg(long)]
        hang: bool,
    },
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    // One thread for the load: the other core is left to what is measured.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    match &arguments.part {
        Some(Part::SameBytes { files }) => same_bytes::serve(files),
        Some(Part::Upstream { hang }) => gateways::upstream(*hang),
        Some(Part::Gateways { run, wanted }) => runtime.block_on(beside_others(run, wanted)),
        None => runtime.block_on(alone(&arguments)),
    }
}

/// Memory, where the machine has it as a folder: then the figures are the program's and not the disk's.
fn default_folder() -> PathBuf {
    let memory = PathBuf::from("/dev/shm");
    if memory.is_dir() { memory } else { std::env::temp_dir() }
}

/// Measures Valetkey alone, or two builds of it.
async fn alone(arguments: &Arguments) -> Result<()> {
    let folder = arguments.run.folder()?;
    let mut table = Table::new(facts::lines(folder.path(), arguments.database.is_some())?);
    uninterrupted(measure(folder.path(), arguments, &mut table)).await?;
    say(&table.text())
}

/// Measures it beside other gateways.
async fn beside_others(run: &Run, wanted: &gateways::Wanted) -> Result<()> {
    let folder = run.folder()?;
    let facts = facts::lines(folder.path(), false)?;
    let measured = async { Ok(gateways::measure(folder.path(), run.percent(), wanted, &facts).await) };
    let (text, ended) = uninterrupted(measured).await?;
    say(&text)?;
    ended
}

impl Run {
    fn percent(&self) -> usize {
        if self.quick { QUICK } else { WHOLE }
    }

    /// A folder that is removed at the end, also when the run is interrupted.
    fn folder(&self) -> Result<tempfile::TempDir> {
        let parent = self.data.clone().unwrap_or_else(default_folder);
        Ok(tempfile::Builder::new().prefix("valetkey-bench-").tempdir_in(parent)?)
    }
}

async fn uninterrupted<T>(measured: impl Future<Output = Result<T>>) -> Result<T> {
    let mut ended = signal(SignalKind::terminate())?;
    tokio::select! {
        measured = measured => measured,
        _ = tokio::signal::ctrl_c() => anyhow::bail!("interrupted"),
        _ = ended.recv() => anyhow::bail!("ended"),
    }
}

fn say(text: &str) -> Result<()> {
    std::io::Write::write_all(&mut std::io::stdout(), text.as_bytes()).context("the table has no reader")
}

async fn measure(folder: &Path, arguments: &Arguments, table: &mut Table) -> Result<()> {
    let percent = arguments.run.percent();
    if let Some(other) = &arguments.beside {
        return builds::measure(folder, percent, other, table).await;
    }
    let stage = Stage::set(folder, percent, arguments.database.clone(), &stage::program()?).await?;
    let (server, idle) = start::measure(&stage, table).await?;
    idle.report(table);
    tools::list(&stage, &server, table).await?;
    tools::call(&stage, &server, table).await?;
    control::execute(&stage, &server, table).await?;
    ensure::measure(&stage, &server, table).await?;
    control::reads(&stage, &server, table).await?;
    if stage.shared() {
        replicas::measure(&stage, &server, table).await?;
    }
    crowd::measure(&stage, server, &idle, table).await
}
