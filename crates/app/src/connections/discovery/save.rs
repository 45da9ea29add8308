//! Makes what was found part of the connection.

use crate::connections::secret::seal_secret;
use crate::connections::wired::Wired;
use crate::{App, Result};
use serde_json::{Map, Value, json};
use valetkey_core::journal;
use valetkey_domain::connection::{Connection, Found};
use valetkey_domain::{Ctx, Secret, Timestamp};
use valetkey_storage::{connections as rows, registrations};

/// How often the connection is read again that somebody changed meanwhile.
const LOOKS: u32 = 5;

/// A client that was registered.
pub(super) struct Client {
    pub(super) found: Found,
    pub(super) secret: Option<Secret<str>>,
    /// The end of the lease under which it was.
    pub(super) lease: Timestamp,
}

/// Saves what was found without an effect anywhere. If somebody else has changed the connection, theirs counts.
pub(super) async fn found(
    app: &App,
    ctx: &Ctx,
    wired: &Wired,
    found: &Found,
    secret: Option<&Secret<str>>,
) -> Result<()> {
    let new = with(app, wired, wired.connection.clone(), found, secret).await?;
    let mut change = app.core.change(ctx).await?;
    if rows::update(ctx, &mut change, &new).await? {
        change.record("connection.discovered", new.id.as_str(), detail(found)).await?.commit().await?;
    }
    Ok(())
}

/// Saves a client that was registered, also over a change of something else of the connection. Where the connection needs it
/// no more, the journal tells which one is left at the authorization server.
pub(super) async fn registered(app: &App, ctx: &Ctx, wired: &Wired, client: &Client) -> Result<()> {
    let id = &wired.connection.id;
    for _ in 0..LOOKS {
        let now = rows::get(ctx, &mut app.core.store.glance().await?, id).await?;
        let Some(now) = now.filter(|now| needs(wired, now)) else { break };
        let new = with(app, wired, now, &client.found, client.secret.as_ref()).await?;
        let mut change = app.core.change_reserved(ctx).await?;
        if rows::update(ctx, &mut change, &new).await? {
            let mut detail = detail(&client.found);
            if !registrations::end(ctx, &mut change, id, client.lease).await? {
                detail.insert("told_as_lost".to_owned(), json!(true));
            }
            return change.record("connection.discovered", id.as_str(), detail).await?.commit().await;
        }
    }
    let mut change = app.core.change_reserved(ctx).await?;
    registrations::end(ctx, &mut change, id, client.lease).await?;
    let left = journal::detail([
        ("why", json!("the connection was changed or removed meanwhile")),
        ("issuer", json!(client.found.issuer)),
        ("client_left", json!(client.found.client_id)),
    ]);
    change.record("connection.registration_unused", id.as_str(), left).await?.commit().await
}

/// Whether the connection, as it is now, needs the client that was registered for it as it was.
fn needs(was: &Wired, now: &Connection) -> bool {
    let (was, now) = (&was.connection.settings, &now.settings);
    now.client_id.is_none() && now.found == was.found && now.api_base_url == was.api_base_url
}

/// The connection with what was found, and the client's secret sealed for where it goes.
async fn with(
    app: &App,
    wired: &Wired,
    mut connection: Connection,
    found: &Found,
    secret: Option<&Secret<str>>,
) -> Result<Connection> {
    connection.settings.found = Some(found.clone());
    connection.updated_at = app.core.now();
    let mut new = Wired::with(wired.connector.clone(), connection);
    if secret.is_some() || new.connection.settings.client_id.is_none() {
        new.connection.client_secret = None;
    }
    seal_secret(app, &mut new, secret).await?;
    Ok(new.connection)
}

fn detail(found: &Found) -> Map<String, Value> {
    journal::detail([("issuer", json!(found.issuer)), ("registered", json!(found.client_id.is_some()))])
}
