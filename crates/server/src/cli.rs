//! The command line. Nouns are carried out by [`crate::operator`]: by the running server through its socket, or here
//! on the data folder when none runs.

use crate::flags::{GLOBAL, LabFlags, ServeFlags};
use crate::secrets::Secrets;
use crate::settings::{Logging, Settings};
use crate::{coding_agent, compose, demo, env, operator, serve, telemetry};
use anyhow::{Result, ensure};
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
    /// The environment, by name; may stand behind the noun as well
    #[arg(long = "environment", id = "environment_before", value_name = "NAME", hide = true)]
    environment: Option<String>,
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
    Env {
        /// Print instead, as JSON, the header that lets an MCP client on this machine in at /mcp for twelve hours
        #[arg(long)]
        headers: bool,
    },
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
    let command = within(cli.command, cli.environment)?;
    match command {
        Command::Serve(flags) => watched(level, Settings::load(data, &flags, secrets)?, serve::run).await,
        Command::Demo(flags) => watched(level, Settings::load(data, &flags, secrets)?, demo::run).await,
        Command::Env { headers: false } => logged(level, env::run(data)).await,
        Command::Env { headers: true } => logged(level, coding_agent::headers(data)).await,
        Command::Lab(flags) => logged(level, compose::lab_alone(data, flags.lab_address.0)).await,
        Command::Noun(noun) => logged(level, operator::run(data, noun, secrets)).await,
    }
}

/// The command, in the environment that was named before it.
fn within(mut command: Command, environment: Option<String>) -> Result<Command> {
    let Some(environment) = environment else { return Ok(command) };
    let taken = match &mut command {
        Command::Noun(noun) => noun.enter(environment)?,
        _ => false,
    };
    ensure!(taken, "--environment says nothing to this command: leave it out");
    Ok(command)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(line: &str) -> Result<Option<String>> {
        let cli = Cli::try_parse_from(line.split(' '))?;
        match within(cli.command, cli.environment)? {
            Command::Noun(noun) => Ok(noun.environment().map(str::to_owned)),
            _ => Ok(None),
        }
    }

    #[test]
    fn the_environment_stands_anywhere() {
        for line in [
            "valetkey --environment x connection list",
            "valetkey connection --environment x list",
            "valetkey connection list --environment x",
            "valetkey --environment x account list --environment x",
            "valetkey --environment x key rotate data",
            "valetkey key rotate data --environment x",
        ] {
            assert_eq!(environment(line).unwrap().as_deref(), Some("x"), "{line}");
        }
        assert_eq!(environment("valetkey config list").unwrap(), None);
        for wrong in [
            "valetkey --environment x env",
            "valetkey --environment x connector list",
            "valetkey --environment x key list",
            "valetkey --environment x config list --environment y",
        ] {
            assert!(environment(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_only_looks_ends_with_its_caller() {
        for (line, ends) in [
            ("doctor", true),
            ("doctor --accept conn_1", false),
            ("logs verify", true),
            ("logs list", true),
            ("backup x", true),
            ("key rotate root", false),
            ("restore --takeover", false),
            ("account delete ca_1", false),
        ] {
            let cli = Cli::try_parse_from(format!("valetkey {line}").split(' ')).unwrap();
            let Command::Noun(noun) = cli.command else { panic!("{line}") };
            assert_eq!(noun.ends_with_its_caller(), ends, "{line}");
        }
    }
}
