//! The command line. Nouns are carried out by [`crate::operator`]: by the running server through its socket, or here
//! on the data folder when none runs.

use crate::settings::{Format, Logging, Settings};
use crate::{Secrets, compose, demo, env, operator, serve, telemetry};
use anyhow::Result;
use clap::{Args, Parser, Subcommand};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use tracing::Level;
use url::Url;
use valetkey_domain::Secret;

/// Where help shows what every command takes: behind what is the command's own.
pub(crate) const GLOBAL: &str = "Global options";

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

/// Flags of `serve` and `demo`.
#[derive(Args, Default)]
pub(crate) struct ServeFlags {
    /// Where browsers and MCP clients reach the server
    #[arg(long, env = "VALETKEY_PUBLIC_URL", value_name = "URL", value_parser = web_address)]
    pub(crate) public_url: Option<Url>,
    /// Where the SDKs reach it, if elsewhere
    #[arg(long, env = "VALETKEY_SDK_URL", value_name = "URL", value_parser = web_address)]
    pub(crate) sdk_url: Option<Url>,
    /// Address of the clear-text listener [default: 127.0.0.1:8080]
    #[arg(long, env = "VALETKEY_HTTP", value_name = "ADDRESS")]
    pub(crate) http: Option<SocketAddr>,
    /// Address of the TLS listener [default: 127.0.0.1:8443]
    #[arg(long, env = "VALETKEY_TLS", value_name = "ADDRESS")]
    pub(crate) tls: Option<SocketAddr>,
    /// The database: a PostgreSQL URL, or an SQLite file [default: valetkey.sqlite in the data folder; also in
    /// VALETKEY_DATABASE, which keeps a password out of the list of processes]
    #[arg(long, value_name = "URL|FILE", value_parser = secret)]
    pub(crate) database: Option<Arc<Secret<str>>>,
    /// Address of a listener for health and metrics alone [default: none]
    #[arg(long, env = "VALETKEY_OPERATIONS", value_name = "ADDRESS")]
    pub(crate) operations: Option<SocketAddr>,
    /// How log lines are written [default: text]
    #[arg(long, env = "VALETKEY_LOG", value_name = "FORMAT")]
    pub(crate) log: Option<Format>,
    /// File that holds the root key [default: root.key in the data folder]
    #[arg(long, env = "VALETKEY_ROOT_KEY_FILE", value_name = "FILE")]
    pub(crate) root_key_file: Option<PathBuf>,
    /// Folder with connector files of your own
    #[arg(long, env = "VALETKEY_CONNECTORS", value_name = "FOLDER")]
    pub(crate) connectors: Option<PathBuf>,
    /// Run the provider lab too
    #[arg(long, env = "VALETKEY_LAB")]
    pub(crate) lab: bool,
    /// Address of the provider lab
    #[arg(long, env = "VALETKEY_LAB_ADDRESS", value_name = "ADDRESS", default_value_t = default_lab())]
    pub(crate) lab_address: LabAddress,
}

impl ServeFlags {
    /// What the environment says, for commands that open the data folder without serving.
    ///
    /// # Errors
    /// A variable holds what its flag would not take.
    pub(crate) fn from_environment() -> Result<Self> {
        #[derive(Parser)]
        struct Variables {
            #[command(flatten)]
            flags: ServeFlags,
        }
        Ok(Variables::try_parse_from(["valetkey"])?.flags)
    }
}

/// Flags of `lab`.
#[derive(Args)]
pub(crate) struct LabFlags {
    /// Address of the provider lab
    #[arg(long, env = "VALETKEY_LAB_ADDRESS", value_name = "ADDRESS", default_value_t = default_lab())]
    pub(crate) lab_address: LabAddress,
}

/// The lab's address, with its usual default.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LabAddress(pub(crate) SocketAddr);

impl Default for LabAddress {
    fn default() -> Self {
        default_lab()
    }
}

impl std::str::FromStr for LabAddress {
    type Err = std::net::AddrParseError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

impl std::fmt::Display for LabAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

fn web_address(text: &str) -> Result<Url, String> {
    Url::parse(text).map_err(|why| format!("{why}; write it like https://valetkey.example"))
}

#[expect(clippy::unnecessary_wraps, reason = "a parser's form")]
pub(crate) fn secret(text: &str) -> Result<Arc<Secret<str>>, std::convert::Infallible> {
    Ok(Arc::new(Secret::from(text)))
}

fn default_lab() -> LabAddress {
    LabAddress(SocketAddr::from(([127, 0, 0, 1], 8090)))
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
