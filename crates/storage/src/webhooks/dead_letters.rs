//! Events that a webhook could not be told of for so long that they were given up.

use crate::bounded_count::{BoundedCount, LOOKED_AT};
use crate::{Error, Row, Tx, args};
use valetkey_domain::id::{EventId, WebhookId};
use valetkey_domain::{Ctx, Timestamp};

/// Such an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    /// The event. It may have been removed for its age.
    pub event: EventId,
    /// Its kind, if the event is still there.
    pub kind: Option<String>,
    /// When it was given up.
    pub died_at: Timestamp,
    /// How often it was tried.
    pub attempts: i64,
    /// Why the last try failed.
    pub last_error: String,
}

/// Adds one, or says anew of one that died before why it did.
///
/// # Errors
/// The database cannot be written.
pub async fn insert(ctx: &Ctx, tx: &mut Tx, webhook: &WebhookId, letter: &DeadLetter) -> Result<(), Error> {
    let sql = "INSERT INTO dead_letters (environment_id, webhook_id, event_id, died_at, attempts, last_error)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (webhook_id, event_id) DO UPDATE SET died_at = excluded.died_at, attempts = excluded.attempts,
            last_error = excluded.last_error";
    let error = letter.last_error.as_str();
    tx.run(sql, args![&ctx.environment, webhook, &letter.event, letter.died_at, letter.attempts, error]).await.map(drop)
}

/// The first `size` of a webhook's behind this event, in the order of events.
///
/// # Errors
/// The database cannot be read, or a row fits none.
pub async fn page(
    ctx: &Ctx,
    tx: &mut Tx,
    webhook: &WebhookId,
    behind: &str,
    size: i64,
) -> Result<Vec<DeadLetter>, Error> {
    let sql = "SELECT d.*, e.kind FROM dead_letters d
            LEFT JOIN events e ON e.id = d.event_id AND e.environment_id = d.environment_id
        WHERE d.webhook_id = $2 AND d.event_id > $3 AND d.environment_id = $1 ORDER BY d.event_id LIMIT $4";
    tx.all(sql, args![&ctx.environment, webhook, behind, size]).await?.iter().map(read).collect()
}

/// What became of an event that was given up; none if it was not.
///
/// # Errors
/// The database cannot be read, or a row fits none.
pub async fn get(ctx: &Ctx, tx: &mut Tx, webhook: &WebhookId, event: &EventId) -> Result<Option<DeadLetter>, Error> {
    let sql = "SELECT d.*, NULL AS kind FROM dead_letters d
        WHERE d.webhook_id = $2 AND d.event_id = $3 AND d.environment_id = $1";
    tx.one(sql, args![&ctx.environment, webhook, event]).await?.as_ref().map(read).transpose()
}

/// How many a webhook has.
///
/// # Errors
/// The database cannot be read.
pub async fn count(ctx: &Ctx, tx: &mut Tx, webhook: &WebhookId) -> Result<BoundedCount, Error> {
    let sql = "SELECT count(*) AS n FROM
        (SELECT 1 FROM dead_letters WHERE webhook_id = $2 AND environment_id = $1 LIMIT $3) AS counted";
    BoundedCount::read(tx.one(sql, args![&ctx.environment, webhook, LOOKED_AT]).await?.as_ref())
}

/// Removes one. False if there is none.
///
/// # Errors
/// The database cannot be written.
pub async fn remove(ctx: &Ctx, tx: &mut Tx, webhook: &WebhookId, event: &EventId) -> Result<bool, Error> {
    let sql = "DELETE FROM dead_letters WHERE webhook_id = $2 AND event_id = $3 AND environment_id = $1";
    Ok(tx.run(sql, args![&ctx.environment, webhook, event]).await? == 1)
}

/// Removes those that died before then; how many went.
///
/// # Errors
/// The database cannot be written.
pub async fn purge(ctx: &Ctx, tx: &mut Tx, before: Timestamp) -> Result<u64, Error> {
    tx.run("DELETE FROM dead_letters WHERE environment_id = $1 AND died_at < $2", args![&ctx.environment, before]).await
}

fn read(row: &Row) -> Result<DeadLetter, Error> {
    row.fit("dead_letters", |row| {
        Ok(DeadLetter {
            event: row.parsed("event_id")?,
            kind: row.optional_text("kind")?.map(str::to_owned),
            died_at: row.timestamp("died_at")?,
            attempts: row.integer("attempts")?,
            last_error: row.text("last_error")?.to_owned(),
        })
    })
}
