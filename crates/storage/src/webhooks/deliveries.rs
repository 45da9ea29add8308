//! Events that arrived at a webhook.

use crate::span::Span;
use crate::{Error, Row, Tx, args};
use valetkey_domain::id::{EventId, WebhookId};
use valetkey_domain::{Ctx, Timestamp};

/// That an event arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Where.
    pub webhook: WebhookId,
    /// The event. It may have been removed for its age.
    pub event: EventId,
    /// Its kind, if the event is still there.
    pub kind: Option<String>,
    /// When it arrived, the last time if it was sent again.
    pub arrived_at: Timestamp,
    /// With which try.
    pub attempts: i64,
    /// The HTTP status of the receiver's answer.
    pub status: i64,
    /// How long that took, in milliseconds.
    pub took_ms: i64,
}

/// Says that one arrived, or that it did once more.
///
/// # Errors
/// The database cannot be written.
pub async fn put(ctx: &Ctx, tx: &mut Tx, delivery: &Delivery) -> Result<(), Error> {
    let sql = "INSERT INTO deliveries (environment_id, webhook_id, event_id, arrived_at, attempts, status, took_ms)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (environment_id, webhook_id, event_id) DO UPDATE SET arrived_at = excluded.arrived_at, attempts = excluded.attempts,
            status = excluded.status, took_ms = excluded.took_ms";
    let Delivery { webhook, event, arrived_at, attempts, status, took_ms, .. } = delivery;
    tx.run(sql, args![&ctx.environment, webhook, event, *arrived_at, *attempts, *status, *took_ms]).await.map(drop)
}

/// The newest `size` of a webhook's, by when their events happened; those of events before this one, if one is named.
///
/// # Errors
/// The database cannot be read, or a row fits none.
pub async fn page(
    ctx: &Ctx,
    tx: &mut Tx,
    webhook: &WebhookId,
    before: Option<&EventId>,
    size: i64,
) -> Result<Vec<Delivery>, Error> {
    let end = before.map_or_else(|| Span::of(EventId::PREFIX, None, None).end, ToString::to_string);
    let sql = "SELECT d.*, e.kind FROM deliveries d
            LEFT JOIN events e ON e.id = d.event_id AND e.environment_id = d.environment_id
        WHERE d.webhook_id = $2 AND d.event_id < $3 AND d.environment_id = $1 ORDER BY d.event_id DESC LIMIT $4";
    tx.all(sql, args![&ctx.environment, webhook, end, size]).await?.iter().map(read).collect()
}

/// Where an event arrived.
///
/// # Errors
/// The database cannot be read, or a row fits none.
pub async fn of_event(ctx: &Ctx, tx: &mut Tx, event: &EventId) -> Result<Vec<Delivery>, Error> {
    let sql = "SELECT d.*, NULL AS kind FROM deliveries d WHERE d.environment_id = $1 AND d.event_id = $2";
    tx.all(sql, args![&ctx.environment, event]).await?.iter().map(read).collect()
}

/// Removes those of some of the events that happened before then; how many went.
///
/// # Errors
/// The database cannot be written.
pub async fn purge(ctx: &Ctx, tx: &mut Tx, before: Timestamp, limit: i64) -> Result<u64, Error> {
    let end = Span::of(EventId::PREFIX, None, Some(before)).end;
    let sql = "DELETE FROM deliveries WHERE environment_id = $1 AND event_id IN
        (SELECT d.event_id FROM deliveries d WHERE d.environment_id = $1 AND d.event_id < $2 ORDER BY d.event_id LIMIT $3)";
    tx.run(sql, args![&ctx.environment, end, limit]).await
}

fn read(row: &Row) -> Result<Delivery, Error> {
    row.fit("deliveries", |row| {
        Ok(Delivery {
            webhook: row.parsed("webhook_id")?,
            event: row.parsed("event_id")?,
            kind: row.optional_text("kind")?.map(str::to_owned),
            arrived_at: row.timestamp("arrived_at")?,
            attempts: row.integer("attempts")?,
            status: row.integer("status")?,
            took_ms: row.integer("took_ms")?,
        })
    })
}
