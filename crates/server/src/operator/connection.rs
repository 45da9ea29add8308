//! Connections: connectors set up for an app.

use super::given;
use super::reply::{Reply, all, message, one, rows};
use anyhow::{Result, ensure};
use clap::{Args, Subcommand};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use valetkey_app::accounts::{self, Closed, ClosingProgress};
use valetkey_app::connections::Wired;
use valetkey_app::{App, connections};
use valetkey_domain::connection::{Connection, Settings};
use valetkey_domain::id::ConnectionId;
use valetkey_domain::name::ConnectionName;
use valetkey_domain::{Ctx, Kind, Secret};

#[derive(Subcommand, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verb {
    /// Set a connector up for your app: its OAuth client, its scopes, its endpoints
    Create(CreateFlags),
    /// Change a connection; what is not given stays
    Update {
        /// Its name or id (conn_...)
        name: String,
        #[command(flatten)]
        flags: EndpointFlags,
    },
    /// All connections
    List,
    /// One connection, with the redirect URI to register with its vendor
    Get {
        /// Its name or id (conn_...)
        name: String,
    },
    /// Remove a connection that no config uses, with its accounts
    Delete {
        /// Its name or id (conn_...)
        name: String,
    },
}

#[derive(Args, Serialize, Deserialize)]
pub(crate) struct CreateFlags {
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
    /// Which of the connector's ways to sign in it takes, such as api_key [default: the usual one]
    #[arg(long, value_name = "KIND")]
    way: Option<String>,
    /// The OAuth client id that the vendor gave you
    #[arg(long, value_name = "ID")]
    client_id: Option<String>,
    /// File with the OAuth client's secret, or a service account's key (JSON); - reads it from standard input
    #[arg(long, value_name = "FILE")]
    #[serde(skip)]
    client_secret_file: Option<String>,
    /// The secret, once read
    #[arg(skip)]
    client_secret: Option<String>,
    /// A scope to ask for; may be given several times [default: the connector's]
    #[arg(long = "scope", value_name = "SCOPE")]
    scopes: Vec<String>,
    /// Where people sign in, if not at the vendor's own address
    #[arg(long, value_name = "URL")]
    authorize_url: Option<String>,
    /// Where codes are exchanged, if not at the vendor's own address
    #[arg(long, value_name = "URL")]
    token_url: Option<String>,
    /// Where tokens are revoked, if not at the vendor's own address
    #[arg(long, value_name = "URL")]
    revoke_url: Option<String>,
    /// Who the account is, if not at the vendor's own address
    #[arg(long, value_name = "URL")]
    identity_url: Option<String>,
    /// What replaces scheme, host and port of the vendor's API; a path in it goes before the vendor's own paths
    #[arg(long, value_name = "URL")]
    api_base_url: Option<String>,
    /// Whether client id and secret go into the Basic header as they are, for servers that do not decode them [default:
    /// the connector's]
    #[arg(long, value_name = "BOOL")]
    basic_raw: Option<bool>,
    /// Whether requests to the app's own API may be made through it (/proxy), beside its tools [default: true]
    #[arg(long, value_name = "BOOL")]
    proxy: Option<bool>,
}

impl Verb {
    /// Takes the client secret out of the file that names it: a secret never stands on a command line, where every
    /// process of the machine can read it.
    ///
    /// # Errors
    /// The file cannot be read, or is empty.
    pub(super) fn read_secret(&mut self) -> Result<()> {
        let flags = match self {
            Self::Create(create) => &mut create.flags,
            Self::Update { flags, .. } => flags,
            Self::List | Self::Get { .. } | Self::Delete { .. } => return Ok(()),
        };
        let Some(file) = flags.client_secret_file.take() else { return Ok(()) };
        let text = given::text(&file)?;
        ensure!(!text.trim().is_empty(), "{file} holds no client secret: write it there, alone in the file");
        flags.client_secret = Some(text.trim().to_owned());
        Ok(())
    }
}

/// Carries a verb out.
///
/// # Errors
/// The use case's own, in its words.
pub(super) async fn perform(app: &App, ctx: &Ctx, verb: Verb) -> Result<Reply> {
    match verb {
        Verb::Create(CreateFlags { connector, name, flags }) => {
            let client_secret = flags.client_secret.as_deref().map(Secret::from);
            let settings = settings(Settings::default(), flags);
            let new = connections::New { name, connector, settings, client_secret };
            Ok(one(row(app, ctx, &connections::create(app, ctx, new).await?).await?))
        }
        Verb::Update { name, flags } => {
            let before = find(app, ctx, &name).await?;
            let client_secret = flags.client_secret.as_deref().map(Secret::from);
            let settings = Some(settings(before.settings.clone(), flags));
            let change = connections::Change { settings, client_secret, enabled: None };
            Ok(one(row(app, ctx, &connections::update(app, ctx, &before, change).await?).await?))
        }
        Verb::List => {
            let found = all!(|page| connections::list(app, ctx, &connections::Filter::default(), &page));
            let mut list = Vec::with_capacity(found.len());
            for c in &found {
                let state = state(app, ctx, c).await?;
                list.push(json!({"name": c.name, "connector": c.connector, "id": c.id, "state": state}));
            }
            Ok(rows(list))
        }
        Verb::Get { name } => Ok(one(row(app, ctx, &find(app, ctx, &name).await?).await?)),
        Verb::Delete { name } => {
            let found = find(app, ctx, &name).await?;
            let closed = accounts::delete_connection(app, ctx, &found.id).await?;
            Ok(message(told(&found.name, &closed)))
        }
    }
}

/// What became of a removal.
fn told(name: &ConnectionName, closed: &Closed) -> String {
    match closed {
        Closed::Gone(left) if left.is_none() => format!("connection '{name}' and its accounts are deleted"),
        Closed::Gone(left) => format!(
            "connection '{name}' and its accounts are deleted; the vendor has not revoked the tokens of {left} of them yet: \
             it is tried again, for a week, and the journal says what becomes of it"
        ),
        Closed::UnderWay(ClosingProgress { done, left, .. }) => format!(
            "connection '{name}' can no longer be used and is being deleted: {done} of its accounts are gone and {left} are \
             left. It goes on by itself; `valetkey connection get {name}` says how far it is"
        ),
    }
}

/// Whether it is in use, and if it is being removed, how far that has come.
async fn state(app: &App, ctx: &Ctx, connection: &Connection) -> Result<String> {
    if connection.enabled {
        return Ok("enabled".to_owned());
    }
    Ok(match accounts::under_way(app, ctx, &connection.id).await? {
        None => "disabled".to_owned(),
        Some(ClosingProgress { done, left, last_error: None }) => {
            format!("closing: {done} accounts gone, {left} left")
        }
        Some(ClosingProgress { done, left, last_error: Some(why) }) => {
            format!("closing: {done} accounts gone, {left} left, to be tried again: {why}")
        }
    })
}

/// By its name; or by its id, which no connection has for a name unless somebody chose it for one.
async fn find(app: &App, ctx: &Ctx, which: &str) -> Result<Connection> {
    let by_name = connections::by_name(app, ctx, which).await;
    let unknown = by_name.as_ref().is_err_and(|error| error.kind() == Kind::NotFound);
    match ConnectionId::parse(which) {
        Ok(id) if unknown => Ok(connections::get(app, ctx, &id).await?),
        _ => Ok(by_name?),
    }
}

fn settings(before: Settings, flags: EndpointFlags) -> Settings {
    Settings {
        way: flags.way.or(before.way),
        client_id: flags.client_id.or(before.client_id),
        scopes: if flags.scopes.is_empty() { before.scopes } else { flags.scopes },
        authorize_url: flags.authorize_url.or(before.authorize_url),
        token_url: flags.token_url.or(before.token_url),
        revoke_url: flags.revoke_url.or(before.revoke_url),
        identity_url: flags.identity_url.or(before.identity_url),
        api_base_url: flags.api_base_url.or(before.api_base_url),
        basic_raw: flags.basic_raw.or(before.basic_raw),
        proxy: flags.proxy.or(before.proxy),
        found: before.found,
    }
}

async fn row(app: &App, ctx: &Ctx, connection: &Connection) -> Result<Value> {
    let mut row = json!({
        "name": connection.name, "connector": connection.connector, "id": connection.id,
        "client_id": connection.settings.client_id, "client_secret": connection.client_secret.as_ref().map(|_| "set"),
        "redirect_uri": connections::redirect_uri(app, &connection.id), "state": state(app, ctx, connection).await?,
    });
    if let (Ok(wired), Some(row)) = (Wired::of(app, connection.clone()), row.as_object_mut()) {
        row.insert("scopes".into(), json!(wired.scopes()));
        row.insert("ready".into(), json!(wired.is_complete()));
        row.insert("way".into(), json!(wired.kind().as_str()));
    }
    Ok(row)
}
