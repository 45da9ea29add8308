//! What the operator can ask for: a noun with its verb. The parsed command line is itself the request, which goes to the
//! running server as JSON or is carried out here.

use super::backend::Backend;
use super::reply::Reply;
use super::{account, backup, client, config, connection, connector, doctor, environment, golden, instance, key};
use super::{login, logs, member, provider, restore, session, tool, webhook, why};
use crate::flags::GLOBAL;
use anyhow::{Result, bail, ensure};
use clap::{Args, Subcommand};
use serde::{Deserialize, Serialize};
use valetkey_app::App;
use valetkey_app::entrance::doors;
use valetkey_app::tenancy::environments;
use valetkey_domain::Ctx;
use valetkey_domain::id::EnvironmentId;

/// A noun with its verb.
#[derive(Subcommand, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Noun {
    /// Environments: everything else belongs to exactly one
    Environment(VerbOf<environment::Verb>),
    /// API clients: what an app's SDK signs in with
    Client(Within<client::Verb>),
    /// Connectors: the kinds of app that there are files about
    Connector(VerbOf<connector::Verb>),
    /// Custom providers: apps that you describe yourself, for the connections of one environment
    Provider(Within<provider::Verb>),
    /// Tools: what a connector can do
    Tool(VerbOf<tool::Verb>),
    /// Connections: connectors set up for your app
    Connection(Within<connection::Verb>),
    /// Connected accounts: who has signed in where
    Account(Within<account::Verb>),
    /// MCP configs: which connections and tools a user's server shows
    Config(Within<config::Verb>),
    /// MCP instances: one user's server
    Instance(Within<instance::Verb>),
    /// Session tokens: a user's agent at a static MCP URL, for a while
    Session(Within<session::Verb>),
    /// Webhooks: where what happens to users' accounts is sent
    Webhook(Within<webhook::Verb>),
    /// The journal: who did what, for whom, and how it ended
    Logs(Within<logs::Verb>),
    /// Why a call doesn't work: all that it stands on, and what would mend it; ends with status 1 if something stops it
    Why(why::Flags),
    /// Members: who may sign in to the dashboard
    Member(VerbOf<member::Verb>),
    /// Print a link that signs in to the dashboard, once
    Login(login::Flags),
    /// Keys: what secrets are sealed under, and another in place of one
    Key(VerbOf<key::Verb>),
    /// Look whether everything is as it should be; ends with status 1 if there is a problem
    Doctor(doctor::Flags),
    /// Write everything that the database holds into one file, while the server goes on
    Backup(backup::Flags),
    /// Fill an empty database from a backup, or say what becomes of a restored or copied one
    Restore(restore::Flags),
}

/// A verb, whose answer is shown as a table or as JSON.
#[derive(Args, Serialize, Deserialize)]
pub(crate) struct VerbOf<Verb: Subcommand> {
    /// Print JSON instead of a table
    #[arg(long, global = true, help_heading = GLOBAL)]
    json: bool,
    #[command(subcommand)]
    pub(super) verb: Verb,
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
    pub(super) verb: Verb,
}

/// Carries a noun's verb out.
///
/// # Errors
/// The use case's own, in its words.
pub(super) async fn perform(backend: &Backend, noun: Noun) -> Result<Reply> {
    let app = &backend.app;
    match noun {
        Noun::Environment(asked) => environment::perform(app, asked.verb).await,
        Noun::Connector(asked) => connector::perform(backend, asked.verb),
        Noun::Tool(asked) => tool::perform(app, asked.verb),
        Noun::Client(asked) => client::perform(backend, &enter(app, &asked).await?, asked.verb).await,
        Noun::Provider(asked) => provider::perform(app, &enter(app, &asked).await?, asked.verb).await,
        Noun::Connection(asked) => connection::perform(app, &enter(app, &asked).await?, asked.verb).await,
        Noun::Account(asked) => account::perform(app, &enter(app, &asked).await?, asked.verb).await,
        Noun::Config(asked) => config::perform(app, &enter(app, &asked).await?, asked.verb).await,
        Noun::Instance(asked) => instance::perform(app, &enter(app, &asked).await?, asked.verb).await,
        Noun::Session(asked) => session::perform(app, &enter(app, &asked).await?, asked.verb).await,
        Noun::Webhook(asked) => webhook::perform(app, &enter(app, &asked).await?, asked.verb).await,
        Noun::Logs(asked) if asked.verb.is_of_installation() => {
            ensure!(
                asked.environment.is_none(),
                "the installation's journal is no environment's: leave one of both out"
            );
            logs::perform(backend, &doors::operator(app, &EnvironmentId::installation()), asked.verb).await
        }
        Noun::Logs(asked) => logs::perform(backend, &enter(app, &asked).await?, asked.verb).await,
        Noun::Why(flags) => why::perform(app, &in_environment(app, flags.environment.as_deref()).await?, flags).await,
        Noun::Member(asked) => member::perform(app, asked.verb).await,
        Noun::Login(flags) => login::perform(app, flags).await,
        Noun::Key(asked) => key::perform(backend, asked.verb).await,
        Noun::Doctor(flags) => doctor::perform(backend, flags).await,
        Noun::Backup(flags) => backup::perform(backend, flags).await,
        Noun::Restore(flags) => restore::decide(backend, &flags).await,
    }
}

/// The operator's context in the environment that was asked for.
async fn enter<Verb: Subcommand>(app: &App, asked: &Within<Verb>) -> Result<Ctx> {
    in_environment(app, asked.environment.as_deref()).await
}

async fn in_environment(app: &App, name: Option<&str>) -> Result<Ctx> {
    let environment = match name {
        Some(name) => environments::by_name(app, name).await?,
        None => environments::ensure_first(app).await?,
    };
    Ok(doors::operator(app, &environment.id))
}

impl Noun {
    /// What is about files on this machine, done; nothing if it isn't.
    pub(super) fn about_files(&self) -> Option<anyhow::Result<Reply>> {
        if let Self::Connector(asked) = self { asked.verb.about_files() } else { None }
    }

    /// The credential that is to be tried at an app, if that is what was asked for.
    pub(super) fn trial(&self) -> Option<&golden::Flags> {
        if let Self::Connector(asked) = self { asked.verb.trial() } else { None }
    }

    /// A short-lived secret for a shell on this machine.
    pub(super) fn shell() -> Self {
        Self::Client(Within { environment: None, json: true, verb: client::Verb::Shell })
    }

    /// A token for a shell on this machine.
    pub(super) fn shell_token() -> Self {
        Self::Client(Within { environment: None, json: true, verb: client::Verb::ShellToken })
    }

    /// The environment that it names.
    #[cfg(test)]
    pub(crate) fn environment(&self) -> Option<&str> {
        match self {
            Self::Client(Within { environment, .. })
            | Self::Provider(Within { environment, .. })
            | Self::Connection(Within { environment, .. })
            | Self::Account(Within { environment, .. })
            | Self::Config(Within { environment, .. })
            | Self::Instance(Within { environment, .. })
            | Self::Session(Within { environment, .. })
            | Self::Webhook(Within { environment, .. })
            | Self::Logs(Within { environment, .. })
            | Self::Why(why::Flags { environment, .. }) => environment.as_deref(),
            Self::Key(VerbOf { verb: key::Verb::Rotate { what: key::Rotate::Data { environment, .. } }, .. }) => {
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
            | Self::Provider(Within { environment, .. })
            | Self::Connection(Within { environment, .. })
            | Self::Account(Within { environment, .. })
            | Self::Config(Within { environment, .. })
            | Self::Instance(Within { environment, .. })
            | Self::Session(Within { environment, .. })
            | Self::Webhook(Within { environment, .. })
            | Self::Logs(Within { environment, .. })
            | Self::Why(why::Flags { environment, .. }) => environment,
            Self::Key(VerbOf { verb: key::Verb::Rotate { what: key::Rotate::Data { environment, .. } }, .. }) => {
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

    /// Whether it is of no use without its answer, and so ends with whoever asked: it only looks, or it writes a file
    /// that is placed when it is whole. What changes something is carried out to its end.
    pub(crate) fn ends_with_its_caller(&self) -> bool {
        match self {
            Self::Logs(_) | Self::Backup(_) | Self::Why(_) => true,
            Self::Doctor(flags) => flags.accept.is_none(),
            _ => false,
        }
    }

    /// Whether the answer is shown as JSON.
    pub(super) fn json(&self) -> bool {
        match self {
            Self::Environment(asked) => asked.json,
            Self::Client(asked) => asked.json,
            Self::Connector(asked) => asked.json,
            Self::Tool(asked) => asked.json,
            Self::Provider(asked) => asked.json,
            Self::Connection(asked) => asked.json,
            Self::Account(asked) => asked.json,
            Self::Config(asked) => asked.json,
            Self::Instance(asked) => asked.json,
            Self::Session(asked) => asked.json,
            Self::Webhook(asked) => asked.json,
            Self::Logs(asked) => asked.json,
            Self::Why(flags) => flags.json,
            Self::Member(asked) => asked.json,
            Self::Login(flags) => flags.json,
            Self::Key(asked) => asked.json,
            Self::Doctor(flags) => flags.json,
            Self::Backup(flags) => flags.json,
            Self::Restore(flags) => flags.json,
        }
    }
}
