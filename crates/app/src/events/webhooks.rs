//! Webhooks, as the operator sets them: where an environment's events are sent, with which secret they are signed, what
//! waits and what was given up.

mod delivered;
mod replay;
mod secrets;

pub use delivered::{Delivery, Fate, delivered, fates};
pub use replay::{DeadLetter, Replay, dead, replay};
pub(super) use secrets::{Secrets, secrets};
pub(crate) use secrets::{reseal, try_secrets};

use super::no_such_kind;
use crate::{App, Error, Result};
use http::Uri;
use secrets::seal;
use serde_json::Map;
use std::time::Duration;
use valetkey_domain::event::EventKind;
use valetkey_domain::id::WebhookId;
use valetkey_domain::{Ctx, Kind, Secret, Timestamp};
use valetkey_storage::BoundedCount;
use valetkey_storage::webhooks::{self as rows, dead_letters, queues};
use valetkey_vault::webhook as signing;

pub use valetkey_storage::webhooks::Webhook;
pub use valetkey_storage::webhooks::queues::{Backlog, Waiting};

/// The most webhooks of an environment.
const MAX_WEBHOOKS: usize = 10;

/// The longest URL, in bytes.
const MAX_URL: usize = 2_000;

/// The longest description, in characters.
pub const MAX_DESCRIPTION: usize = 200;

/// How long a secret signs on beside a newer one, at most.
const MAX_OVERLAP: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// What can be said of a webhook; what is absent stays as it is, or is empty at first.
#[derive(Clone, Debug, Default)]
pub struct WebhookSettings {
    /// Where events are sent.
    pub url: Option<String>,
    /// What to call it.
    pub description: Option<String>,
    /// The kinds of event that are sent; none stand for all.
    pub kinds: Option<Vec<String>>,
    /// Whether sending waits.
    pub paused: Option<bool>,
}

/// A webhook with a secret that is shown this once.
pub struct Issued {
    /// The webhook.
    pub webhook: Webhook,
    /// The secret.
    pub secret: Secret<str>,
}

/// Makes a webhook. It is told of what happens from now on.
///
/// # Errors
/// A URL that may not be called, a kind of event that there is none of, or ten webhooks already.
pub async fn create(app: &App, ctx: &Ctx, wish: WebhookSettings) -> Result<Issued> {
    let url = wish.url.ok_or_else(|| Error::invalid("a webhook needs a URL"))?;
    let (kinds, description) = (wish.kinds.unwrap_or_default(), wish.description.unwrap_or_default());
    check(app, &url, &description, &kinds)?;
    let (id, secret) = (WebhookId::new(app.core.clock.as_ref(), app.core.rng.as_ref()), signing::secret()?);
    let sealed = seal(app, ctx, &id, &url, &secret).await?;
    let webhook = Webhook {
        id,
        environment: ctx.environment.clone(),
        url,
        description,
        kinds,
        paused: wish.paused.unwrap_or(false),
        secret: sealed,
        secret_before: None,
        created_at: app.core.now(),
        updated_at: app.core.now(),
    };
    let mut change = app.core.change(ctx).await?;
    change.alone("webhooks").await?;
    if rows::list(ctx, &mut change).await?.len() >= MAX_WEBHOOKS {
        let message = format!("an environment has at most {MAX_WEBHOOKS} webhooks: remove one first");
        return Err(Error::new(Kind::FailedPrecondition, message));
    }
    rows::insert(ctx, &mut change, &webhook).await?;
    change.record("webhook.created", webhook.id.as_str(), Map::new()).await?.commit().await?;
    Ok(Issued { webhook, secret })
}

/// The environment's webhooks, oldest first.
///
/// # Errors
/// The database cannot be read.
pub async fn list(app: &App, ctx: &Ctx) -> Result<Vec<Webhook>> {
    Ok(rows::list(ctx, &mut app.core.store.glance().await?).await?)
}

/// The webhook of this id.
///
/// # Errors
/// There is no such webhook.
pub async fn get(app: &App, ctx: &Ctx, id: &WebhookId) -> Result<Webhook> {
    rows::get(ctx, &mut app.core.store.glance().await?, id).await?.ok_or_else(|| unknown(id))
}

/// What a webhook has still to be told, and how many events were given up.
///
/// # Errors
/// The database cannot be read.
pub async fn backlog(app: &App, ctx: &Ctx, id: &WebhookId) -> Result<(Backlog, BoundedCount)> {
    let mut tx = app.core.store.read().await?;
    Ok((queues::backlog(ctx, &mut tx, id).await?, dead_letters::count(ctx, &mut tx, id).await?))
}

/// What waits for a webhook, so many of it, what is due first.
///
/// # Errors
/// The database cannot be read.
pub async fn waiting(app: &App, ctx: &Ctx, id: &WebhookId, size: u32) -> Result<Vec<Waiting>> {
    Ok(queues::waiting(ctx, &mut app.core.store.read().await?, id, i64::from(size)).await?)
}

/// Until when a webhook rests because its receiver is down, as far as this process knows.
#[must_use]
pub fn rests_until(app: &App, id: &WebhookId) -> Option<Timestamp> {
    app.deliveries.rests.until(id)
}

/// Changes a webhook. Its secret stays, and is sealed for the new URL.
///
/// # Errors
/// There is no such webhook; otherwise as [`create`].
pub async fn update(app: &App, ctx: &Ctx, id: &WebhookId, wish: WebhookSettings) -> Result<Webhook> {
    let before = get(app, ctx, id).await?;
    let mut webhook = before.clone();
    webhook.url = wish.url.unwrap_or(webhook.url);
    webhook.description = wish.description.unwrap_or(webhook.description);
    webhook.kinds = wish.kinds.unwrap_or(webhook.kinds);
    webhook.paused = wish.paused.unwrap_or(webhook.paused);
    webhook.updated_at = app.core.now();
    check(app, &webhook.url, &webhook.description, &webhook.kinds)?;
    if webhook.url != before.url {
        let secrets = secrets(app, ctx, &before).await?;
        webhook.secret = seal(app, ctx, id, &webhook.url, &secrets.newest).await?;
        webhook.secret_before = match (secrets.before, before.secret_before.as_ref()) {
            (Some(secret), Some((_, until))) => Some((seal(app, ctx, id, &webhook.url, &secret).await?, *until)),
            _ => None,
        };
    }
    save(app, ctx, &before, &webhook, "webhook.updated").await?;
    Ok(webhook)
}

/// Gives a webhook another secret. The one before signs beside it for so long.
///
/// # Errors
/// There is no such webhook, or the time is too long.
pub async fn rotate(app: &App, ctx: &Ctx, id: &WebhookId, overlap: Duration) -> Result<Issued> {
    if overlap > MAX_OVERLAP {
        return Err(Error::invalid("a secret signs for at most seven days beside the next one"));
    }
    let before = get(app, ctx, id).await?;
    let secret = signing::secret()?;
    let mut webhook = before.clone();
    webhook.secret = seal(app, ctx, id, &before.url, &secret).await?;
    webhook.secret_before = (!overlap.is_zero()).then(|| (before.secret.clone(), app.core.now() + overlap));
    webhook.updated_at = app.core.now();
    save(app, ctx, &before, &webhook, "webhook.secret_rotated").await?;
    Ok(Issued { webhook, secret })
}

/// Removes a webhook, with what it was still to be told.
///
/// # Errors
/// There is no such webhook.
pub async fn delete(app: &App, ctx: &Ctx, id: &WebhookId) -> Result<()> {
    let mut change = app.core.change(ctx).await?;
    if !rows::delete(ctx, &mut change, id).await? {
        return Err(unknown(id));
    }
    change.record("webhook.deleted", id.as_str(), Map::new()).await?.commit().await
}

/// Saves a webhook if it is still what it was.
async fn save(app: &App, ctx: &Ctx, before: &Webhook, webhook: &Webhook, action: &'static str) -> Result<()> {
    let mut change = app.core.change(ctx).await?;
    change.alone(webhook.id.as_str()).await?;
    let now = rows::get(ctx, &mut change, &webhook.id).await?.ok_or_else(|| unknown(&webhook.id))?;
    if (now.updated_at, &now.secret) != (before.updated_at, &before.secret) {
        return Err(Error::new(Kind::Aborted, format!("webhook '{}' was changed meanwhile: try again", webhook.id)));
    }
    rows::update(ctx, &mut change, webhook).await?;
    change.record(action, webhook.id.as_str(), Map::new()).await?.commit().await?;
    // Whoever changed it may have mended what was wrong.
    app.deliveries.rests.end(&webhook.id);
    app.core.deliveries.notify_one();
    Ok(())
}

fn check(app: &App, url: &str, description: &str, kinds: &[String]) -> Result<()> {
    if let Some(kind) = kinds.iter().find(|kind| EventKind::from_name(kind).is_none()) {
        return Err(no_such_kind("events", kind));
    }
    if description.chars().count() > MAX_DESCRIPTION {
        return Err(Error::invalid(format!("a webhook's description has at most {MAX_DESCRIPTION} characters")));
    }
    if url.len() > MAX_URL {
        return Err(Error::invalid(format!("a webhook's URL has at most {MAX_URL} characters")));
    }
    let uri: Uri = url.parse().map_err(|_| Error::invalid("a webhook's URL is a web address: https://host/path"))?;
    app.core.outbound.permits(&uri).map_err(|error| Error::invalid(format!("a webhook's URL: {error}")))
}

fn unknown(id: &WebhookId) -> Error {
    Error::new(Kind::NotFound, format!("webhook '{id}' not found; `valetkey webhook list` shows all"))
}
