//! Webhooks, as the operator sets them: where an environment's events are sent, with which secret they are signed, what
//! waits and what was given up.

use super::no_such_kind;
use crate::{App, Error, Result};
use http::Uri;
use serde_json::{Map, json};
use std::time::Duration;
use valetkey_core::{journal, places};
use valetkey_domain::event::EventKind;
use valetkey_domain::id::{EventId, WebhookId};
use valetkey_domain::{Ctx, Kind, Sealed, Secret};
use valetkey_storage::sealed as sealed_rows;
use valetkey_storage::webhooks::{self as rows, dead_letters, queues};
use valetkey_vault::{Purpose, webhook as signing};

pub use valetkey_storage::webhooks::Webhook;
pub use valetkey_storage::webhooks::dead_letters::DeadLetter;
pub use valetkey_storage::webhooks::queues::Backlog;

/// The most webhooks of an environment.
const MAX_WEBHOOKS: usize = 10;

/// The longest URL, in bytes.
const MAX_URL: usize = 2_000;

/// The longest description, in characters.
const MAX_DESCRIPTION: usize = 200;

/// How long a secret signs on beside a newer one, at most.
const MAX_OVERLAP: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// How many dead letters are sent again in one transaction.
const BATCH: i64 = 100;

/// What can be said of a webhook; what is absent stays as it is, or is empty at first.
#[derive(Clone, Debug, Default)]
pub struct Wish {
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

/// Which dead letters are to be sent again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Again {
    /// This event, whether or not it was given up.
    Event(EventId),
    /// All that were given up.
    Dead,
}

/// Makes a webhook. It is told of what happens from now on.
///
/// # Errors
/// A URL that may not be called, a kind of event that there is none of, or ten webhooks already.
pub async fn create(app: &App, ctx: &Ctx, wish: Wish) -> Result<Issued> {
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
pub async fn backlog(app: &App, ctx: &Ctx, id: &WebhookId) -> Result<(Backlog, u64)> {
    let mut tx = app.core.store.read().await?;
    Ok((queues::backlog(ctx, &mut tx, id).await?, dead_letters::count(ctx, &mut tx, id).await?))
}

/// Changes a webhook. Its secret stays, and is sealed for the new URL.
///
/// # Errors
/// There is no such webhook; otherwise as [`create`].
pub async fn update(app: &App, ctx: &Ctx, id: &WebhookId, wish: Wish) -> Result<Webhook> {
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
pub async fn replay(app: &App, ctx: &Ctx, id: &WebhookId, again: &Again) -> Result<u64> {
    get(app, ctx, id).await?;
    let told = match again {
        Again::Event(event) => match send_again(app, ctx, id, std::slice::from_ref(event)).await? {
            0 => {
                let message = format!("there is no event '{event}' to send again: events are kept for 30 days");
                return Err(Error::new(Kind::NotFound, message));
            }
            told => told,
        },
        Again::Dead => all_dead(app, ctx, id).await?,
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

/// A webhook's secrets, opened for one use.
pub(super) struct Secrets {
    pub(super) newest: Secret<str>,
    /// The one before, while it still signs.
    pub(super) before: Option<Secret<str>>,
}

/// Opens a webhook's secrets for the URL in its row.
pub(super) async fn secrets(app: &App, ctx: &Ctx, webhook: &Webhook) -> Result<Secrets> {
    let newest = open(app, ctx, webhook, &webhook.secret).await?;
    let before = match &webhook.secret_before {
        Some((sealed, until)) if app.core.now() < *until => Some(open(app, ctx, webhook, sealed).await?),
        _ => None,
    };
    Ok(Secrets { newest, before })
}

async fn open(app: &App, ctx: &Ctx, webhook: &Webhook, sealed: &Sealed) -> Result<Secret<str>> {
    let audience = [webhook.url.clone()];
    let place = places::webhook_secret(ctx, &webhook.id, &audience);
    let opened = app.core.keyring.open(&ctx.environment, Purpose::Webhook, &place, sealed).await.map_err(|error| {
        let message = format!(
            "the secret of webhook '{}' can no longer be opened: its row was changed outside of this server. Remove the \
             webhook and make it anew",
            webhook.id
        );
        if error.kind() == Kind::Internal { Error::new(Kind::FailedPrecondition, message).because(error) } else { error }
    })?;
    Ok(Secret::from(std::str::from_utf8(opened.expose()).map_err(Error::internal)?))
}

/// Seals a webhook's secrets again if they are not under the newest key; false if they are, or were changed meanwhile.
///
/// # Errors
/// A seal does not fit, or the database cannot be written.
pub(crate) async fn reseal(app: &App, ctx: &Ctx, webhook: &Webhook) -> Result<bool> {
    let audience = [webhook.url.clone()];
    let place = places::webhook_secret(ctx, &webhook.id, &audience);
    let keyring = &app.core.keyring;
    let newest = keyring.resealed(&ctx.environment, Purpose::Webhook, &place, &webhook.secret).await?;
    let mut now = webhook.clone();
    let mut anew = newest.is_some();
    now.secret = newest.unwrap_or(now.secret);
    if let Some((sealed, until)) = &webhook.secret_before {
        let before = keyring.resealed(&ctx.environment, Purpose::Webhook, &place, sealed).await?;
        anew |= before.is_some();
        now.secret_before = Some((before.unwrap_or_else(|| sealed.clone()), *until));
    }
    if !anew {
        return Ok(false);
    }
    let mut change = app.core.change(ctx).await?;
    if !sealed_rows::replace_webhook_secrets(&mut change, webhook, &now).await? {
        return Ok(false);
    }
    change.record("webhook.resealed", webhook.id.as_str(), Map::new()).await?.commit().await?;
    Ok(true)
}

/// Opens a webhook's secrets and forgets them at once, whether or not the database is in quarantine: the result for each.
pub(crate) async fn try_secrets(app: &App, ctx: &Ctx, webhook: &Webhook) -> Vec<Result<()>> {
    let audience = [webhook.url.clone()];
    let place = places::webhook_secret(ctx, &webhook.id, &audience);
    let before = webhook.secret_before.as_ref().map(|(sealed, _)| sealed);
    let mut tried = Vec::new();
    for sealed in std::iter::once(&webhook.secret).chain(before) {
        tried.push(app.core.keyring.try_value(&ctx.environment, Purpose::Webhook, &place, sealed).await);
    }
    tried
}

async fn seal(app: &App, ctx: &Ctx, id: &WebhookId, url: &str, secret: &Secret<str>) -> Result<Sealed> {
    let audience = [url.to_owned()];
    let place = places::webhook_secret(ctx, id, &audience);
    app.core.keyring.seal(&ctx.environment, Purpose::Webhook, &place, secret.bytes()).await
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
