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
mod process;
mod serve;
mod settings;
mod telemetry;
mod terminal;
mod tls;

use clap::Parser;
use std::process::ExitCode;
use valetkey_domain::Secret;

fn main() -> ExitCode {
    let root_key = take_root_key();
    if let Err(why) = process::harden() {
        return fail(&anyhow::anyhow!("cannot close the process to others: {why}"));
    }
    let cli = cli::Cli::parse();
    telemetry::start(cli.log_level());
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(why) => return fail(&anyhow::anyhow!("cannot start the runtime: {why}")),
    };
    match runtime.block_on(cli::run(cli, root_key)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => fail(&why),
    }
}

/// The root key, if the environment holds it. It is taken out of it, so that nothing which reads the environment later
/// (an expression, a child process) finds it there.
#[expect(clippy::disallowed_methods, reason = "crates/server is where the environment is read")]
#[expect(unsafe_code, reason = "a variable cannot be removed otherwise")]
fn take_root_key() -> Option<Secret<str>> {
    let root_key = std::env::var(data::ROOT_KEY_VARIABLE).ok().map(Secret::from);
    // SAFETY: called first in `main`, while this thread is the only one, so nobody reads the environment meanwhile.
    unsafe { std::env::remove_var(data::ROOT_KEY_VARIABLE) };
    root_key
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
