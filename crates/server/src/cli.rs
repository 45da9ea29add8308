//! The command line. Nouns are carried out by [`crate::operator`]: by the running server through its socket, or here
//! on the data folder when none runs.

use crate::flags::{GLOBAL, LabFlags, ServeFlags};
use crate::secrets::Secrets;
use crate::settings::{Logging, Settings};
use crate::{compose, demo, env, operator, serve, telemetry};
use anyhow::Result;
use clap::{Parser, Subcommand};
use std::path::PathBuf;
use tracing::Level;

/// An MCP server for every user of your app, already signed in to that user's accounts.
#[derive(Parser)]
#[command(name = "valetkey", version, propagate_version = true)]
pub(crate) struct Cli {
    /// The data folder
    #[arg(long, global = true, env = "VALETKEY_DATA", default_value = "./valetkey-data", value_name = "FOLDER")]
    #[arg(help_heading = GLOBAL)]
    data: PathBuf,
    /// Log more; twice for everything of ours
    #[arg(short, long, global = true, action = clap::ArgAction::Count, help_heading = GLOBAL)]
    verbose: u8,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the server
    Serve(ServeFlags),
    /// Run the server with everything one needs to try it, offline: the provider lab plays Google
    Demo(ServeFlags),
    /// Print the lines that point an official SDK at this server, for: eval "$(valetkey env)"
    Env,
    /// Run the provider lab alone, for tests of your own
    Lab(LabFlags),
    #[command(flatten)]
    Noun(operator::Noun),
}

impl Cli {
    /// How much to log.
    fn log_level(&self) -> Level {
        let quiet = !matches!(self.command, Command::Serve(_));
        match (self.verbose, quiet) {
            (0, true) => Level::WARN,
            (0, false) => Level::INFO,
            (1, _) => Level::DEBUG,
            _ => Level::TRACE,
        }
    }
}

/// Carries a command out.
///
/// # Errors
/// Whatever stopped it; the message says what to do.
pub(crate) async fn run(cli: Cli, secrets: Secrets) -> Result<()> {
    let (level, data) = (cli.log_level(), &cli.data);
    match cli.command {
        Command::Serve(flags) => watched(level, Settings::load(data, &flags, secrets)?, serve::run).await,
        Command::Demo(flags) => watched(level, Settings::load(data, &flags, secrets)?, demo::run).await,
        Command::Env => logged(level, env::run(data)).await,
        Command::Lab(flags) => logged(level, compose::lab_alone(data, flags.lab_address.0)).await,
        Command::Noun(noun) => logged(level, operator::run(data, noun, secrets)).await,
    }
}

/// Runs a server with the logs and traces that its settings want.
async fn watched(level: Level, settings: Settings, run: impl AsyncFnOnce(Settings) -> Result<()>) -> Result<()> {
    let telemetry = telemetry::start(level, settings.log, settings.traces.as_ref())?;
    let ended = run(settings).await;
    telemetry.end().await;
    ended
}

/// Runs a command that is no server: its log is for the person at the terminal.
async fn logged(level: Level, command: impl Future<Output = Result<()>>) -> Result<()> {
    telemetry::start(level, Logging::default(), None)?;
    command.await
}
