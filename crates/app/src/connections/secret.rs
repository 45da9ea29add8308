//! The OAuth client's secret: sealed in its connection's row, for the endpoints that stand there.

use super::{connector_of, endpoints, origin};
use crate::{App, Error, Result};
use serde_json::Map;
use valetkey_connectors::Connector;
use valetkey_domain::connection::Connection;
use valetkey_domain::{Ctx, Secret};
use valetkey_vault::{Holder, Place, Purpose};

/// The OAuth client's secret, opened for one use towards the endpoints it was given for.
///
/// # Errors
/// The seal does not fit, for instance because the token endpoint was changed behind our back.
pub(crate) async fn client_secret(
    app: &App,
    connector: &Connector,
    connection: &Connection,
) -> Result<Option<Secret<str>>> {
    let Some(sealed) = &connection.client_secret else { return Ok(None) };
    let audience = secret_audience(connector, connection);
    let place = secret_place(connection, &audience);
    let opened = app.keyring.open(&connection.environment, Purpose::Client, &place, sealed).await?;
    let text = std::str::from_utf8(opened.expose()).map_err(Error::internal)?;
    Ok(Some(Secret::from(text)))
}

/// Opens the OAuth client's secret and forgets it at once, whether or not the database is in quarantine.
///
/// # Errors
/// It does not open, or the connector that says where it may go is not loaded.
pub(crate) async fn try_secret(app: &App, connection: &Connection) -> Result<()> {
    let Some(sealed) = &connection.client_secret else { return Ok(()) };
    let connector = connector_of(app, connection)?;
    let audience = secret_audience(&connector, connection);
    let place = secret_place(connection, &audience);
    app.keyring.try_value(&connection.environment, Purpose::Client, &place, sealed).await
}

/// Seals the secret, if one was given, for the place and the endpoints that the connection has now.
///
/// # Errors
/// The key cannot be had.
pub(super) async fn seal_secret(
    app: &App,
    connector: &Connector,
    connection: &mut Connection,
    secret: Option<&Secret<str>>,
) -> Result<()> {
    let Some(secret) = secret else { return Ok(()) };
    let audience = secret_audience(connector, connection);
    let place = secret_place(connection, &audience);
    let sealed = app.keyring.seal(&connection.environment, Purpose::Client, &place, secret.bytes()).await?;
    connection.client_secret = Some(sealed);
    Ok(())
}

/// Seals the OAuth client's secret again if it is not under the newest key; false if it is, or was changed meanwhile.
///
/// # Errors
/// The seal does not fit, or the database cannot be written.
pub(crate) async fn reseal_secret(app: &App, ctx: &Ctx, connection: &Connection) -> Result<bool> {
    let Some(was) = &connection.client_secret else { return Ok(false) };
    let connector = connector_of(app, connection)?;
    let audience = secret_audience(&connector, connection);
    let place = secret_place(connection, &audience);
    let resealed = app.keyring.resealed(&ctx.environment, Purpose::Client, &place, was).await?;
    let Some(resealed) = resealed else { return Ok(false) };
    let mut tx = app.store.write().await?;
    let done = valetkey_storage::sealed::replace_client_secret(&mut tx, &connection.id, was, &resealed).await?;
    if done {
        app.journal.fact(ctx, &mut tx, "connection.resealed", connection.id.as_str(), Map::new()).await?;
    }
    tx.commit().await?;
    Ok(done)
}

fn secret_place<'a>(connection: &'a Connection, audience: &'a [String]) -> Place<'a> {
    Place {
        environment: connection.environment.as_str(),
        table: "connections",
        row: connection.id.as_str(),
        column: "client_secret",
        generation: 0,
        audience,
        holder: Holder::default(),
    }
}

/// A client secret goes to the token endpoint and to the revocation endpoint, as they were when it was given, and nowhere
/// else.
pub(super) fn secret_audience(connector: &Connector, connection: &Connection) -> Vec<String> {
    let ends = endpoints(connector, connection);
    let urls = [Some(ends.token_url), ends.revoke_url];
    let mut origins: Vec<String> = urls.into_iter().flatten().filter_map(|url| origin(&url)).collect();
    origins.sort();
    origins.dedup();
    origins
}
