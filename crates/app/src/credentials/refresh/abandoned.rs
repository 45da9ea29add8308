//! Refreshes that never came to an end, because their process died.

use crate::{App, Result};
use serde_json::json;
use valetkey_core::failpoint::{Failpoint, reach};
use valetkey_core::{Change, change::Recorded, context, journal};
use valetkey_domain::ctx::Actor;
use valetkey_storage::accounts;
use valetkey_storage::doors::{self as rows, Abandoned};

/// Takes the lease away from a refresh whose process is gone. The refresh token may be spent: the account goes on as
/// after any lost answer. False if it has ended by itself meanwhile.
///
/// # Errors
/// The database cannot be written.
pub(crate) async fn settle(app: &App, left: &Abandoned) -> Result<bool> {
    let ctx = context::enter(&app.core, left.environment.clone(), Actor::System);
    let mut change = app.core.change(&ctx).await?;
    let settled = accounts::settle_abandoned(&ctx, &mut change, &left.account, left.until).await?;
    if settled {
        record(change, left.account.as_str()).await?.commit().await?;
        reach(Failpoint::RecoveryRefreshSettled);
    }
    Ok(settled)
}

/// Settles at once what processes left that are known to be dead. Says how many.
///
/// # Errors
/// The database cannot be read or written.
pub(super) async fn of_the_dead(app: &App) -> Result<u64> {
    let mut settled = 0;
    for process in app.core.store.dead().await? {
        let left = rows::abandoned_refreshes_of(&mut app.core.store.read().await?, &process).await?;
        for left in &left {
            settled += u64::from(settle(app, left).await?);
        }
    }
    Ok(settled)
}

/// Records that a refresh never came back, in the transaction that takes its lease away.
pub(super) async fn record<'a>(change: Change<'a>, account: &str) -> Result<Recorded<'a>> {
    let detail = journal::detail([("why", json!("the server ended before the answer was saved"))]);
    change.record("account.refresh_lost", account, detail).await
}
