//! The binary `valetkey`: command line, settings, listeners, composition. The only place that reads the environment,
//! and the only one that knows every room.

// An optimised build looks through all of a use case's nested futures at once, and they go deeper than 128.
#![recursion_limit = "256"]

mod access_log;
mod chores;
mod cli;
mod clock;
mod coding_agent;
mod compose;
mod connector_files;
mod control_tools;
mod data;
mod demo;
mod doctor;
mod env;
#[cfg(debug_assertions)]
mod failpoints;
mod files;
mod flags;
mod front;
mod health;
mod listen;
mod metrics;
mod observe;
mod operator;
mod presence;
mod process;
mod roots;
mod sdk_access;
mod secrets;
mod serve;
mod settings;
mod signals;
mod telemetry;
mod terminal;
mod tls;

use clap::Parser;
use std::process::ExitCode;
use std::time::Duration;

/// How long threads that wait for the disk may hold up the end of the process.
const LEFT: Duration = Duration::from_secs(2);

fn main() -> ExitCode {
    let secrets = secrets::Secrets::take();
    if let Err(why) = process::harden() {
        return fail(&anyhow::anyhow!("cannot close the process to others: {why}"));
    }
    #[cfg(debug_assertions)]
    if let Err(why) = failpoints::from_environment() {
        return fail(&why);
    }
    let cli = cli::Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(why) => return fail(&anyhow::anyhow!("cannot start the runtime: {why}")),
    };
    let ended = runtime.block_on(cli::run(cli, secrets));
    // After an orderly end nothing is left; after another what is left is not waited for.
    runtime.shutdown_timeout(LEFT);
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => fail(&why),
    }
}

/// The one place that prints why a command failed.
#[expect(clippy::print_stderr, reason = "a command's last word goes to the terminal, not to the log")]
fn fail(why: &anyhow::Error) -> ExitCode {
    eprintln!("valetkey: {}", terminal::printable(&terminal::reasons(why)));
    ExitCode::FAILURE
}
