//! What the operator can ask for at the command line: nouns and their verbs. The parsed command line is itself the
//! request. A running server is asked through the socket in its data folder (mode 0600); when none runs, the command
//! opens the data folder itself.

mod act;
mod socket;
mod table;
mod verbs;

use crate::compose;
use crate::data::Folder;
use crate::env::Access;
use crate::settings::Settings;
use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::path::{Path, PathBuf};
use valetkey_app::App;

pub(crate) use socket::serve;
pub(crate) use verbs::{
    AccountVerb, ClientVerb, ConfigVerb, ConnectionFlags, ConnectionVerb, ConnectorVerb, EndpointFlags,
    EnvironmentVerb, InstanceVerb, LogsVerb, ToolVerb,
};

/// A noun with its verb.
#[derive(Subcommand, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Noun {
    /// Environments: everything else belongs to exactly one
    Environment(Asked<EnvironmentVerb>),
    /// API clients: what an app's SDK signs in with
    Client(Asked<ClientVerb>),
    /// Connectors: the kinds of app there are
    Connector(Asked<ConnectorVerb>),
    /// Tools: what a connector can do
    Tool(Asked<ToolVerb>),
    /// Connections: connectors set up for your app
    Connection(Asked<ConnectionVerb>),
    /// Connected accounts: who has signed in where
    Account(Asked<AccountVerb>),
    /// MCP configs: which connections and tools a user's server shows
    Config(Asked<ConfigVerb>),
    /// MCP instances: one user's server
    Instance(Asked<InstanceVerb>),
    /// The journal: who did what, for whom, and how it ended
    Logs(Asked<LogsVerb>),
}

/// A verb, in an environment, shown as a table or as JSON.
#[derive(Args, Serialize, Deserialize)]
pub(crate) struct Asked<Verb: Subcommand> {
    /// The environment, by name [default: the first]
    #[arg(long, global = true)]
    environment: Option<String>,
    /// Print JSON instead of a table
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    verb: Verb,
}

/// What the operator's requests are carried out on.
#[derive(Clone)]
pub(crate) struct Desk {
    /// The use cases.
    pub(crate) app: App,
    /// What clients on this machine must trust, if the certificate is a local one.
    pub(crate) ca_bundle: Option<PathBuf>,
}

/// What a verb answers: things, and a line for the person who asked.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Reply {
    /// The things, each an object whose members are the table's columns.
    pub(crate) rows: Vec<Value>,
    /// Whether they are one thing that was asked for by name, not a list that happens to hold one.
    #[serde(default)]
    pub(crate) single: bool,
    /// What a person should know beside them.
    pub(crate) note: Option<String>,
}

/// Carries a noun's verb out and prints the answer.
///
/// # Errors
/// Whatever stopped it.
pub(crate) async fn run(data: &Path, mut noun: Noun) -> Result<()> {
    noun.read_secret()?;
    let json = noun.json();
    let reply = match socket::ask(data, &noun).await? {
        Some(reply) => reply,
        None => {
            // A command in the wrong place must not leave an empty database and a root key behind.
            anyhow::ensure!(
                Folder::at(data).database().exists(),
                "there is no Valetkey in {}: start `valetkey serve` or `valetkey demo` first, or name its folder with --data",
                data.display()
            );
            let settings = Settings::load(data, &crate::cli::ServeFlags::default())?;
            let desk = Desk { app: compose::open(&settings).await?, ca_bundle: None };
            act::perform(&desk, noun).await?
        }
    };
    table::print(&reply, json)
}

/// What a shell on this machine needs to use the SDKs with the server that runs on this data folder.
///
/// # Errors
/// None runs, or its `public_url` is not on this machine.
pub(crate) async fn shell_access(data: &Path) -> Result<Access> {
    let noun = Noun::Client(Asked { environment: None, json: true, verb: ClientVerb::Shell });
    let Some(reply) = socket::ask(data, &noun).await? else {
        bail!("no server runs on {}: start `valetkey serve` or `valetkey demo` first", data.display());
    };
    let row = reply.rows.into_iter().next().context("the server gave no secret")?;
    Ok(serde_json::from_value(row)?)
}

impl Noun {
    fn json(&self) -> bool {
        match self {
            Self::Environment(asked) => asked.json,
            Self::Client(asked) => asked.json,
            Self::Connector(asked) => asked.json,
            Self::Tool(asked) => asked.json,
            Self::Connection(asked) => asked.json,
            Self::Account(asked) => asked.json,
            Self::Config(asked) => asked.json,
            Self::Instance(asked) => asked.json,
            Self::Logs(asked) => asked.json,
        }
    }

    /// A secret never stands on a command line, where every process of the machine can read it.
    fn read_secret(&mut self) -> Result<()> {
        let flags = match self {
            Self::Connection(Asked { verb: ConnectionVerb::Create(create), .. }) => &mut create.flags,
            Self::Connection(Asked { verb: ConnectionVerb::Update { flags, .. }, .. }) => flags,
            _ => return Ok(()),
        };
        let Some(file) = flags.client_secret_file.take() else { return Ok(()) };
        let text = match file.as_str() {
            "-" => std::io::read_to_string(std::io::stdin())?,
            path => std::fs::read_to_string(path).map_err(|why| anyhow::anyhow!("cannot read {path}: {why}"))?,
        };
        anyhow::ensure!(!text.trim().is_empty(), "{file} holds no client secret");
        flags.client_secret = Some(text.trim().to_owned());
        Ok(())
    }
}
