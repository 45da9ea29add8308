//! The doors: the only places where a caller's credential becomes a [`Ctx`]. Each credential names exactly one
//! environment, so that everything behind a door can be asked only for that one.
//!
//! The doors of people with a link are in [`crate::authorize`], which checks more than a credential.

use crate::clients::Claims;
use crate::{App, Error, Result};
use std::sync::Arc;
use std::time::Duration;
use valetkey_domain::ctx::{Actor, Patient};
use valetkey_domain::id::{EnvironmentId, RequestId};
use valetkey_domain::instance::McpInstance;
use valetkey_domain::{Ctx, Kind};
use valetkey_storage::doors as rows;

/// How long a control-plane caller waits if it doesn't say (the SDKs' own default is 20 s, 60 s for tools).
const DEFAULT_PATIENCE: Duration = Duration::from_secs(60);

/// The API client that holds this access token.
///
/// # Errors
/// `UNAUTHENTICATED`, in the same words whatever is wrong with the token: expired, forged, of a client that was
/// deleted or whose tokens were withdrawn.
pub async fn client_token(app: &App, bearer: &str) -> Result<Ctx> {
    let claims: Claims = app.keyring.verify(bearer, &crate::clients::expectation(app)).map_err(refuse)?;
    let found = rows::client(&mut app.store.read().await?, &claims.client_id).await?;
    match found {
        Some((client, _)) if client.version == claims.ver && client.environment == claims.env => {
            Ok(enter(app, client.environment, Actor::Client(client.id)))
        }
        _ => Err(refuse("no such client, or its tokens were withdrawn")),
    }
}

/// The MCP instance whose URL ends in this token.
///
/// # Errors
/// `NOT_FOUND`, in the same words for a forgery, a rotated URL and a deleted instance.
pub async fn instance_url(app: &App, token: &str) -> Result<(Ctx, McpInstance)> {
    let unknown = || Error::new(Kind::NotFound, "no such MCP server");
    let claim = app.keyring.url_check(token).await?.ok_or_else(unknown)?;
    let found = rows::instance(&mut app.store.read().await?, &claim.instance).await?;
    let instance = found.filter(|instance| instance.url_generation == claim.generation).ok_or_else(unknown)?;
    if !app.keyring.url_belongs(&claim, &instance.environment).await? {
        return Err(unknown());
    }
    let ctx = enter(app, instance.environment.clone(), Actor::Instance(instance.id.clone()));
    Ok((ctx, instance))
}

/// The operator at the command line of this machine, in one environment.
#[must_use]
pub fn operator(app: &App, environment: &EnvironmentId) -> Ctx {
    enter(app, environment.clone(), Actor::Operator)
}

/// A context for this actor with a new request id and the default patience.
pub(crate) fn enter(app: &App, environment: EnvironmentId, actor: Actor) -> Ctx {
    Ctx {
        environment,
        actor,
        request: RequestId::new(app.clock.as_ref(), app.rng.as_ref()),
        deadline: app.now() + DEFAULT_PATIENCE,
        cancellation: Arc::new(Patient),
        progress: Arc::new(Patient),
    }
}

fn refuse(why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    let message = "the access token is not valid (any more): ask POST /oauth/token for a new one";
    Error::new(Kind::Unauthenticated, message).because(why)
}
