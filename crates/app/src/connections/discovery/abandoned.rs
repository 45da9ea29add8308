//! Registrations of clients that never came to an end, because their process died.

use crate::{App, Result};
use serde_json::json;
use valetkey_core::failpoint::{Failpoint, reach};
use valetkey_core::{Change, change::Recorded, context, journal};
use valetkey_domain::ctx::Actor;
use valetkey_domain::id::ConnectionId;
use valetkey_storage::doors::{self, AbandonedRegistration};
use valetkey_storage::registrations as rows;

/// Takes the lease away from a registration whose process is gone, and tells that its client may be left at the
/// authorization server. The next sign-in registers anew. False if it has ended by itself meanwhile.
///
/// # Errors
/// The database cannot be written.
pub(crate) async fn settle(app: &App, left: &AbandonedRegistration) -> Result<bool> {
    let ctx = context::enter(&app.core, left.environment.clone(), Actor::System);
    let mut change = app.core.change(&ctx).await?;
    let settled = rows::end(&ctx, &mut change, &left.connection, left.until).await?;
    if settled {
        record(change, &left.connection).await?.commit().await?;
        reach(Failpoint::RecoveryRegistrationSettled);
    }
    Ok(settled)
}

/// Settles at once what processes left that are known to be dead.
///
/// # Errors
/// The database cannot be read or written.
pub(super) async fn of_the_dead(app: &App) -> Result<()> {
    for process in app.core.store.dead().await? {
        let left = doors::abandoned_registrations_of(&mut app.core.store.read().await?, &process).await?;
        for left in &left {
            settle(app, left).await?;
        }
    }
    Ok(())
}

/// Records that a registration never came back, in the transaction that takes its lease away.
pub(super) async fn record<'a>(change: Change<'a>, connection: &ConnectionId) -> Result<Recorded<'a>> {
    let why = "the server ended before the answer was saved";
    let detail = journal::detail([("why", json!(why)), ("client_may_be_left", json!(true))]);
    change.record("connection.registration_lost", connection.as_str(), detail).await
}
