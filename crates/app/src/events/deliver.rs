//! Events on their way to webhooks: at least once, and those of one account in their order. What a webhook has to be told
//! of an account is held by one process at a time; that an event is tried is committed before it leaves.
//!
//! A webhook that is slow or gone holds up neither others nor other accounts: each webhook has a task of its own here, and
//! each account a pause of its own. One whose receiver is down rests as a whole ([`rests`](super::rests)).

mod failed;
mod progress;
mod send;

use super::webhooks::secrets;
use crate::{App, Result};
use failed::failed;
use futures::future::try_join_all;
use progress::{LEASE, done, next, passed};
use send::{Arrival, Failure, send};
use std::time::Duration;
use valetkey_core::context;
use valetkey_core::failpoint::{Failpoint, reach};
use valetkey_domain::Ctx;
use valetkey_domain::ctx::Actor;
use valetkey_domain::id::WebhookId;
use valetkey_storage::doors;
use valetkey_storage::events::Event;
use valetkey_storage::webhooks::deliveries::{self, Delivery};
use valetkey_storage::webhooks::queues::{self, Queue};
use valetkey_storage::webhooks::{self as rows, Webhook};

/// Of how many accounts one webhook is told at once.
const AT_ONCE: usize = 4;
/// How many accounts' turns a task takes before others get theirs.
const TURNS: usize = 200;
/// How many events an account's turn has.
const EVENTS: usize = 50;
/// How often a queue is claimed that another process may have come to first.
const CLAIMS: usize = 4;

/// Begins to send what is due, wherever it is left from, each webhook's in a task of its own; then waits until there may be
/// more, at most so long.
///
/// # Errors
/// The database cannot be read.
pub async fn deliver(app: &App, patience: Duration) -> Result<()> {
    begin(app).await?;
    // Whether it was rung or not, what is due is looked for.
    drop(tokio::time::timeout(patience, app.core.deliveries.notified()).await);
    Ok(())
}

/// Begins to send what is due.
async fn begin(app: &App) -> Result<()> {
    if app.core.keyring.check_open().is_err() {
        return Ok(());
    }
    for (environment, webhook) in doors::due_webhooks(&mut app.core.store.read().await?, app.core.now()).await? {
        let Some(working) = app.deliveries.at_work.begin(&webhook) else { continue };
        let app = app.clone();
        let ctx = context::enter(&app.core, environment, Actor::System);
        app.core.tasks.clone().spawn(async move {
            if let Err(error) = tell(&app, &ctx, &webhook).await {
                tracing::warn!(%webhook, error = &error as &dyn std::error::Error, "events wait");
            }
            drop(working);
        });
    }
    Ok(())
}

/// Tells a webhook what is due.
async fn tell(app: &App, ctx: &Ctx, id: &WebhookId) -> Result<()> {
    let turns = tokio::sync::Mutex::new(TURNS);
    try_join_all((0..AT_ONCE).map(|_| take_turns(app, ctx, id, &turns))).await.map(drop)
}

/// Tells it of one account after the other. They are claimed one by one: who claims at the same time finds the same one.
async fn take_turns(app: &App, ctx: &Ctx, id: &WebhookId, turns: &tokio::sync::Mutex<usize>) -> Result<()> {
    loop {
        let mut left = turns.lock().await;
        let Some(fewer) = left.checked_sub(1) else { return Ok(()) };
        let Some(leave) = app.deliveries.rests.leave(id, app.core.now()) else { return Ok(()) };
        let Some((webhook, queue)) = claim(app, ctx, id).await? else { return Ok(()) };
        *left = fewer;
        drop(left);
        turn(app, ctx, &webhook, queue).await?;
        drop(leave);
    }
}

/// Holds what a webhook has to be told of one account, if something is due and it isn't paused meanwhile.
async fn claim(app: &App, ctx: &Ctx, id: &WebhookId) -> Result<Option<(Webhook, Queue)>> {
    for _ in 0..CLAIMS {
        let now = app.core.now();
        if app.core.tasks.is_closed() || !queues::is_due(ctx, &mut app.core.store.glance().await?, id, now).await? {
            return Ok(None);
        }
        let webhook = rows::get(ctx, &mut app.core.store.glance().await?, id).await?;
        let Some(webhook) = webhook.filter(|webhook| !webhook.paused) else { return Ok(None) };
        let mut tx = app.core.store.write().await?;
        let claimed = queues::claim(ctx, &mut tx, id, now, now + LEASE).await?;
        tx.commit().await?;
        if let Some(queue) = claimed {
            reach(Failpoint::DeliveryClaimed);
            return Ok(Some((webhook, queue)));
        }
    }
    Ok(None)
}

/// Tells a webhook of one account's events, until all is told, one fails, or others shall have their turn.
async fn turn(app: &App, ctx: &Ctx, webhook: &Webhook, mut queue: Queue) -> Result<()> {
    let mut told = 0;
    while told < EVENTS && !app.core.tasks.is_closed() {
        let Some(event) = next(app, ctx, webhook, &mut queue).await? else { return done(app, ctx, queue).await };
        let sent = match secrets(app, ctx, webhook).await {
            Ok(secrets) => send(app, ctx, webhook, &secrets, &event).await?,
            Err(error) => Err(Failure { why: error.message().to_owned(), wait: None, gone: false, down: true }),
        };
        reach(Failpoint::DeliveryAnswered);
        match &sent {
            Err(failure) if failure.down => app.deliveries.rests.failed(&webhook.id, app.core.now()),
            _ => app.deliveries.rests.end(&webhook.id),
        }
        let going_on = match sent {
            Ok(arrival) => {
                app.core.metrics.delivered("delivered");
                let mut tx = app.core.store.write().await?;
                let delivery = delivery(app, webhook, &queue, &event, &arrival);
                deliveries::put(ctx, &mut tx, &delivery).await?;
                let going_on = passed(app, ctx, &mut tx, &mut queue, event.position).await?;
                tx.commit().await?;
                going_on
            }
            Err(failure) => failed(app, ctx, webhook, (&mut queue, &event), failure).await?,
        };
        if !going_on {
            return Ok(());
        }
        told += 1;
    }
    let mut tx = app.core.store.write().await?;
    queues::give_back(ctx, &mut tx, &queue, queue.behind, app.core.now()).await?;
    Ok(tx.commit().await?)
}

/// What is kept of an event that arrived.
fn delivery(app: &App, webhook: &Webhook, queue: &Queue, event: &Event, arrival: &Arrival) -> Delivery {
    Delivery {
        webhook: webhook.id.clone(),
        event: event.id.clone(),
        kind: Some(event.kind.clone()),
        arrived_at: app.core.now(),
        attempts: queue.attempts,
        status: i64::from(arrival.status.as_u16()),
        took_ms: i64::try_from(arrival.took.as_millis()).unwrap_or(i64::MAX),
    }
}

#[cfg(test)]
mod tests;
