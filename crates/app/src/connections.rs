//! Connections: the app developer's configuration of a connector, its OAuth client, and where both may reach.

mod audience;
mod client_document;
mod compiled;
mod custom;
mod custom_hosts;
mod discovery;
mod endpoints;
pub mod imports;
mod moves;
pub mod providers;
mod secret;
mod wired;

pub use client_document::client_document;
pub(crate) use compiled::compile_all;
pub use custom_hosts::CustomHosts;
pub(crate) use discovery::{Discoveries, abandoned, discovered, issuer};
pub use endpoints::Endpoints;
pub(crate) use endpoints::origin;
pub(crate) use imports::Imports;
pub(crate) use secret::{client_secret, reseal_secret, try_secret};
pub use valetkey_connectors::{Auth, AuthKind, ConnectionCredential, Connector, Slot, Tool as KnownTool};
pub use valetkey_storage::connections::Filter;
pub use wired::Wired;

use crate::{App, Error, Listed, Page, Result};
use secret::seal_secret;
use serde_json::{Map, json};
use std::sync::Arc;
use valetkey_connectors::remote::connection_prefix;
use valetkey_connectors::{TokenClientAuth, nearest};
use valetkey_core::journal;
use valetkey_domain::account::Reason;
use valetkey_domain::connection::{Connection, Settings};
use valetkey_domain::id::ConnectionId;
use valetkey_domain::name::ConnectionName;
use valetkey_domain::provider::Provider;
use valetkey_domain::{Ctx, Kind, Secret};
use valetkey_storage::closings::{self, Target};
use valetkey_storage::{accounts, connections as rows, providers as provider_rows};

/// How many connections an environment has at most: some lists show all of them.
const MOST: u64 = 1_000;

/// A connection to be made.
pub struct New {
    /// Its name; made from the connector's if none.
    pub name: Option<String>,
    /// The connector's slug, or its provider key in any case.
    pub connector: String,
    /// OAuth client id, scopes, and endpoints that differ from the connector's.
    pub settings: Settings,
    /// The OAuth client's secret.
    pub client_secret: Option<Secret<str>>,
}

/// What to change of a connection; what is absent stays.
#[derive(Default)]
pub struct Change {
    /// New settings, whole.
    pub settings: Option<Settings>,
    /// A new OAuth client secret.
    pub client_secret: Option<Secret<str>>,
    /// Whether calls and consents are allowed.
    pub enabled: Option<bool>,
}

/// Makes a connection.
///
/// # Errors
/// Unknown connector, a name that breaks its rule or is taken (ignoring case), an endpoint that is no web address, or
/// one that the caller may not choose.
pub async fn create(app: &App, ctx: &Ctx, new: New) -> Result<Connection> {
    let (connector, provider) = connector_named(app, ctx, &new.connector).await?;
    let name = match &new.name {
        Some(name) => ConnectionName::parse(name)?,
        None => ConnectionName::parse(&derived_name(app, &connector.slug))?,
    };
    let mut connection = Connection {
        id: ConnectionId::new(app.core.clock.as_ref(), app.core.rng.as_ref()),
        environment: ctx.environment.clone(),
        name,
        connector: connector.slug.clone(),
        provider,
        settings: endpoints::checked(new.settings)?,
        client_secret: None,
        enabled: true,
        revision: 1,
        created_at: app.core.now(),
        updated_at: app.core.now(),
    };
    // Which way is the usual one may change with a custom provider; what its accounts hold stays of the one they came by.
    let usual =
        connector.ways.first().filter(|_| connection.provider.is_some()).map(|way| way.kind().as_str().to_owned());
    let way = connection.settings.way.take().or(usual);
    connection.settings.way.clone_from(&way);
    let vendors = Connection { settings: Settings { way, ..Settings::default() }, ..connection.clone() };
    check_way(&connector, &connection)?;
    let mut wired = Wired::with(connector.clone(), connection);
    check_basic(&wired)?;
    let moved = moves::between(&Wired::with(connector, vendors), &wired);
    moves::check(app, ctx, &format!("connection '{}'", wired.connection.name), &moved).await?;
    seal_secret(app, &mut wired, new.client_secret.as_ref()).await?;
    let connection = wired.connection;
    let mut change = app.core.change(ctx).await?;
    if let Some(provider) = &connection.provider {
        providers::stands(ctx, &mut change, provider).await?;
    }
    if rows::count(ctx, &mut change).await? >= MOST {
        let message = format!("an environment has at most {MOST} connections: remove one that nothing uses first");
        return Err(Error::new(Kind::FailedPrecondition, message));
    }
    rows::insert(ctx, &mut change, &connection).await.map_err(|error| already_exists(error, &connection.name))?;
    let detail = journal::detail([("connector", json!(connection.connector))]);
    change.record("connection.created", connection.id.as_str(), detail).await?.commit().await?;
    Ok(connection)
}

/// The connection of this id.
///
/// # Errors
/// There is none in this environment.
pub async fn get(app: &App, ctx: &Ctx, id: &ConnectionId) -> Result<Connection> {
    let found = rows::get(ctx, &mut app.core.store.glance().await?, id).await?;
    found.ok_or_else(|| Error::not_found("connection", id))
}

/// The same as it was within the last second, if nothing was changed here since: for what every call looks at. Nobody is
/// refused by it.
///
/// # Errors
/// There is none in this environment.
pub async fn get_recent(app: &App, ctx: &Ctx, id: &ConnectionId) -> Result<Connection> {
    let found = rows::get(ctx, &mut app.core.store.recent(), id).await?;
    found.ok_or_else(|| Error::not_found("connection", id))
}

/// The connection of this name, ignoring case.
///
/// # Errors
/// There is none in this environment; the nearest is suggested.
pub async fn by_name(app: &App, ctx: &Ctx, name: &str) -> Result<Connection> {
    if let Some(found) = rows::by_name(ctx, &mut app.core.store.glance().await?, name).await? {
        return Ok(found);
    }
    let names = rows::names(ctx, &mut app.core.store.glance().await?).await?;
    let near = nearest(name, names.iter().map(ConnectionName::as_str));
    Err(Error::not_found("connection", name).meant(near))
}

/// The connection on a custom provider whose tools, a remote server's or imported ones, are called like this one: the one with
/// the longest name where several could be, so that what another server lists never decides whose it is.
///
/// # Errors
/// The database cannot be read.
pub(crate) async fn of_tool(app: &App, ctx: &Ctx, tool: &str) -> Result<Option<Wired>> {
    let mut tx = app.core.store.read().await?;
    let names = rows::names(ctx, &mut tx).await?;
    let mut named: Vec<(usize, ConnectionName)> = { names.into_iter() }
        .map(|name| (connection_prefix(name.as_str()), name))
        .filter(|(prefix, _)| tool.strip_prefix(prefix.as_str()).is_some_and(|rest| rest.starts_with('_')))
        .map(|(prefix, name)| (prefix.len(), name))
        .collect();
    named.sort_by_key(|(length, _)| std::cmp::Reverse(*length));
    for (_, name) in named {
        let Some(connection) = rows::by_name(ctx, &mut tx, name.as_str()).await? else { continue };
        if connection.provider.is_none() {
            continue;
        }
        match Wired::of(app, connection) {
            Ok(wired) if wired.tool_prefix().is_some() => return Ok(Some(wired)),
            _ => {}
        }
    }
    Ok(None)
}

/// A page of the environment's connections.
///
/// # Errors
/// The database cannot be read.
pub async fn list(app: &App, ctx: &Ctx, filter: &Filter, page: &Page) -> Result<Listed<Connection>> {
    Ok(rows::list(ctx, &mut app.core.store.read().await?, filter, page).await?)
}

/// Changes a connection. Secrets never follow it to another place: when an endpoint changes, its accounts become EXPIRED
/// until consent is given again, and the OAuth client's secret is cleared unless it is sent again with the change.
///
/// `before` is the connection as it was read when the change was made up: what somebody else has changed since is not
/// overwritten.
///
/// # Errors
/// An endpoint that is no web address or that the caller may not move, or somebody else changed or removed the
/// connection meanwhile.
pub async fn update(app: &App, ctx: &Ctx, before: &Connection, change: Change) -> Result<Connection> {
    let id = &before.id;
    let old = Wired::of(app, before.clone())?;
    let mut after = before.clone();
    if let Some(settings) = change.settings {
        after.settings = endpoints::checked(settings)?;
        // What its accounts hold is of the way that they were made by.
        after.settings.way.clone_from(&before.settings.way);
        // Of another server it has to be found out anew.
        let same = after.settings.api_base_url == before.settings.api_base_url;
        after.settings.found = before.settings.found.clone().filter(|_| same);
    }
    after.enabled = change.enabled.unwrap_or(after.enabled);
    after.updated_at = app.core.now();
    let mut new = Wired::with(old.connector.clone(), after);
    check_basic(&new)?;
    let moved = moves::between(&old, &new);
    moves::check(app, ctx, &format!("connection '{}'", new.connection.name), &moved).await?;
    let elsewhere = old.endpoints != new.endpoints;
    if elsewhere {
        new.connection.client_secret = None;
    }
    seal_secret(app, &mut new, change.client_secret.as_ref()).await?;
    let mut change = app.core.change(ctx).await?;
    if closings::of(ctx, &mut change, &Target::Connection(id.clone())).await?.is_some() {
        let message = format!("connection '{}' is being removed: make a new one", new.connection.name);
        return Err(Error::new(Kind::FailedPrecondition, message));
    }
    if !rows::update(ctx, &mut change, &new.connection).await? {
        let message = format!("connection '{}' was changed meanwhile: try again", new.connection.name);
        return Err(Error::new(Kind::Aborted, message));
    }
    let expired = match elsewhere {
        false => Vec::new(),
        true => accounts::expire_for_endpoints(ctx, &mut change, id, app.core.now()).await?,
    };
    let detail = if moved.is_empty() { Map::new() } else { journal::detail([("moved", json!(moved))]) };
    let mut change = change.record("connection.updated", id.as_str(), detail).await?;
    for account in expired {
        let detail = journal::detail([("reason", json!(Reason::EndpointsChanged.as_str()))]);
        change = change.record("account.expired", account.as_str(), detail).await?;
    }
    change.commit().await?;
    get(app, ctx, id).await
}

/// The redirect URI to register with the app's vendor.
#[must_use]
pub fn redirect_uri(app: &App, id: &ConnectionId) -> String {
    app.core.settings.public(&format!("/sso/v1/oauth/{id}/callback"))
}

/// A connection takes a way that its connector has.
fn check_way(connector: &Connector, connection: &Connection) -> Result<()> {
    let Some(chosen) = &connection.settings.way else { return Ok(()) };
    let ways: Vec<_> = connector.ways.iter().map(|way| way.kind().as_str()).collect();
    if ways.contains(&chosen.as_str()) {
        return Ok(());
    }
    let message = format!("{} does not sign in by '{chosen}'; it has: {}", connector.display_name, ways.join(", "));
    Err(Error::invalid(message).meant(nearest(chosen, ways)))
}

/// A connection says how the Basic header is written only where its connector uses one.
fn check_basic(wired: &Wired) -> Result<()> {
    let auth = wired.token_client().map(|(auth, _)| auth);
    let basic = matches!(auth, Some(TokenClientAuth::Basic | TokenClientAuth::BasicRaw));
    if basic || wired.connection.settings.basic_raw.is_none() {
        return Ok(());
    }
    let message = "basic_raw means nothing here: this connector does not put id and secret into a Basic header \
                   (token_client_auth in its file)";
    Err(Error::invalid(message))
}

/// The connector that a new connection names: one of a file by its slug or provider key, else a custom provider's.
///
/// # Errors
/// There is none; the nearest is suggested.
pub async fn connector(app: &App, ctx: &Ctx, name: &str) -> Result<Arc<Connector>> {
    Ok(connector_named(app, ctx, name).await?.0)
}

async fn connector_named(app: &App, ctx: &Ctx, name: &str) -> Result<(Arc<Connector>, Option<Arc<Provider>>)> {
    let found = app.core.catalog.connector(name).or_else(|| app.core.catalog.by_provider(&name.to_ascii_uppercase()));
    if let Some(connector) = found {
        return Ok((connector, None));
    }
    let mut tx = app.core.store.read().await?;
    if let Some(provider) = provider_rows::by_slug(ctx, &mut tx, &name.to_ascii_lowercase()).await? {
        return Ok((custom::kept(&provider)?, Some(Arc::new(provider))));
    }
    let shown: String = name.chars().take(80).collect();
    let identifiers: Vec<String> =
        provider_rows::slugs(ctx, &mut tx).await?.iter().map(|slug| slug.to_ascii_uppercase()).collect();
    let near = app.core.catalog.nearest_connector(name);
    let custom = nearest(&name.to_ascii_uppercase(), identifiers.iter().map(String::as_str));
    Err(Error::invalid(format!("there is no connector '{shown}'")).meant(near.as_deref().or(custom)))
}

fn derived_name(app: &App, slug: &str) -> String {
    const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut bits = app.core.rng.next_u128();
    let mut name = format!("{}-", slug.replace(':', "-"));
    for _ in 0..8 {
        name.extend(ALPHABET.get(usize::try_from(bits & 31).unwrap_or(0)).map(|&b| char::from(b)));
        bits >>= 5;
    }
    name
}

fn already_exists(error: valetkey_storage::Error, name: &ConnectionName) -> Error {
    match error.kind() {
        Kind::AlreadyExists => Error::new(
            Kind::AlreadyExists,
            format!("there is a connection '{name}' already (names are compared ignoring case)"),
        ),
        _ => error.into(),
    }
}

#[cfg(test)]
mod tests;
