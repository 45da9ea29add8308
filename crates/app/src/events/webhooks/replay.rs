//! Events that did not arrive, and what is sent again by hand.

use super::get;
use crate::{App, Error, Result};
use serde_json::json;
use valetkey_core::journal;
use valetkey_domain::id::{EventId, WebhookId};
use valetkey_domain::{Ctx, Kind};
use valetkey_storage::events;
use valetkey_storage::webhooks::{dead_letters, queues};

pub use valetkey_storage::webhooks::dead_letters::DeadLetter;

/// How many dead letters are sent again in one transaction.
const BATCH: i64 = 100;

/// Which dead letters are to be sent again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Replay {
    /// This event, whether or not it was given up.
    Event(EventId),
    /// All that were given up.
    Dead,
}

/// The first events that were given up, in their order, behind this one.
///
/// # Errors
/// There is no such webhook.
pub async fn dead(app: &App, ctx: &Ctx, id: &WebhookId, behind: &str, size: u32) -> Result<Vec<DeadLetter>> {
    get(app, ctx, id).await?;
    Ok(dead_letters::page(ctx, &mut app.core.store.glance().await?, id, behind, i64::from(size)).await?)
}

/// Lets a webhook be told once more, beside the order of the account's other events. Says of how many events.
///
/// # Errors
/// There is no such webhook, or no such event (any more).
pub async fn replay(app: &App, ctx: &Ctx, id: &WebhookId, again: &Replay) -> Result<u64> {
    get(app, ctx, id).await?;
    let told = match again {
        Replay::Event(event) => {
            if events::get(ctx, &mut app.core.store.glance().await?, event).await?.is_none() {
                let message = format!("there is no event '{event}' to send again: events are kept for 30 days");
                return Err(Error::new(Kind::NotFound, message));
            }
            send_again(app, ctx, id, std::slice::from_ref(event)).await?
        }
        Replay::Dead => all_dead(app, ctx, id).await?,
    };
    app.core.deliveries.notify_one();
    Ok(told)
}

async fn all_dead(app: &App, ctx: &Ctx, id: &WebhookId) -> Result<u64> {
    let (mut told, mut behind) = (0, String::new());
    loop {
        let page = dead_letters::page(ctx, &mut app.core.store.glance().await?, id, &behind, BATCH).await?;
        let Some(last) = page.last() else { return Ok(told) };
        behind = last.event.to_string();
        let events: Vec<EventId> = page.into_iter().map(|letter| letter.event).collect();
        told += send_again(app, ctx, id, &events).await?;
    }
}

async fn send_again(app: &App, ctx: &Ctx, id: &WebhookId, events: &[EventId]) -> Result<u64> {
    let mut change = app.core.change(ctx).await?;
    let mut told = 0;
    for event in events {
        told += u64::from(queues::add_again(ctx, &mut change, id, event, app.core.now()).await?);
        dead_letters::remove(ctx, &mut change, id, event).await?;
    }
    let detail = journal::detail([("events", json!(told))]);
    change.record("delivery.replayed", id.as_str(), detail).await?.commit().await?;
    Ok(told)
}
