//! Session tokens: made for one user and one static MCP URL, for an hour or so; ended with what they stand on, or for a
//! user at once.

use super::configs;
use crate::connections::{self, Wired};
use crate::entrance::sessions::{self, StaticUrl};
use crate::{App, Error, Result, accounts};
use serde_json::{Map, Value, json};
use std::time::Duration;
use valetkey_core::journal;
use valetkey_domain::account::{Owner, Status};
use valetkey_domain::config::McpConfig;
use valetkey_domain::ctx::Actor;
use valetkey_domain::id::{AccountId, ClientId, ConfigId, TokenId};
use valetkey_domain::name::Identifier;
use valetkey_domain::session::{Access, Opens, Session};
use valetkey_domain::{Ctx, Kind, Secret, Timestamp};
use valetkey_storage::{Tx, accounts as account_rows, clients, grants, sessions as rows};

/// The shortest and the longest life of a token.
const LIFE: (Duration, Duration) = (Duration::from_secs(60), Duration::from_secs(24 * 60 * 60));

/// What it is if nobody says.
const USUAL_LIFE: Duration = Duration::from_secs(60 * 60);

/// A token that is wanted.
pub struct WantedToken {
    /// For which server.
    pub of: SessionTarget,
    /// The user.
    pub identifier: String,
    /// How long it is to last; an hour if none.
    pub life: Option<Duration>,
    /// How much of the server it opens.
    pub access: Access,
}

/// A server that has a static MCP URL.
pub enum SessionTarget {
    /// A config.
    Config(ConfigId),
    /// A connection, by name, ignoring case.
    Connection(String),
}

/// A token, and the URL that it is for.
pub struct Issued {
    /// The bearer token.
    pub token: Secret<str>,
    /// The one URL that it opens.
    pub url: String,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// Makes a session token.
///
/// # Errors
/// An expiry or an identifier that breaks its rule; no such config or connection, or one that cannot be used; a
/// connection on which the user has no active account: the message names it and says what to do.
pub async fn create(app: &App, ctx: &Ctx, wanted: WantedToken) -> Result<Issued> {
    let life = wanted.life.unwrap_or(USUAL_LIFE);
    if !(LIFE.0..=LIFE.1).contains(&life) {
        return Err(Error::invalid("expiry must be from 60 seconds to 24 hours; leave it out for an hour"));
    }
    let identifier = Identifier::parse(&wanted.identifier)?;
    let (site, opens, accounts) = match &wanted.of {
        SessionTarget::Config(id) => of_config(app, ctx, id, &identifier).await?,
        SessionTarget::Connection(name) => of_connection(app, ctx, name, &identifier).await?,
    };
    let url_key = app.core.keyring.url_key(&ctx.environment).await?;
    let mut tx = app.core.store.read().await?;
    let session = Session {
        token: TokenId::new(app.core.clock.as_ref(), app.core.rng.as_ref()),
        environment: ctx.environment.clone(),
        opens,
        access: wanted.access,
        accounts,
        ends: rows::ends(ctx, &mut tx, &identifier).await?,
        client: client(ctx, &mut tx).await?,
        identifier,
        url_key,
        expires_at: whole_seconds(app.core.now()) + Duration::from_secs(life.as_secs()),
    };
    drop(tx);
    let token = sessions::sign(app, &session, &site)?;
    app.core.journal.fact_now(ctx, "session.created", session.token.as_str(), detail(&session)).await?;
    Ok(Issued { token, url: site.url(app), expires_at: session.expires_at })
}

/// Ends the session tokens of a user, or of everyone in the environment, that were made until now, and signs their agents out.
///
/// # Errors
/// The database cannot be written.
pub async fn end(app: &App, ctx: &Ctx, identifier: Option<&Identifier>) -> Result<()> {
    let mut tx = app.core.change(ctx).await?;
    rows::end(ctx, &mut tx, identifier, app.core.now()).await?;
    grants::end_of_user(ctx, &mut tx, identifier).await?;
    let whose = identifier.map_or_else(|| json!("everyone"), |identifier| json!(identifier));
    let detail = journal::detail([("identifier", whose)]);
    tx.record("session.ended", ctx.environment.as_str(), detail).await?.commit().await
}

/// The static MCP URL of a connection.
#[must_use]
pub fn connection_url(app: &App, name: &str) -> String {
    StaticUrl::Connection(name.to_owned()).url(app)
}

type FoundServer = (StaticUrl, Opens, Vec<AccountId>);

async fn of_config(app: &App, ctx: &Ctx, id: &ConfigId, identifier: &Identifier) -> Result<FoundServer> {
    let config = configs::get(app, ctx, id).await?;
    if config.mappings.is_empty() {
        let message = format!("MCP config '{}' has no connections: update it with some first", config.name);
        return Err(Error::new(Kind::FailedPrecondition, message));
    }
    let mut tx = app.core.store.read().await?;
    let off = rows::switched_off(ctx, &mut tx, id).await?;
    if let Some(name) = off.first() {
        return Err(Error::new(
            Kind::FailedPrecondition,
            format!("connection '{name}' is switched off: enable it first"),
        ));
    }
    let standings = account_rows::standings(ctx, &mut tx, id, identifier).await?;
    drop(tx);
    let accounts = active(&config, &standings, identifier)?;
    Ok((StaticUrl::Config(config.uuid.to_string()), Opens::Config(config.id, config.version), accounts))
}

/// The user's account on each connection of a config; else an error that names the connections without an active one.
fn active(config: &McpConfig, standings: &[account_rows::Standing], identifier: &Identifier) -> Result<Vec<AccountId>> {
    let (mut accounts, mut waiting) = (Vec::new(), Vec::new());
    for mapping in &config.mappings {
        let there = standings.iter().find(|one| one.connection == mapping.connection);
        match there {
            Some(one) if one.status == Status::Active => accounts.push(one.account.clone()),
            _ => {
                let status = there.map_or("no account yet", |one| one.status.name());
                waiting.push(format!("'{}' ({status})", mapping.connection_name));
            }
        }
    }
    if !waiting.is_empty() {
        return Err(not_active(identifier, &waiting.join(", ")));
    }
    accounts.sort();
    accounts.dedup();
    Ok(accounts)
}

async fn of_connection(app: &App, ctx: &Ctx, name: &str, identifier: &Identifier) -> Result<FoundServer> {
    let connection = connections::by_name(app, ctx, name).await?;
    // What is not ready for users is not there for them.
    let unusable = |why: &str| Error::new(Kind::NotFound, format!("connection '{}' {why}", connection.name));
    if !connection.enabled {
        return Err(unusable("is switched off: enable it first"));
    }
    if !Wired::of(app, connection.clone())?.is_complete() {
        return Err(unusable("is not finished: it lacks its OAuth client's id or secret"));
    }
    let account = accounts::find(app, ctx, &connection.id, &Owner::of(identifier.clone())).await?;
    let status = account.as_ref().map_or("no account yet", |account| account.status.name());
    match account {
        Some(account) if account.status == Status::Active => {
            let site = StaticUrl::Connection(connection.name.to_string());
            Ok((site, Opens::Connection(connection.id), vec![account.id]))
        }
        _ => Err(not_active(identifier, &format!("'{}' ({status})", connection.name))),
    }
}

fn not_active(identifier: &Identifier, waiting: &str) -> Error {
    let message = format!(
        "'{identifier}' has no active account on {waiting}: list_mcp_connected_accounts with links, or a magic link, \
         gives an address to sign in at; ask for the session token after that"
    );
    Error::new(Kind::FailedPrecondition, message)
}

/// The client that asks, at the version of its own token: withdrawn with that one, the session's is worth nothing either.
async fn client(ctx: &Ctx, tx: &mut Tx) -> Result<Option<(ClientId, i64)>> {
    let Actor::Client(id, version) = &ctx.actor else { return Ok(None) };
    let found = clients::get(ctx, tx, id).await?.map(|found| found.client).filter(|client| client.version == *version);
    let withdrawn = || Error::new(Kind::Unauthenticated, "this API client was deleted, or its tokens were withdrawn");
    Ok(Some((found.ok_or_else(withdrawn)?.id, *version)))
}

/// A token says its end in seconds, so that is what is shown of it.
fn whole_seconds(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).unwrap_or(at)
}

fn detail(session: &Session) -> Map<String, Value> {
    let what = match &session.opens {
        Opens::Config(config, version) => json!({"config": config, "version": version}),
        Opens::Connection(connection) => json!({"connection": connection}),
    };
    journal::detail([
        ("opens", what),
        ("accounts", json!(session.accounts)),
        ("access", json!(session.access.as_str())),
        ("expires_at", json!(session.expires_at.to_string())),
    ])
}
