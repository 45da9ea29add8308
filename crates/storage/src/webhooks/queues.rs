//! What webhooks have still to be told, a row for each account: all of its events behind a position up to another.
//!
//! A row is due at its `next_at`. Whoever claims it moves that on to the end of its lease, as in `leased.rs`: it comes up
//! again by itself if this process dies. A row goes when nothing is left to be told, unless something was added meanwhile,
//! which the statement that removes it sees in the row itself.

use crate::bounded_count::{BoundedCount, LOOKED_AT};
use crate::events::Event;
use crate::{Arg, Error, Row, Tx, args};
use valetkey_domain::id::{AccountId, EventId, WebhookId};
use valetkey_domain::{Ctx, Timestamp};

/// What is still to be told of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queue {
    /// Its id: the webhook's and the account's, or the event's where one is sent again by hand.
    pub id: String,
    /// The webhook.
    pub webhook: WebhookId,
    /// The account.
    pub account: AccountId,
    /// The position up to which it was told of everything.
    pub behind: i64,
    /// The position of the last event to be told of.
    pub upto: i64,
    /// How often the next event was tried, the try under way included.
    pub attempts: i64,
    /// The end of the lease, which names it.
    pub lease: Timestamp,
}

/// How much an environment's webhook has still to be told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Backlog {
    /// Of how many accounts.
    pub accounts: BoundedCount,
    /// When the next is tried.
    pub next_at: Option<Timestamp>,
    /// Why the last try of one of them failed.
    pub last_error: Option<String>,
}

/// Lets the environment's webhooks be told of an event, each that wants such ones. An account's queue that is there goes on
/// to this event.
///
/// # Errors
/// The database cannot be written.
pub async fn add(
    ctx: &Ctx,
    tx: &mut Tx,
    account: &AccountId,
    position: i64,
    kind: &str,
    now: Timestamp,
) -> Result<(), Error> {
    let sql = "INSERT INTO webhook_queues (id, environment_id, webhook_id, account_id, behind, upto, attempts, next_at)
        SELECT w.id || ' ' || $2, w.environment_id, w.id, $2, CAST($3 AS BIGINT) - 1, CAST($3 AS BIGINT), 0,
            CAST($5 AS BIGINT)
        FROM webhooks w WHERE w.environment_id = $1 AND (w.kinds = '[]' OR replace(w.kinds, $4, '') <> w.kinds)
        ORDER BY w.id
        ON CONFLICT (id) DO UPDATE SET upto = excluded.upto";
    tx.run(sql, args![&ctx.environment, account, position, format!("\"{kind}\""), now]).await.map(drop)
}

/// Lets a webhook be told of one event once more, beside the account's order. False if there is no such event, or it waits
/// to be sent again already.
///
/// # Errors
/// The database cannot be written.
pub async fn add_again(
    ctx: &Ctx,
    tx: &mut Tx,
    webhook: &WebhookId,
    event: &EventId,
    now: Timestamp,
) -> Result<bool, Error> {
    let sql = "INSERT INTO webhook_queues (id, environment_id, webhook_id, account_id, behind, upto, attempts, next_at)
        SELECT w.id || ' ' || e.id, w.environment_id, w.id, e.account_id, e.position - 1, e.position, 0,
            CAST($4 AS BIGINT)
        FROM events e JOIN webhooks w ON w.environment_id = e.environment_id
        WHERE e.environment_id = $1 AND e.id = $3 AND w.id = $2
        ON CONFLICT (id) DO NOTHING";
    Ok(tx.run(sql, args![&ctx.environment, webhook, event, now]).await? == 1)
}

/// Claims the webhook's queue that has been due the longest, until `until`.
///
/// # Errors
/// The database cannot be written, or the row fits no queue.
pub async fn claim(
    ctx: &Ctx,
    tx: &mut Tx,
    webhook: &WebhookId,
    now: Timestamp,
    until: Timestamp,
) -> Result<Option<Queue>, Error> {
    // On PostgreSQL the condition outside is looked at again once another claim has let go of the row.
    let sql = "UPDATE webhook_queues SET next_at = $3, lease_until = $3, process = $4, attempts = attempts + 1
        WHERE environment_id = $1 AND next_at <= $2 AND id IN (
            SELECT q.id FROM webhook_queues q WHERE q.webhook_id = $5 AND q.next_at <= $2 ORDER BY q.next_at LIMIT 1)
        RETURNING *";
    let process = Arg::from(tx.process());
    tx.one(sql, args![&ctx.environment, now, until, process, webhook]).await?.as_ref().map(read).transpose()
}

/// Whether a queue of this webhook is due.
///
/// # Errors
/// The database cannot be read.
pub async fn is_due(ctx: &Ctx, tx: &mut Tx, webhook: &WebhookId, now: Timestamp) -> Result<bool, Error> {
    let sql = "SELECT id FROM webhook_queues
        WHERE webhook_id = (SELECT w.id FROM webhooks w WHERE w.environment_id = $1 AND w.id = $2) AND next_at <= $3
        ORDER BY next_at LIMIT 1";
    Ok(tx.one(sql, args![&ctx.environment, webhook, now]).await?.is_some())
}

/// It was told of everything up to `behind`, and the caller goes on with what comes next until `until`. Gives the position
/// of the last event to be told of; none if the lease is another's by now.
///
/// # Errors
/// The database cannot be written.
pub async fn advance(
    ctx: &Ctx,
    tx: &mut Tx,
    queue: &Queue,
    behind: i64,
    until: Timestamp,
) -> Result<Option<i64>, Error> {
    let sql = "UPDATE webhook_queues SET behind = $4, attempts = 1, next_at = $5, lease_until = $5, last_error = NULL
        WHERE id = $2 AND environment_id = $1 AND lease_until = $3 RETURNING upto";
    let row = tx.one(sql, args![&ctx.environment, queue.id.as_str(), queue.lease, behind, until]).await?;
    row.map(|row| row.integer("upto")).transpose()
}

/// It was told of everything up to `behind`, and others may go on with what comes next at once.
///
/// # Errors
/// The database cannot be written.
pub async fn give_back(ctx: &Ctx, tx: &mut Tx, queue: &Queue, behind: i64, now: Timestamp) -> Result<(), Error> {
    let sql = "UPDATE webhook_queues SET behind = $4, attempts = 0, next_at = $5, lease_until = NULL, process = NULL,
            last_error = NULL
        WHERE id = $2 AND environment_id = $1 AND lease_until = $3";
    tx.run(sql, args![&ctx.environment, queue.id.as_str(), queue.lease, behind, now]).await.map(drop)
}

/// It is tried again at `next`. `error` says why it failed.
///
/// # Errors
/// The database cannot be written.
pub async fn try_again(ctx: &Ctx, tx: &mut Tx, queue: &Queue, next: Timestamp, error: &str) -> Result<(), Error> {
    let sql = "UPDATE webhook_queues SET next_at = $4, lease_until = NULL, process = NULL, last_error = $5
        WHERE id = $2 AND environment_id = $1 AND lease_until = $3";
    tx.run(sql, args![&ctx.environment, queue.id.as_str(), queue.lease, next, error]).await.map(drop)
}

/// Removes a queue that was told of everything up to `behind`. False if more was added meanwhile, or the lease is another's
/// by now.
///
/// # Errors
/// The database cannot be written.
pub async fn finish(ctx: &Ctx, tx: &mut Tx, queue: &Queue, behind: i64) -> Result<bool, Error> {
    let sql = "DELETE FROM webhook_queues WHERE id = $2 AND environment_id = $1 AND lease_until = $3 AND upto <= $4";
    Ok(tx.run(sql, args![&ctx.environment, queue.id.as_str(), queue.lease, behind]).await? == 1)
}

/// How much a webhook has still to be told.
///
/// # Errors
/// The database cannot be read.
pub async fn backlog(ctx: &Ctx, tx: &mut Tx, webhook: &WebhookId) -> Result<Backlog, Error> {
    let sql = "SELECT count(*) AS n FROM
        (SELECT 1 FROM webhook_queues WHERE webhook_id = $2 AND environment_id = $1 LIMIT $3) AS counted";
    let count = tx.one(sql, args![&ctx.environment, webhook, LOOKED_AT]).await?;
    let sql = "SELECT next_at FROM webhook_queues
        WHERE webhook_id = (SELECT w.id FROM webhooks w WHERE w.environment_id = $1 AND w.id = $2)
        ORDER BY next_at LIMIT 1";
    let next = tx.one(sql, args![&ctx.environment, webhook]).await?;
    let sql = "SELECT last_error FROM webhook_queues
        WHERE webhook_id = (SELECT w.id FROM webhooks w WHERE w.environment_id = $1 AND w.id = $2) AND last_error IS NOT NULL
        ORDER BY next_at LIMIT 1";
    let error = tx.one(sql, args![&ctx.environment, webhook]).await?;
    Ok(Backlog {
        accounts: BoundedCount::read(count.as_ref())?,
        next_at: next.map(|row| row.timestamp("next_at")).transpose()?,
        last_error: error.map(|row| row.text("last_error").map(str::to_owned)).transpose()?,
    })
}

/// What waits of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// The account.
    pub account: AccountId,
    /// How often the next event of it was tried.
    pub attempts: i64,
    /// When it is tried next.
    pub next_at: Timestamp,
    /// Why the last try failed, if there was one.
    pub last_error: Option<String>,
}

/// What waits for a webhook, so many of it, what is due first.
///
/// # Errors
/// The database cannot be read.
pub async fn waiting(ctx: &Ctx, tx: &mut Tx, webhook: &WebhookId, size: i64) -> Result<Vec<Waiting>, Error> {
    let sql = "SELECT account_id, attempts, next_at, last_error FROM webhook_queues
        WHERE webhook_id = (SELECT w.id FROM webhooks w WHERE w.environment_id = $1 AND w.id = $2)
        ORDER BY next_at LIMIT $3";
    tx.all(sql, args![&ctx.environment, webhook, size]).await?.iter().map(read_waiting).collect()
}

/// What waits with this event in it: the account's, or the event's own, where it is sent again by hand.
///
/// # Errors
/// The database cannot be read.
pub async fn waiting_for(ctx: &Ctx, tx: &mut Tx, webhook: &WebhookId, event: &Event) -> Result<Option<Waiting>, Error> {
    let sql = "SELECT account_id, attempts, next_at, last_error FROM webhook_queues
        WHERE environment_id = $1 AND id IN ($2 || ' ' || $3, $2 || ' ' || $4) AND behind < $5 AND upto >= $5
        ORDER BY next_at LIMIT 1";
    let args = args![&ctx.environment, webhook, &event.account, &event.id, event.position];
    tx.one(sql, args).await?.as_ref().map(read_waiting).transpose()
}

fn read_waiting(row: &Row) -> Result<Waiting, Error> {
    row.fit("webhook_queues", |row| {
        Ok(Waiting {
            account: row.parsed("account_id")?,
            attempts: row.integer("attempts")?,
            next_at: row.timestamp("next_at")?,
            last_error: row.optional_text("last_error")?.map(str::to_owned),
        })
    })
}

/// What a process that is no more held may be claimed at once.
pub(crate) async fn release(tx: &mut Tx, process: &str, now: Timestamp) -> Result<u64, Error> {
    let sql = "UPDATE webhook_queues SET next_at = $2, lease_until = NULL, process = NULL WHERE process = $1";
    tx.run(sql, args![process, now]).await
}

/// What anybody held may be claimed at once: for a process that has the database alone and has just started.
///
/// # Errors
/// The database cannot be written.
pub async fn release_all(tx: &mut Tx, now: Timestamp) -> Result<u64, Error> {
    let sql =
        "UPDATE webhook_queues SET next_at = $1, lease_until = NULL, process = NULL WHERE lease_until IS NOT NULL";
    tx.run(sql, args![now]).await
}

fn read(row: &Row) -> Result<Queue, Error> {
    row.fit("webhook_queues", |row| {
        Ok(Queue {
            id: row.text("id")?.to_owned(),
            webhook: row.parsed("webhook_id")?,
            account: row.parsed("account_id")?,
            behind: row.integer("behind")?,
            upto: row.integer("upto")?,
            attempts: row.integer("attempts")?,
            lease: row.timestamp("lease_until")?,
        })
    })
}
