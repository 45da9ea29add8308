//! What the operator can ask for at the command line: nouns and their verbs. The parsed command line is itself the
//! request. A running server is asked through the socket in its data folder (mode 0600); when none runs, the command
//! opens the data folder itself.

mod act;
mod socket;
mod table;

use crate::compose;
use crate::env::Access;
use crate::settings::Settings;
use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::path::{Path, PathBuf};
use valetkey_app::App;

pub(crate) use socket::serve;

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

#[derive(Subcommand, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum EnvironmentVerb {
    /// Make one
    Create {
        /// What to call it
        name: String,
    },
    /// All of them
    List,
}

#[derive(Subcommand, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ClientVerb {
    /// Make one; its secret is shown this once
    Create {
        /// What to call it
        name: String,
        /// Forbid it to read users' tokens
        #[arg(long)]
        no_secrets: bool,
    },
    /// Give one another secret; the earlier ones go on until `expire`
    Rotate {
        /// Its id (skc_...)
        id: String,
    },
    /// End every secret of one but the newest, and all tokens it holds
    Expire {
        /// Its id (skc_...)
        id: String,
    },
    /// Remove one: its secrets and tokens stop at once
    Delete {
        /// Its id (skc_...)
        id: String,
    },
    /// All of them
    List,
    /// A short-lived secret for a shell on this machine, which `env` prints
    #[command(hide = true)]
    Shell,
}

#[derive(Subcommand, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ConnectorVerb {
    /// All that are loaded
    List,
    /// One, with the tools it has
    Get {
        /// Its slug, such as googlecalendar
        slug: String,
    },
}

#[derive(Subcommand, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ToolVerb {
    /// All tools, or one connector's
    List {
        /// The connector's slug
        connector: Option<String>,
    },
    /// One, with the schema of its arguments
    Get {
        /// Its name, such as gmail_fetch_mails
        name: String,
    },
}

#[derive(Subcommand, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ConnectionVerb {
    /// Set a connector up
    Create(ConnectionFlags),
    /// Change one; what is not given stays
    Update {
        /// Its name
        name: String,
        #[command(flatten)]
        flags: EndpointFlags,
    },
    /// All of them
    List,
    /// One, with the redirect URI to register with its vendor
    Get {
        /// Its name
        name: String,
    },
    /// Remove one that no config uses, with its accounts
    Delete {
        /// Its name
        name: String,
    },
}

#[derive(Args, Serialize, Deserialize)]
pub(crate) struct ConnectionFlags {
    /// The connector's slug, such as gmail
    connector: String,
    /// What to call it, such as MY_GMAIL
    #[arg(long)]
    name: Option<String>,
    #[command(flatten)]
    flags: EndpointFlags,
}

/// What can be set on a connection.
#[derive(Args, Default, Serialize, Deserialize)]
pub(crate) struct EndpointFlags {
    /// The OAuth client id that the vendor gave you
    #[arg(long)]
    client_id: Option<String>,
    /// File with the OAuth client's secret; - reads it from standard input
    #[arg(long, value_name = "FILE")]
    #[serde(skip)]
    client_secret_file: Option<String>,
    /// The secret, once read
    #[arg(skip)]
    client_secret: Option<String>,
    /// A scope to ask for; may be given several times [default: the connector's]
    #[arg(long = "scope")]
    scopes: Vec<String>,
    /// Where people sign in, if not at the vendor's own address
    #[arg(long)]
    authorize_url: Option<String>,
    /// Where codes are exchanged, if not at the vendor's own address
    #[arg(long)]
    token_url: Option<String>,
    /// Where tokens are revoked, if not at the vendor's own address
    #[arg(long)]
    revoke_url: Option<String>,
    /// Who the account is, if not at the vendor's own address
    #[arg(long)]
    identity_url: Option<String>,
    /// What replaces scheme, host and port of the vendor's API
    #[arg(long)]
    api_base_url: Option<String>,
}

#[derive(Subcommand, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AccountVerb {
    /// All of them, or one user's
    List {
        /// The user
        #[arg(long)]
        identifier: Option<String>,
    },
    /// A link for a user to sign in with
    Link {
        /// The connection's name
        connection: String,
        /// The user
        identifier: String,
    },
    /// Forget a user's tokens and revoke them at the vendor; the account stays
    Disconnect {
        /// Its id (ca_...)
        id: String,
    },
    /// Remove an account and revoke its tokens at the vendor
    Delete {
        /// Its id (ca_...)
        id: String,
    },
}

#[derive(Subcommand, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ConfigVerb {
    /// Make one
    Create {
        /// What to call it
        name: String,
        /// What it is for
        #[arg(long, default_value = "")]
        description: String,
        /// A connection and its tools: MY_GMAIL, or MY_GMAIL=tool,tool; may be given several times
        #[arg(long = "connection", required = true)]
        connections: Vec<String>,
    },
    /// All of them
    List,
    /// Remove one, with its instances
    Delete {
        /// Its id (cfg_...)
        id: String,
    },
}

#[derive(Subcommand, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum InstanceVerb {
    /// A user's instance on a config, made if there is none; prints its URL
    Ensure {
        /// The config's name
        config: String,
        /// The user
        identifier: String,
        /// The instance's name
        #[arg(long)]
        name: Option<String>,
    },
    /// All of them, or one user's
    List {
        /// The user
        #[arg(long)]
        identifier: Option<String>,
    },
    /// How far its user has signed in, with links
    Auth {
        /// Its id (inst_...)
        id: String,
    },
    /// Remove one: its URL stops at once
    Delete {
        /// Its id (inst_...)
        id: String,
    },
}

#[derive(Subcommand, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LogsVerb {
    /// The newest records
    List {
        /// How many
        #[arg(long, default_value_t = 30)]
        limit: u32,
        /// Only what concerns this id
        #[arg(long)]
        subject: Option<String>,
    },
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
