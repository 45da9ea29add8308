//! Connections: the app developer's configuration of a connector, its OAuth client, and where both may reach.

mod endpoints;
mod secret;

pub(crate) use endpoints::origin;
pub use endpoints::{Endpoints, endpoints};
pub(crate) use secret::{client_secret, reseal_secret, try_secret};
pub use valetkey_storage::connections::Filter;

use crate::{App, Error, Listed, Page, Result, journal};
use secret::{seal_secret, secret_audience};
use serde_json::{Map, json};
use std::sync::Arc;
use valetkey_connectors::{Auth, Connector, nearest};
use valetkey_domain::account::Reason;
use valetkey_domain::connection::{Connection, Settings};
use valetkey_domain::id::ConnectionId;
use valetkey_domain::name::ConnectionName;
use valetkey_domain::{Ctx, Kind, Secret};
use valetkey_storage::{accounts, connections as rows};

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
/// Unknown connector, a name that breaks its rule or is taken (ignoring case), an endpoint that is no web address.
pub async fn create(app: &App, ctx: &Ctx, new: New) -> Result<Connection> {
    let connector = connector_named(app, &new.connector)?;
    let name = match &new.name {
        Some(name) => ConnectionName::parse(name)?,
        None => ConnectionName::parse(&derived_name(app, &connector.slug))?,
    };
    endpoints::check(&new.settings)?;
    let mut connection = Connection {
        id: ConnectionId::new(app.clock.as_ref(), app.rng.as_ref()),
        environment: ctx.environment.clone(),
        name,
        connector: connector.slug.clone(),
        settings: new.settings,
        client_secret: None,
        enabled: true,
        revision: 1,
        created_at: app.now(),
        updated_at: app.now(),
    };
    seal_secret(app, &connector, &mut connection, new.client_secret.as_ref()).await?;
    let mut tx = app.store.write().await?;
    rows::insert(ctx, &mut tx, &connection).await.map_err(|error| taken(error, &connection.name))?;
    let detail = journal::detail([("connector", json!(connection.connector))]);
    app.journal.fact(ctx, &mut tx, "connection.created", connection.id.as_str(), detail).await?;
    tx.commit().await?;
    Ok(connection)
}

/// The connection of this id.
///
/// # Errors
/// There is none in this environment.
pub async fn get(app: &App, ctx: &Ctx, id: &ConnectionId) -> Result<Connection> {
    let found = rows::get(ctx, &mut app.store.glance().await?, id).await?;
    found.ok_or_else(|| Error::not_found("connection", id))
}

/// The connection of exactly this name.
///
/// # Errors
/// There is none in this environment; the nearest is suggested.
pub async fn by_name(app: &App, ctx: &Ctx, name: &str) -> Result<Connection> {
    let mut tx = app.store.read().await?;
    if let Some(found) = rows::by_name(ctx, &mut tx, name).await? {
        return Ok(found);
    }
    let names = rows::names(ctx, &mut tx).await?;
    let near = nearest(name, names.iter().map(ConnectionName::as_str));
    Err(Error::not_found("connection", name).meant(near))
}

/// A page of the environment's connections.
///
/// # Errors
/// The database cannot be read.
pub async fn list(app: &App, ctx: &Ctx, filter: &Filter, page: &Page) -> Result<Listed<Connection>> {
    Ok(rows::list(ctx, &mut app.store.read().await?, filter, page).await?)
}

/// Changes a connection. Credentials never follow it to another place: when an endpoint changes, its accounts become
/// EXPIRED until consent is given again, and a changed token or revocation endpoint without the secret sent again clears
/// the secret.
///
/// `before` is the connection as it was read when the change was made up: what somebody else has changed since is not
/// overwritten.
///
/// # Errors
/// An endpoint that is no web address, or somebody else changed or removed the connection meanwhile.
pub async fn update(app: &App, ctx: &Ctx, before: &Connection, change: Change) -> Result<Connection> {
    let id = &before.id;
    let connector = connector_of(app, before)?;
    let mut after = before.clone();
    if let Some(settings) = change.settings {
        endpoints::check(&settings)?;
        after.settings = settings;
    }
    after.enabled = change.enabled.unwrap_or(after.enabled);
    after.updated_at = app.now();
    let (old, new) = (endpoints(&connector, before), endpoints(&connector, &after));
    let moved = secret_audience(&connector, before) != secret_audience(&connector, &after);
    if old.token_url != new.token_url || moved {
        after.client_secret = None;
    }
    seal_secret(app, &connector, &mut after, change.client_secret.as_ref()).await?;
    let mut tx = app.store.write().await?;
    if !rows::update(ctx, &mut tx, &after).await? {
        return Err(Error::new(Kind::Aborted, format!("connection '{}' was changed meanwhile: try again", after.name)));
    }
    if old != new {
        for account in accounts::expire_for_endpoints(ctx, &mut tx, id, app.now()).await? {
            let detail = journal::detail([("reason", json!(Reason::EndpointsChanged.as_str()))]);
            app.journal.fact(ctx, &mut tx, "account.expired", account.as_str(), detail).await?;
        }
    }
    app.journal.fact(ctx, &mut tx, "connection.updated", id.as_str(), Map::new()).await?;
    tx.commit().await?;
    get(app, ctx, id).await
}

/// Removes a connection that no config uses, with its accounts.
///
/// # Errors
/// No such connection, or a config still maps it (named in the message).
pub async fn delete(app: &App, ctx: &Ctx, id: &ConnectionId) -> Result<()> {
    let connection = get(app, ctx, id).await?;
    if let Some(config) = rows::used_by(ctx, &mut app.store.glance().await?, id).await? {
        let message = format!(
            "connection '{}' is used by MCP config '{config}': take it out of that config first",
            connection.name
        );
        return Err(Error::new(Kind::FailedPrecondition, message));
    }
    crate::accounts::delete_all(app, ctx, &connection).await?;
    let mut tx = app.store.write().await?;
    rows::delete(ctx, &mut tx, id).await?;
    app.journal.fact(ctx, &mut tx, "connection.deleted", id.as_str(), Map::new()).await?;
    tx.commit().await?;
    Ok(())
}

/// The redirect URI to register with the app's vendor.
#[must_use]
pub fn redirect_uri(app: &App, id: &ConnectionId) -> String {
    app.settings.public(&format!("/sso/v1/oauth/{id}/callback"))
}

/// The connector that a connection configures.
///
/// # Errors
/// Its connector file is no longer loaded.
pub fn connector_of(app: &App, connection: &Connection) -> Result<Arc<Connector>> {
    app.catalog.connector(&connection.connector).ok_or_else(|| {
        let message = format!(
            "connection '{}' needs the connector '{}', which is not loaded: start the server with the folder that has \
             its file (--connectors)",
            connection.name, connection.connector
        );
        Error::new(Kind::FailedPrecondition, message)
    })
}

/// Whether all is there that a consent needs: an OAuth client id, and its secret unless the client is public.
#[must_use]
pub fn completed(connector: &Connector, connection: &Connection) -> bool {
    let Auth::OAuth2(oauth) = &connector.auth;
    let secret =
        connection.client_secret.is_some() || oauth.token_client_auth == valetkey_connectors::TokenClientAuth::None;
    connection.settings.client_id.is_some() && secret
}

/// The scopes a consent asks for: the connection's own, else the connector's.
#[must_use]
pub fn scopes(connector: &Connector, connection: &Connection) -> Vec<String> {
    match connection.settings.scopes.as_slice() {
        [] => connector.default_scopes.clone(),
        own => own.to_vec(),
    }
}

fn connector_named(app: &App, name: &str) -> Result<Arc<Connector>> {
    let found = app.catalog.connector(name).or_else(|| app.catalog.by_provider(&name.to_ascii_uppercase()));
    let unknown = || Error::invalid(format!("there is no connector '{name}'"));
    found.ok_or_else(|| unknown().meant(app.catalog.nearest_connector(name).as_deref()))
}

fn derived_name(app: &App, slug: &str) -> String {
    const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut bits = app.rng.next_u128();
    let mut name = format!("{slug}-");
    for _ in 0..8 {
        name.extend(ALPHABET.get(usize::try_from(bits & 31).unwrap_or(0)).map(|&b| char::from(b)));
        bits >>= 5;
    }
    name
}

fn taken(error: valetkey_storage::Error, name: &ConnectionName) -> Error {
    match error.kind() {
        Kind::AlreadyExists => Error::new(
            Kind::AlreadyExists,
            format!("there is a connection '{name}' already (names are compared ignoring case)"),
        ),
        _ => error.into(),
    }
}
