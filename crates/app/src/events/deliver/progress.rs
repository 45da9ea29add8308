//! How far a webhook is with one account.

use crate::{App, Result};
use std::time::Duration;
use valetkey_domain::Ctx;
use valetkey_storage::Tx;
use valetkey_storage::events::{self, Event};
use valetkey_storage::webhooks::Webhook;
use valetkey_storage::webhooks::queues::{self, Queue};

/// Longer than a receiver may take and the database may.
pub(super) const LEASE: Duration = Duration::from_secs(60);

/// How many events are read together.
const PAGE: i64 = 16;

/// The next event that the webhook is told of; none if it is told of none of those that are left.
pub(super) async fn next(app: &App, ctx: &Ctx, webhook: &Webhook, queue: &mut Queue) -> Result<Option<Event>> {
    loop {
        let (span, mut tx) = ((queue.behind, queue.upto), app.core.store.glance().await?);
        let found = events::between(ctx, &mut tx, &queue.account, span, PAGE).await?;
        let last = found.last().map(|event| event.position);
        match (found.into_iter().find(|event| webhook.wants(&event.kind)), last) {
            (Some(event), _) => return Ok(Some(event)),
            (None, Some(last)) => queue.behind = last,
            (None, None) => return Ok(None),
        }
    }
}

/// Ends a queue that nothing is left of; what was added meanwhile is told at once.
pub(super) async fn done(app: &App, ctx: &Ctx, queue: Queue) -> Result<()> {
    let mut tx = app.core.store.write().await?;
    if !queues::finish(ctx, &mut tx, &queue, queue.upto).await? {
        queues::give_back(ctx, &mut tx, &queue, queue.upto, app.core.now()).await?;
    }
    Ok(tx.commit().await?)
}

/// An event is dealt with. False if nothing is left, or somebody else holds the rest by now.
pub(super) async fn passed(app: &App, ctx: &Ctx, tx: &mut Tx, queue: &mut Queue, position: i64) -> Result<bool> {
    if position >= queue.upto && queues::finish(ctx, tx, queue, position).await? {
        return Ok(false);
    }
    let until = app.core.now() + LEASE;
    let Some(upto) = queues::advance(ctx, tx, queue, position, until).await? else { return Ok(false) };
    (queue.behind, queue.upto, queue.attempts, queue.lease) = (position, upto, 1, until);
    Ok(true)
}
