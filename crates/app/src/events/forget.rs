//! Events that are too old to be asked for.

use crate::{App, Result};
use std::time::Duration;
use valetkey_domain::{Ctx, Timestamp};
use valetkey_storage::events;
use valetkey_storage::webhooks::{dead_letters, deliveries};

/// How long events are kept, and what became of them at webhooks.
const KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// How many go in one transaction.
const BATCH: i64 = 1_000;

/// Removes an environment's events that are too old, a part at a time; how many went.
///
/// # Errors
/// The database cannot be written.
pub(crate) async fn forget(app: &App, ctx: &Ctx) -> Result<u64> {
    let kept = app.core.settings.journal_kept.map_or(KEPT, |kept| kept.min(KEPT));
    let before = app.core.now().checked_sub(kept).unwrap_or(Timestamp::MIN);
    let mut tx = app.core.store.write().await?;
    let mut gone = dead_letters::purge(ctx, &mut tx, before).await?;
    tx.commit().await?;
    loop {
        let mut tx = app.core.store.write().await?;
        let some = events::purge(ctx, &mut tx, before, BATCH).await?;
        let arrived = deliveries::purge(ctx, &mut tx, before, BATCH).await?;
        tx.commit().await?;
        gone += some + arrived;
        if some + arrived == 0 {
            return Ok(gone);
        }
    }
}
