//! The command line. Nouns are carried out by [`crate::operator`]: by the running server through its socket, or here
//! on the data folder when none runs.

use crate::settings::Settings;
use crate::{compose, demo, env, operator, serve};
use anyhow::Result;
use clap::{Args, Parser, Subcommand};
use std::net::SocketAddr;
use std::path::PathBuf;
use tracing::Level;
use url::Url;
use valetkey_domain::Secret;

/// An MCP server for every user of your app, already signed in to that user's accounts.
#[derive(Parser)]
#[command(name = "valetkey", version, propagate_version = true)]
pub(crate) struct Cli {
    /// The data folder
    #[arg(long, global = true, env = "VALETKEY_DATA", default_value = "./valetkey-data")]
    data: PathBuf,
    /// Log more; twice for everything of ours
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
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
    #[arg(long, env = "VALETKEY_PUBLIC_URL", value_parser = web_address)]
    pub(crate) public_url: Option<Url>,
    /// Where the SDKs reach it, if elsewhere
    #[arg(long, env = "VALETKEY_SDK_URL", value_parser = web_address)]
    pub(crate) sdk_url: Option<Url>,
    /// Address of the clear-text listener [default: 127.0.0.1:8080]
    #[arg(long, env = "VALETKEY_HTTP")]
    pub(crate) http: Option<SocketAddr>,
    /// Address of the TLS listener [default: 127.0.0.1:8443]
    #[arg(long, env = "VALETKEY_TLS")]
    pub(crate) tls: Option<SocketAddr>,
    /// File that holds the root key [default: root.key in the data folder]
    #[arg(long, env = "VALETKEY_ROOT_KEY_FILE")]
    pub(crate) root_key_file: Option<PathBuf>,
    /// Folder with connector files of your own
    #[arg(long, env = "VALETKEY_CONNECTORS")]
    pub(crate) connectors: Option<PathBuf>,
    /// Run the provider lab too
    #[arg(long, env = "VALETKEY_LAB")]
    pub(crate) lab: bool,
    /// Address of the provider lab
    #[arg(long, env = "VALETKEY_LAB_ADDRESS", default_value_t = default_lab())]
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
    #[arg(long, env = "VALETKEY_LAB_ADDRESS", default_value_t = default_lab())]
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

fn default_lab() -> LabAddress {
    LabAddress(SocketAddr::from(([127, 0, 0, 1], 8090)))
}

impl Cli {
    /// How much to log.
    pub(crate) fn log_level(&self) -> Level {
        let quiet = !matches!(self.command, Command::Serve(_));
        match (self.verbose, quiet) {
            (0, true) => Level::WARN,
            (0, false) => Level::INFO,
            (1, _) => Level::DEBUG,
            _ => Level::TRACE,
        }
    }
}

/// Carries a command out. `root_key` is what the environment held.
///
/// # Errors
/// Whatever stopped it; the message says what to do.
pub(crate) async fn run(cli: Cli, root_key: Option<Secret<str>>) -> Result<()> {
    match cli.command {
        Command::Serve(flags) => serve::run(Settings::load(&cli.data, &flags, root_key)?).await,
        Command::Demo(flags) => demo::run(Settings::load(&cli.data, &flags, root_key)?).await,
        Command::Env => env::run(&cli.data).await,
        Command::Lab(flags) => compose::lab_alone(&cli.data, flags.lab_address.0).await,
        Command::Noun(noun) => operator::run(&cli.data, noun, root_key).await,
    }
}
