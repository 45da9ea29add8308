//! What the operator can ask for at the command line: nouns, each a file with its verbs. The parsed command line is
//! itself the request. A running server is asked through the socket in its data folder (mode 0600); when none runs,
//! the command opens the data folder itself.

mod account;
mod backend;
mod backup;
mod client;
mod config;
mod connection;
mod connector;
mod doctor;
mod environment;
mod instance;
mod key;
mod logs;
mod reply;
mod restore;
mod socket;
mod table;
mod tool;

use crate::compose;
use crate::flags::{GLOBAL, ServeFlags};
use crate::sdk_access::SdkAccess;
use crate::secrets::Secrets;
use crate::settings::Settings;
use crate::terminal::Meter;
use anyhow::{Context, Result, anyhow, bail};
use clap::{Args, Subcommand};
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::sync::Arc;
use valetkey_app::App;
use valetkey_app::entrance::doors;
use valetkey_app::tenancy::environments;
use valetkey_domain::Ctx;
use valetkey_domain::ctx::{Patient, Progress};
use valetkey_storage::Location;

pub(crate) use backend::Backend;
use reply::Reply;
pub(crate) use socket::{runs, serve};

/// A noun with its verb.
#[derive(Subcommand, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Noun {
    /// Environments: everything else belongs to exactly one
    Environment(Asked<environment::Verb>),
    /// API clients: what an app's SDK signs in with
    Client(Within<client::Verb>),
    /// Connectors (the API's providers): the kinds of app there are
    #[command(visible_alias = "provider")]
    Connector(Asked<connector::Verb>),
    /// Tools: what a connector can do
    Tool(Asked<tool::Verb>),
    /// Connections: connectors set up for your app
    Connection(Within<connection::Verb>),
    /// Connected accounts: who has signed in where
    Account(Within<account::Verb>),
    /// MCP configs: which connections and tools a user's server shows
    Config(Within<config::Verb>),
    /// MCP instances: one user's server
    Instance(Within<instance::Verb>),
    /// The journal: who did what, for whom, and how it ended
    Logs(Within<logs::Verb>),
    /// Keys: what secrets are sealed under, and another in place of one
    Key(Asked<key::Verb>),
    /// Look whether everything is as it should be; ends with status 1 if there is a problem
    Doctor(doctor::Flags),
    /// Write everything that the database holds into one file, while the server goes on
    Backup(backup::Flags),
    /// Fill an empty database from a backup, or say what becomes of a restored or copied one
    Restore(restore::Flags),
}

/// A verb, whose answer is shown as a table or as JSON.
#[derive(Args, Serialize, Deserialize)]
pub(crate) struct Asked<Verb: Subcommand> {
    /// Print JSON instead of a table
    #[arg(long, global = true, help_heading = GLOBAL)]
    json: bool,
    #[command(subcommand)]
    verb: Verb,
}

/// A verb about what belongs to one environment.
#[derive(Args, Serialize, Deserialize)]
pub(crate) struct Within<Verb: Subcommand> {
    /// The environment, by name [default: the first]
    #[arg(long, global = true, value_name = "NAME", help_heading = GLOBAL)]
    environment: Option<String>,
    /// Print JSON instead of a table
    #[arg(long, global = true, help_heading = GLOBAL)]
    json: bool,
    #[command(subcommand)]
    verb: Verb,
}

/// Carries a noun's verb out and prints the answer.
///
/// # Errors
/// Whatever stopped it.
pub(crate) async fn run(data: &Path, mut noun: Noun, secrets: Secrets) -> Result<()> {
    if let Noun::Connection(asked) = &mut noun {
        asked.verb.read_secret()?;
    }
    if let Noun::Backup(flags) = &mut noun {
        flags.make_absolute()?;
    }
    if let Noun::Doctor(flags) = noun {
        return doctor::run(data, flags, secrets).await;
    }
    let json = noun.json();
    if let Noun::Restore(flags) = noun {
        if flags.file.is_some() {
            return table::print(&restore::fill(data, flags, secrets).await?, json);
        }
        noun = Noun::Restore(flags);
    }
    let meter = Arc::new(Meter::default());
    let reply = match socket::ask(data, &noun, meter.as_ref()).await? {
        Some(reply) => reply,
        None => {
            let settings = Settings::load(data, &ServeFlags::from_environment()?, secrets)?;
            let backend = desk(settings, meter.clone()).await?;
            let performed = perform(&backend, noun).await;
            backend.app.end(backend.settings.limits.effects).await;
            performed?
        }
    };
    meter.clear();
    show(reply, json)
}

/// Prints an answer, and ends with what it found to be wrong.
fn show(reply: Reply, json: bool) -> Result<()> {
    table::print(&reply, json)?;
    reply.fault.map_or(Ok(()), |fault| Err(anyhow!(fault)))
}

/// A backend over the database itself, where no server runs.
async fn desk(settings: Settings, progress: Arc<dyn Progress>) -> Result<Backend> {
    // A command in the wrong place must not leave an empty database and a root key behind.
    if let Location::File(file) = &settings.database {
        anyhow::ensure!(
            file.exists(),
            "there is no Valetkey in {}: start `valetkey serve` or `valetkey demo` first, or name its folder with --data",
            settings.data.display()
        );
    }
    let opened = compose::open(&settings).await?;
    let (app, presence, settings) = (opened.app, opened.presence, Arc::new(settings));
    Ok(Backend { app, ca_bundle: None, presence, settings, progress })
}

/// Carries a noun's verb out.
async fn perform(backend: &Backend, noun: Noun) -> Result<Reply> {
    let app = &backend.app;
    match noun {
        Noun::Environment(asked) => environment::perform(app, asked.verb).await,
        Noun::Connector(asked) => connector::perform(app, asked.verb),
        Noun::Tool(asked) => tool::perform(app, asked.verb),
        Noun::Client(asked) => client::perform(backend, &enter(app, &asked).await?, asked.verb).await,
        Noun::Connection(asked) => connection::perform(app, &enter(app, &asked).await?, asked.verb).await,
        Noun::Account(asked) => account::perform(app, &enter(app, &asked).await?, asked.verb).await,
        Noun::Config(asked) => config::perform(app, &enter(app, &asked).await?, asked.verb).await,
        Noun::Instance(asked) => instance::perform(app, &enter(app, &asked).await?, asked.verb).await,
        Noun::Logs(asked) => logs::perform(backend, &enter(app, &asked).await?, asked.verb).await,
        Noun::Key(asked) => key::perform(backend, asked.verb).await,
        Noun::Doctor(flags) => doctor::perform(backend, flags).await,
        Noun::Backup(flags) => backup::perform(backend, flags).await,
        Noun::Restore(flags) => restore::decide(backend, &flags).await,
    }
}

/// The operator's context in the environment that was asked for.
async fn enter<Verb: Subcommand>(app: &App, asked: &Within<Verb>) -> Result<Ctx> {
    let environment = match &asked.environment {
        Some(name) => environments::by_name(app, name).await?,
        None => environments::ensure_first(app).await?,
    };
    Ok(doors::operator(app, &environment.id))
}

/// What a shell on this machine needs to use the SDKs with the server that runs on this data folder.
///
/// # Errors
/// None runs, or its `public_url` is not on this machine.
pub(crate) async fn shell_access(data: &Path) -> Result<SdkAccess> {
    let noun = Noun::Client(Within { environment: None, json: true, verb: client::Verb::Shell });
    let Some(reply) = socket::ask(data, &noun, &Patient).await? else {
        bail!("no server runs on {}: start `valetkey serve` or `valetkey demo` first", data.display());
    };
    let row = reply.rows.into_iter().next().context("the server gave no secret")?;
    Ok(serde_json::from_value(row)?)
}

impl Noun {
    /// The environment that it names.
    #[cfg(test)]
    pub(crate) fn environment(&self) -> Option<&str> {
        match self {
            Self::Client(Within { environment, .. })
            | Self::Connection(Within { environment, .. })
            | Self::Account(Within { environment, .. })
            | Self::Config(Within { environment, .. })
            | Self::Instance(Within { environment, .. })
            | Self::Logs(Within { environment, .. }) => environment.as_deref(),
            Self::Key(Asked { verb: key::Verb::Rotate { what: key::Rotate::Data { environment, .. } }, .. }) => {
                environment.as_deref()
            }
            _ => None,
        }
    }

    /// Puts it into the environment that was named before it; false if it belongs to none.
    ///
    /// # Errors
    /// It names another one itself.
    pub(crate) fn enter(&mut self, name: String) -> Result<bool> {
        let own = match self {
            Self::Client(Within { environment, .. })
            | Self::Connection(Within { environment, .. })
            | Self::Account(Within { environment, .. })
            | Self::Config(Within { environment, .. })
            | Self::Instance(Within { environment, .. })
            | Self::Logs(Within { environment, .. }) => environment,
            Self::Key(Asked { verb: key::Verb::Rotate { what: key::Rotate::Data { environment, .. } }, .. }) => {
                environment
            }
            _ => return Ok(false),
        };
        if own.as_ref().is_some_and(|own| *own != name) {
            bail!("--environment is given twice, and differs: name one");
        }
        *own = Some(name);
        Ok(true)
    }

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
            Self::Key(asked) => asked.json,
            Self::Doctor(flags) => flags.json,
            Self::Backup(flags) => flags.json,
            Self::Restore(flags) => flags.json,
        }
    }
}
