//! Consents whose exchange was cut off, because the process died.

use crate::{App, Result};
use serde_json::json;
use valetkey_core::failpoint::{Failpoint, reach};
use valetkey_core::{context, journal};
use valetkey_domain::Timestamp;
use valetkey_domain::ctx::Actor;
use valetkey_domain::id::{AuthorizationId, EnvironmentId, ProcessId};
use valetkey_storage::authorizations;

/// Why nobody comes back to an exchange.
#[derive(Clone, Copy)]
pub(crate) enum Left<'a> {
    /// It should have ended by then.
    Since(Timestamp),
    /// The process that was at it is dead.
    By(&'a ProcessId),
}

/// Ends a consent to whose exchange nobody comes back. The code is spent and what it brought is gone: the person starts
/// again. False if it has ended by itself meanwhile.
///
/// # Errors
/// The database cannot be written.
pub(crate) async fn settle(
    app: &App,
    environment: EnvironmentId,
    id: &AuthorizationId,
    left: Left<'_>,
) -> Result<bool> {
    let ctx = context::enter(&app.core, environment, Actor::System);
    let mut change = app.core.change(&ctx).await?;
    let ended = match left {
        Left::Since(by) => authorizations::interrupt(&ctx, &mut change, id, by, app.core.now()).await?,
        Left::By(process) => authorizations::interrupt_of(&ctx, &mut change, id, process, app.core.now()).await?,
    };
    if ended {
        let detail = journal::detail([("outcome", json!("interrupted"))]);
        change.record("authorization.ended", id.as_str(), detail).await?.commit().await?;
        reach(Failpoint::RecoveryConsentSettled);
    }
    Ok(ended)
}
