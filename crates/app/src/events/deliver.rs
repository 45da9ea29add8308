//! Events on their way to webhooks: at least once, and those of one account in their order. What a webhook has to be told
//! of an account is held by one process at a time; that an event is tried is committed before it leaves.
//!
//! A webhook that is slow or gone holds up neither others nor other accounts: each webhook has a task of its own here, and
//! each account a pause of its own.

use super::message;
use super::webhooks::{Secrets, secrets};
use crate::{App, Error, Result};
use futures::future::try_join_all;
use http::{Request, StatusCode, header};
use serde_json::{Map, json};
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use valetkey_core::failpoint::{Failpoint, reach};
use valetkey_core::{context, journal};
use valetkey_domain::ctx::Actor;
use valetkey_domain::id::WebhookId;
use valetkey_domain::{Ctx, Timestamp};
use valetkey_outbound::{Limits, Upload};
use valetkey_storage::events::{self, Event};
use valetkey_storage::webhooks::dead_letters::{self, DeadLetter};
use valetkey_storage::webhooks::queues::{self, Queue};
use valetkey_storage::webhooks::{self as rows, Webhook};
use valetkey_storage::{Tx, doors};
use valetkey_vault::webhook as signing;

/// How many webhooks this process tells at once.
const WEBHOOKS: usize = 32;
/// Of how many accounts one webhook is told at once.
const AT_ONCE: usize = 4;
/// How many accounts' turns a task takes before others get theirs.
const TURNS: usize = 200;
/// How many events an account's turn has.
const EVENTS: usize = 50;
/// How many events are read together.
const PAGE: i64 = 16;
/// How long a receiver may take.
const TIMEOUT: Duration = Duration::from_secs(15);
/// Longer than a receiver may take and the database may.
const LEASE: Duration = Duration::from_secs(60);
/// The pause before the second try. It doubles.
const PAUSE: Duration = Duration::from_secs(5);
/// The longest pause, also of those that a receiver asks for.
const LONGEST: Duration = Duration::from_secs(60 * 60);
/// For how long an event is tried.
const GIVE_UP_AFTER: Duration = Duration::from_secs(3 * 24 * 60 * 60);
/// How often one is tried that is sent again by hand, whatever its age.
const TRIES_AGAIN: i64 = 12;
/// How often a queue is claimed that another process may have come to first.
const CLAIMS: usize = 4;

/// The webhooks that this process is telling.
#[derive(Default)]
pub struct Deliveries(Mutex<BTreeSet<WebhookId>>);

/// That a webhook is being told, until this is dropped.
struct Busy(App, WebhookId);

impl Busy {
    /// None if it is already, or too many are.
    fn begin(app: &App, webhook: &WebhookId) -> Option<Self> {
        let mut busy = app.deliveries.0.lock().unwrap_or_else(PoisonError::into_inner);
        (busy.len() < WEBHOOKS && busy.insert(webhook.clone())).then(|| Self(app.clone(), webhook.clone()))
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.deliveries.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.1);
    }
}

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
        let Some(busy) = Busy::begin(app, &webhook) else { continue };
        let ctx = context::enter(&app.core, environment, Actor::System);
        app.core.tasks.spawn(async move {
            if let Err(error) = tell(&busy.0, &ctx, &busy.1).await {
                tracing::warn!(webhook = %busy.1, error = &error as &dyn std::error::Error, "events wait");
            }
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
        let Some(queue) = claim(app, ctx, id).await? else { return Ok(()) };
        *left = fewer;
        drop(left);
        turn(app, ctx, queue).await?;
    }
}

/// Holds what a webhook has to be told of one account, if something is due.
async fn claim(app: &App, ctx: &Ctx, id: &WebhookId) -> Result<Option<Queue>> {
    for _ in 0..CLAIMS {
        let now = app.core.now();
        if app.core.tasks.is_closed() || !queues::is_due(ctx, &mut app.core.store.glance().await?, id, now).await? {
            return Ok(None);
        }
        let mut tx = app.core.store.write().await?;
        let claimed = queues::claim(ctx, &mut tx, id, now, now + LEASE).await?;
        tx.commit().await?;
        if claimed.is_some() {
            reach(Failpoint::DeliveryClaimed);
            return Ok(claimed);
        }
    }
    Ok(None)
}

/// Tells a webhook of one account's events, until all is told, one fails, or others shall have their turn.
async fn turn(app: &App, ctx: &Ctx, mut queue: Queue) -> Result<()> {
    let Some(webhook) = rows::get(ctx, &mut app.core.store.glance().await?, &queue.webhook).await? else {
        return Ok(());
    };
    let mut told = 0;
    while !webhook.paused && told < EVENTS && !app.core.tasks.is_closed() {
        let Some(event) = next(app, ctx, &webhook, &mut queue).await? else { return done(app, ctx, queue).await };
        let sent = match secrets(app, ctx, &webhook).await {
            Ok(secrets) => send(app, ctx, &webhook, &secrets, &event).await?,
            Err(error) => Err(Failure { why: error.message().to_owned(), wait: None, gone: false }),
        };
        reach(Failpoint::DeliveryAnswered);
        let going_on = match sent {
            Ok(()) => {
                app.core.metrics.delivered("delivered");
                let mut tx = app.core.store.write().await?;
                let going_on = passed(app, ctx, &mut tx, &mut queue, event.position).await?;
                tx.commit().await?;
                going_on
            }
            Err(failure) => failed(app, ctx, &webhook, (&mut queue, &event), failure).await?,
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

/// The next event that the webhook is told of; none if it is told of none of those that are left.
async fn next(app: &App, ctx: &Ctx, webhook: &Webhook, queue: &mut Queue) -> Result<Option<Event>> {
    loop {
        let (span, mut tx) = ((queue.behind, queue.upto), app.core.store.glance().await?);
        let found = events::between(ctx, &mut tx, &queue.account, span, PAGE).await?;
        let last = found.last().map(|event| event.position);
        match (found.into_iter().find(|event| webhook.wants(&event.kind)), last) {
            (Some(event), _) => return Ok(Some(event)),
            (None, Some(last)) => queue.behind = last,
            (None, None) => return Ok(None),
        }
    }
}

/// Ends a queue that nothing is left of; what was added meanwhile is told at once.
async fn done(app: &App, ctx: &Ctx, queue: Queue) -> Result<()> {
    let mut tx = app.core.store.write().await?;
    if !queues::finish(ctx, &mut tx, &queue, queue.upto).await? {
        queues::give_back(ctx, &mut tx, &queue, queue.upto, app.core.now()).await?;
    }
    Ok(tx.commit().await?)
}

/// An event is dealt with. False if nothing is left, or somebody else holds the rest by now.
async fn passed(app: &App, ctx: &Ctx, tx: &mut Tx, queue: &mut Queue, position: i64) -> Result<bool> {
    if position >= queue.upto && queues::finish(ctx, tx, queue, position).await? {
        return Ok(false);
    }
    let until = app.core.now() + LEASE;
    let Some(upto) = queues::advance(ctx, tx, queue, position, until).await? else { return Ok(false) };
    (queue.behind, queue.upto, queue.attempts, queue.lease) = (position, upto, 1, until);
    Ok(true)
}

/// Why an event did not arrive.
struct Failure {
    why: String,
    /// How long the receiver asks to wait.
    wait: Option<Duration>,
    /// Whether the receiver wants nothing any more.
    gone: bool,
}

/// An event did not arrive: it is tried again, or given up. True if the account's next may go.
async fn failed(
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

/// Sends one event, signed.
///
/// # Errors
/// It could not even be written; that it did not arrive is the failure inside.
async fn send(
    app: &App,
    ctx: &Ctx,
    webhook: &Webhook,
    secrets: &Secrets,
    event: &Event,
) -> Result<std::result::Result<(), Failure>> {
    let (id, at) = (event.id.as_str(), app.core.now().as_second());
    let body = serde_json::to_vec(&message(ctx, event)).map_err(Error::internal)?;
    let mut signatures = signing::sign(&secrets.newest, id, at, &body)?;
    if let Some(before) = &secrets.before {
        signatures = format!("{signatures} {}", signing::sign(before, id, at, &body)?);
    }
    let request = Request::post(&webhook.url)
        .header(header::CONTENT_TYPE, "application/json")
        .header("webhook-id", id)
        .header("webhook-timestamp", at)
        .header("webhook-signature", signatures)
        .body(Upload::Whole(body.into()))
        .map_err(Error::internal)?;
    // Of the answer the status counts, and nothing else of it is read.
    let limits = Limits { timeout: TIMEOUT, max_bytes: usize::MAX };
    Ok(match app.core.outbound.of(&ctx.environment).pass(request, &limits).await {
        Ok(answer) if answer.status().is_success() => Ok(()),
        Ok(answer) => Err(Failure {
            why: refusal(answer.status()),
            wait: retry_after(answer.headers()),
            gone: answer.status() == StatusCode::GONE,
        }),
        Err(error) => Err(Failure { why: error.to_string(), wait: None, gone: false }),
    })
}

fn refusal(status: StatusCode) -> String {
    let what_to_do = match status {
        StatusCode::GONE => ": the webhook is paused until `valetkey webhook update --resume`",
        status if status.is_redirection() => ": redirects are not followed; give the webhook the URL that it leads to",
        _ => "",
    };
    format!("the receiver answered {}{what_to_do}", status.as_u16())
}

fn retry_after(headers: &header::HeaderMap) -> Option<Duration> {
    let seconds = headers.get(header::RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests;
