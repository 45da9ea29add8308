//! The binary `valetkey`: command line, settings, listeners, composition. The only place that reads the environment,
//! and the only one that knows every room.

mod cli;
mod compose;
mod data;
mod demo;
mod env;
mod front;
mod health;
mod listen;
mod operator;
mod serve;
mod settings;
mod telemetry;
mod terminal;
mod tls;

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    telemetry::start(cli.log_level());
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(why) => return fail(&anyhow::anyhow!("cannot start the runtime: {why}")),
    };
    match runtime.block_on(cli::run(cli)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => fail(&why),
    }
}

/// The one place that prints why a command failed: the message, then each cause on a line of its own.
#[expect(clippy::print_stderr, reason = "a command's last word goes to the terminal, not to the log")]
fn fail(why: &anyhow::Error) -> ExitCode {
    let mut said = why.to_string();
    eprintln!("valetkey: {}", terminal::printable(&said));
    for cause in why.chain().skip(1).map(ToString::to_string) {
        if !said.contains(&cause) {
            eprintln!("  because: {}", terminal::printable(&cause));
        }
        said = cause;
    }
    ExitCode::FAILURE
}
