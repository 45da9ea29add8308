//! Events that arrived, and how each of an environment's webhooks stands to one event.

use super::{DeadLetter, get, list};
use crate::{App, Result};
use valetkey_domain::Ctx;
use valetkey_domain::id::{EventId, WebhookId};
use valetkey_storage::events::Event;
use valetkey_storage::webhooks::queues::Waiting;
use valetkey_storage::webhooks::{Webhook, dead_letters, deliveries, queues};

pub use valetkey_storage::webhooks::deliveries::Delivery;

/// The newest events that arrived at a webhook, or those that happened before this one.
///
/// # Errors
/// There is no such webhook.
pub async fn delivered(
    app: &App,
    ctx: &Ctx,
    id: &WebhookId,
    before: Option<&EventId>,
    size: u32,
) -> Result<Vec<Delivery>> {
    get(app, ctx, id).await?;
    Ok(deliveries::page(ctx, &mut app.core.store.glance().await?, id, before, i64::from(size)).await?)
}

/// How a webhook stands to an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It arrived.
    Arrived(Delivery),
    /// It is still to be sent, or sent again.
    Waits(Waiting),
    /// It was given up.
    GivenUp(DeadLetter),
    /// It was not sent: the webhook did not want such events then, or was not there yet.
    NotSent,
}

/// Each of the environment's webhooks with what became of an event there.
///
/// # Errors
/// The database cannot be read.
pub async fn fates(app: &App, ctx: &Ctx, event: &Event) -> Result<Vec<(Webhook, Fate)>> {
    let webhooks = list(app, ctx).await?;
    let mut tx = app.core.store.read().await?;
    let arrived = deliveries::of_event(ctx, &mut tx, &event.id).await?;
    let mut all = Vec::with_capacity(webhooks.len());
    for webhook in webhooks {
        let fate = match queues::waiting_for(ctx, &mut tx, &webhook.id, event).await? {
            Some(waiting) => Fate::Waits(waiting),
            None => match dead_letters::get(ctx, &mut tx, &webhook.id, &event.id).await? {
                Some(letter) => Fate::GivenUp(letter),
                None => match arrived.iter().find(|delivery| delivery.webhook == webhook.id) {
                    Some(delivery) => Fate::Arrived(delivery.clone()),
                    None => Fate::NotSent,
                },
            },
        };
        all.push((webhook, fate));
    }
    Ok(all)
}
