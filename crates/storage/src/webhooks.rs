//! Webhooks: where an environment's events are sent. `webhooks/queues.rs` has what is still to be sent, and
//! `webhooks/deliveries.rs` and `webhooks/dead_letters.rs` what arrived and what was given up.

pub mod dead_letters;
pub mod deliveries;
pub mod queues;

use crate::{Error, Row, Tx, args};
use serde_json::Value;
use valetkey_domain::id::{EnvironmentId, WebhookId};
use valetkey_domain::{Ctx, Sealed, Timestamp};

/// A webhook.
#[derive(Clone, Debug)]
pub struct Webhook {
    /// Its id.
    pub id: WebhookId,
    /// Its environment.
    pub environment: EnvironmentId,
    /// Where events are sent.
    pub url: String,
    /// What the operator calls it.
    pub description: String,
    /// The kinds of event that are sent; none stand for all.
    pub kinds: Vec<String>,
    /// Whether sending waits until the operator says otherwise.
    pub paused: bool,
    /// What signs, sealed for this row and URL.
    pub secret: Sealed,
    /// What signs beside it, and until when.
    pub secret_before: Option<(Sealed, Timestamp)>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When anything of it last changed.
    pub updated_at: Timestamp,
}

impl Webhook {
    /// Whether it is told of events of this kind.
    #[must_use]
    pub fn wants(&self, kind: &str) -> bool {
        self.kinds.is_empty() || self.kinds.iter().any(|wanted| wanted == kind)
    }
}

/// Adds one.
///
/// # Errors
/// The database cannot be written.
pub async fn insert(ctx: &Ctx, tx: &mut Tx, webhook: &Webhook) -> Result<(), Error> {
    let sql =
        "INSERT INTO webhooks (environment_id, id, url, description, kinds, paused, secret, created_at, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let values = args![
        &ctx.environment,
        &webhook.id,
        webhook.url.as_str(),
        webhook.description.as_str(),
        Value::from(webhook.kinds.clone()).to_string(),
        i64::from(webhook.paused),
        &webhook.secret,
        webhook.created_at,
        webhook.updated_at,
    ];
    tx.run(sql, values).await.map(drop)
}

/// The webhook of this id.
///
/// # Errors
/// The database cannot be read, or the row fits no webhook.
pub async fn get(ctx: &Ctx, tx: &mut Tx, id: &WebhookId) -> Result<Option<Webhook>, Error> {
    let sql = "SELECT * FROM webhooks WHERE environment_id = $1 AND id = $2";
    tx.one(sql, args![&ctx.environment, id]).await?.as_ref().map(read).transpose()
}

/// The environment's webhooks, oldest first. There are few.
///
/// # Errors
/// The database cannot be read, or a row fits no webhook.
pub async fn list(ctx: &Ctx, tx: &mut Tx) -> Result<Vec<Webhook>, Error> {
    let sql = "SELECT * FROM webhooks WHERE environment_id = $1 ORDER BY id";
    tx.all(sql, args![&ctx.environment]).await?.iter().map(read).collect()
}

/// Puts what a webhook is now in the place of what it was. False if there is none.
///
/// # Errors
/// The database cannot be written.
pub async fn update(ctx: &Ctx, tx: &mut Tx, webhook: &Webhook) -> Result<bool, Error> {
    let sql =
        "UPDATE webhooks SET url = $3, description = $4, kinds = $5, paused = $6, secret = $7, secret_before = $8,
            secret_before_until = $9, updated_at = $10
        WHERE environment_id = $1 AND id = $2";
    let before = webhook.secret_before.as_ref();
    let values = args![
        &ctx.environment,
        &webhook.id,
        webhook.url.as_str(),
        webhook.description.as_str(),
        Value::from(webhook.kinds.clone()).to_string(),
        i64::from(webhook.paused),
        &webhook.secret,
        before.map(|(secret, _)| secret),
        before.map(|(_, until)| *until),
        webhook.updated_at,
    ];
    Ok(tx.run(sql, values).await? == 1)
}

/// Removes one, with what was still to be sent and what was given up. False if there is none.
///
/// # Errors
/// The database cannot be written.
pub async fn delete(ctx: &Ctx, tx: &mut Tx, id: &WebhookId) -> Result<bool, Error> {
    Ok(tx.run("DELETE FROM webhooks WHERE environment_id = $1 AND id = $2", args![&ctx.environment, id]).await? == 1)
}

pub(crate) fn read(row: &Row) -> Result<Webhook, Error> {
    row.fit("webhooks", |row| {
        let (before, until) = (row.optional_sealed("secret_before")?, row.optional_timestamp("secret_before_until")?);
        Ok(Webhook {
            id: row.parsed("id")?,
            environment: row.parsed("environment_id")?,
            url: row.text("url")?.to_owned(),
            description: row.text("description")?.to_owned(),
            kinds: row.json("kinds")?,
            paused: row.flag("paused")?,
            secret: row.sealed("secret")?,
            secret_before: before.zip(until),
            created_at: row.timestamp("created_at")?,
            updated_at: row.timestamp("updated_at")?,
        })
    })
}

#[cfg(test)]
mod tests;
