//! An event that did not arrive: tried again with a growing pause, given up after three days.

use super::progress::passed;
use super::send::Failure;
use crate::{App, Result};
use serde_json::{Map, json};
use std::time::Duration;
use valetkey_core::journal;
use valetkey_domain::{Ctx, Timestamp};
use valetkey_storage::events::Event;
use valetkey_storage::webhooks::dead_letters::{self, DeadLetter};
use valetkey_storage::webhooks::queues::{self, Queue};
use valetkey_storage::webhooks::{self as rows, Webhook};

/// The pause before the second try. It doubles.
pub(super) const PAUSE: Duration = Duration::from_secs(5);
/// The longest pause, also of those that a receiver asks for.
pub(super) const LONGEST: Duration = Duration::from_secs(60 * 60);
/// For how long an event is tried.
pub(super) const GIVE_UP_AFTER: Duration = Duration::from_secs(3 * 24 * 60 * 60);
/// How often one is tried that is sent again by hand, whatever its age.
const TRIES_AGAIN: i64 = 12;

/// An event did not arrive: it is tried again, or given up. True if the account's next may go.
pub(super) async fn failed(
    app: &App,
    ctx: &Ctx,
    webhook: &Webhook,
    (queue, event): (&mut Queue, &Event),
    failure: Failure,
) -> Result<bool> {
    tracing::warn!(webhook = %webhook.id, event = %event.id, why = failure.why, "an event did not arrive");
    if failure.gone {
        pause(app, ctx, webhook).await?;
    }
    let Some(next) = next_try(app.core.now(), queue, event, failure.wait) else {
        return give_up(app, ctx, webhook, (queue, event), failure.why).await;
    };
    app.core.metrics.delivered("failed");
    let mut tx = app.core.store.write().await?;
    queues::try_again(ctx, &mut tx, queue, next, &failure.why).await?;
    tx.commit().await?;
    Ok(false)
}

/// When an event is tried next; none if that has gone on for long enough.
fn next_try(now: Timestamp, queue: &Queue, event: &Event, wait: Option<Duration>) -> Option<Timestamp> {
    let doublings = u32::try_from(queue.attempts.saturating_sub(1)).unwrap_or(u32::MAX).min(16);
    let pause = PAUSE.saturating_mul(1 << doublings).max(wait.unwrap_or_default()).min(LONGEST);
    let by_hand = queue.id.ends_with(event.id.as_str());
    let over = if by_hand { queue.attempts >= TRIES_AGAIN } else { now + pause >= event.at + GIVE_UP_AFTER };
    (!over).then(|| now + pause)
}

/// An event becomes a dead letter, and the account's next may go.
async fn give_up(
    app: &App,
    ctx: &Ctx,
    webhook: &Webhook,
    (queue, event): (&mut Queue, &Event),
    why: String,
) -> Result<bool> {
    app.core.metrics.delivered("given_up");
    let detail =
        journal::detail([("webhook", json!(webhook.id)), ("tries", json!(queue.attempts)), ("why", json!(why))]);
    let letter = DeadLetter {
        event: event.id.clone(),
        kind: None,
        died_at: app.core.now(),
        attempts: queue.attempts,
        last_error: why,
    };
    let mut change = app.core.change(ctx).await?;
    dead_letters::insert(ctx, &mut change, &webhook.id, &letter).await?;
    let going_on = passed(app, ctx, &mut change, queue, event.position).await?;
    change.record("delivery.given_up", event.id.as_str(), detail).await?.commit().await?;
    Ok(going_on)
}

/// Who answers "gone" is sent nothing until the operator says otherwise.
async fn pause(app: &App, ctx: &Ctx, webhook: &Webhook) -> Result<()> {
    let mut change = app.core.change(ctx).await?;
    change.alone(webhook.id.as_str()).await?;
    let Some(now) = rows::get(ctx, &mut change, &webhook.id).await?.filter(|now| !now.paused) else { return Ok(()) };
    rows::update(ctx, &mut change, &Webhook { paused: true, updated_at: app.core.now(), ..now }).await?;
    change.record("webhook.paused", webhook.id.as_str(), Map::new()).await?.commit().await
}
