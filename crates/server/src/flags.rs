//! Flags that more than one command takes, with the variables that stand for them.

use crate::settings::Format;
use anyhow::Result;
use clap::{Args, Parser};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use url::Url;
use valetkey_domain::Secret;

/// Where help shows what every command takes: behind what is the command's own.
pub(crate) const GLOBAL: &str = "Global options";

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
