//! One client registered at an authorization server, from its intent to its outcome (RFC 7591). It is part of a task that no
//! caller can cancel: what the server makes and nobody here knows of is left there for good.

use super::abandoned;
use super::failed::failed;
use super::find::Unregistered;
use super::save;
use crate::connections::client_document::NAME;
use crate::connections::{redirect_uri, wired::Wired};
use crate::{App, Result, retry};
use serde_json::json;
use std::time::Duration;
use valetkey_core::failpoint::{Failpoint, reach};
use valetkey_core::journal;
use valetkey_domain::{Ctx, Timestamp};
use valetkey_outbound::oauth::{self, ClientAsked, DiscoveryError, Registered};
use valetkey_storage::registrations as rows;

/// Longer than the request takes, and the five minutes for which it is tried to save what it brought.
const LEASE: Duration = Duration::from_secs(6 * 60);

/// Registers a client for the connection and makes it part of it. False if somebody else is at it or has changed the
/// connection: nothing was asked then.
pub(super) async fn register(app: &App, ctx: &Ctx, wired: &Wired, at: Unregistered) -> Result<bool> {
    let Some(until) = begin(app, ctx, wired, &at.found.issuer).await? else { return Ok(false) };
    let redirect_uri = redirect_uri(app, &wired.connection.id);
    let asked = ClientAsked {
        registration_url: &at.registration_url,
        client_auths: &at.client_auths,
        name: NAME,
        redirect_uri: &redirect_uri,
    };
    let answer = oauth::register(&app.core.outbound.of(&ctx.environment), &asked).await;
    reach(Failpoint::RegistrationAnswered);
    match answer {
        Ok(Registered { client_id, client_secret, client_auth }) => {
            let mut found = at.found;
            (found.client_id, found.client_auth) = (Some(client_id), client_auth);
            let client = save::Client { found, secret: client_secret, lease: until };
            retry::until_saved(app, "a client's registration", (), || save::registered(app, ctx, wired, &client))
                .await?;
            reach(Failpoint::RegistrationCommitted);
            Ok(true)
        }
        Err(error) => {
            retry::until_saved(app, "a client's registration", (), || refused(app, ctx, wired, until, &error)).await?;
            Err(failed(wired, &error.to_string()))
        }
    }
}

/// Commits the intent, and with it the lease, whose end is given.
async fn begin(app: &App, ctx: &Ctx, wired: &Wired, issuer: &str) -> Result<Option<Timestamp>> {
    let (id, revision) = (&wired.connection.id, wired.connection.revision);
    let mut change = app.core.change(ctx).await?;
    // What is looked at here must still be so when the lease is taken.
    change.alone(id.as_str()).await?;
    let before = rows::until(ctx, &mut change, id).await?;
    let (now, until) = (app.core.now(), app.core.now() + LEASE);
    if !rows::begin(ctx, &mut change, (id, revision), now, until).await? {
        return Ok(None);
    }
    let detail = journal::detail([("issuer", json!(issuer))]);
    let action = "connection.registration_begun";
    match before {
        None => change.record(action, id.as_str(), detail).await?,
        // One that ran out without a word.
        Some(_) => abandoned::record(change, id).await?.record(action, id.as_str(), detail).await?,
    }
    .commit()
    .await?;
    reach(Failpoint::RegistrationIntentCommitted);
    Ok(Some(until))
}

/// Saves that no client came of it, and whether one may be there all the same.
async fn refused(app: &App, ctx: &Ctx, wired: &Wired, until: Timestamp, error: &DiscoveryError) -> Result<()> {
    let id = &wired.connection.id;
    let mut change = app.core.change(ctx).await?;
    rows::end(ctx, &mut change, id, until).await?;
    let left = error.may_have_registered();
    let detail = journal::detail([("why", json!(error.to_string())), ("client_may_be_left", json!(left))]);
    change.record("connection.registration_failed", id.as_str(), detail).await?.commit().await
}
