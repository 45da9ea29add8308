//! When an instance or an account was last used: for people, and for refreshing ahead of need.

use crate::{App, Result};
use std::time::Duration;
use tracing::Instrument as _;
use valetkey_domain::id::{AccountId, InstanceId};
use valetkey_domain::{Ctx, Timestamp};
use valetkey_storage::{accounts, instances};

/// How old it may get before it is written anew: not worth a write for each call.
const AGAIN: Duration = Duration::from_secs(5 * 60);

/// What a call has used.
pub(crate) enum Used {
    /// An instance's URL.
    Instance(InstanceId),
    /// A connected account.
    Account(AccountId),
}

/// Notes that something was used, in a task of its own. `last` is when it was before. A failure costs only the note.
pub(crate) fn note(app: &App, ctx: &Ctx, what: Used, last: Option<Timestamp>) {
    let fresh = |at: Timestamp| Duration::try_from(app.core.now().duration_since(at)).is_ok_and(|age| age < AGAIN);
    if last.is_some_and(fresh) {
        return;
    }
    let (app, ctx, tasks) = (app.clone(), ctx.clone(), app.core.tasks.clone());
    let noting = async move {
        if let Err(error) = write(&app, &ctx, &what).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "'last used' is not noted");
        }
    };
    tasks.spawn(noting.in_current_span());
}

async fn write(app: &App, ctx: &Ctx, what: &Used) -> Result<()> {
    let mut tx = app.core.store.write().await?;
    match what {
        Used::Instance(id) => instances::touch(ctx, &mut tx, id, app.core.now()).await?,
        Used::Account(id) => accounts::touch_last_used(ctx, &mut tx, id, app.core.now()).await?,
    }
    tx.commit().await?;
    Ok(())
}
