//! The OAuth client's secret: sealed in its connection's row, for the endpoints that stand there.

use super::wired::Wired;
use crate::{App, Error, Result};
use serde_json::Map;
use valetkey_core::places;
use valetkey_domain::connection::Connection;
use valetkey_domain::{Ctx, Kind, Secret};
use valetkey_storage::sealed;
use valetkey_vault::Purpose;

/// The OAuth client's secret, opened for one use towards the endpoints it was given for.
///
/// # Errors
/// `FAILED_PRECONDITION`: the seal does not fit, for instance because the connector's file names other endpoints than when
/// the secret was given, or the database was changed behind our back.
pub(crate) async fn client_secret(app: &App, wired: &Wired) -> Result<Option<Secret<str>>> {
    let connection = &wired.connection;
    let Some(sealed) = &connection.client_secret else { return Ok(None) };
    let audience = wired.secret_audience();
    let place = places::client_secret(connection, &audience);
    let opened = app.core.keyring.open(&connection.environment, Purpose::Client, &place, sealed).await;
    let opened = opened.map_err(|error| give_again(connection, error))?;
    let text = std::str::from_utf8(opened.expose()).map_err(Error::internal)?;
    Ok(Some(Secret::from(text)))
}

/// What is said of a secret that does not open. Keys that can't be had for now, and a quarantine, are another matter.
fn give_again(connection: &Connection, error: Error) -> Error {
    if error.kind() != Kind::Internal {
        return error;
    }
    let name = &connection.name;
    let message = format!(
        "the OAuth client secret of connection '{name}' can no longer be opened: the addresses that it was given for are \
         not the connection's any more, or its row was changed outside of this server. Give it again: update the \
         connection with its client secret, or let the operator do so (valetkey connection update {name} \
         --client-secret-file FILE)"
    );
    Error::new(Kind::FailedPrecondition, message).because(error)
}

/// Opens the OAuth client's secret and forgets it at once, whether or not the database is in quarantine.
///
/// # Errors
/// It does not open.
pub(crate) async fn try_secret(app: &App, wired: &Wired) -> Result<()> {
    let connection = &wired.connection;
    let Some(sealed) = &connection.client_secret else { return Ok(()) };
    let audience = wired.secret_audience();
    let place = places::client_secret(connection, &audience);
    app.core.keyring.try_value(&connection.environment, Purpose::Client, &place, sealed).await
}

/// Seals the secret, if one was given, for the place and the endpoints that the connection has now.
///
/// # Errors
/// The key cannot be had.
pub(super) async fn seal_secret(app: &App, wired: &mut Wired, secret: Option<&Secret<str>>) -> Result<()> {
    let Some(secret) = secret else { return Ok(()) };
    let (audience, connection) = (wired.secret_audience(), &wired.connection);
    let place = places::client_secret(connection, &audience);
    let sealed = app.core.keyring.seal(&connection.environment, Purpose::Client, &place, secret.bytes()).await?;
    wired.connection.client_secret = Some(sealed);
    Ok(())
}

/// Seals the OAuth client's secret again if it is not under the newest key; false if it is, or was changed meanwhile.
///
/// # Errors
/// The seal does not fit, or the database cannot be written.
pub(crate) async fn reseal_secret(app: &App, ctx: &Ctx, wired: &Wired) -> Result<bool> {
    let connection = &wired.connection;
    let Some(was) = &connection.client_secret else { return Ok(false) };
    let audience = wired.secret_audience();
    let place = places::client_secret(connection, &audience);
    let resealed = app.core.keyring.resealed(&ctx.environment, Purpose::Client, &place, was).await?;
    let Some(resealed) = resealed else { return Ok(false) };
    let mut change = app.core.change(ctx).await?;
    if !sealed::replace_client_secret(&mut change, &connection.id, was, &resealed).await? {
        return Ok(false);
    }
    change.record("connection.resealed", connection.id.as_str(), Map::new()).await?.commit().await?;
    Ok(true)
}
