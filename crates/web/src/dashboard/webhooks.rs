//! Webhooks: where events are sent, what waits, what was given up, and sending it again.

use super::forms::is_the_forms;
use super::frame::{Moment, Section};
use super::pages::{ArrivalRow, LetterRow, WaitingRow, WebhookFields, WebhookForm, WebhookPage, WebhookRow, Webhooks};
use super::visit::{Answer, Fields, Posted, Visit};
use axum::extract::Path;
use axum::response::Response;
use std::collections::HashMap;
use std::time::Duration;
use valetkey_app::Error;
use valetkey_app::events::webhooks::{self, Delivery, Replay, Webhook, WebhookSettings};
use valetkey_domain::event::EventKind;
use valetkey_domain::id::{EventId, WebhookId};
use valetkey_domain::member::Right;
use valetkey_domain::{Ctx, Kind};

/// How many events that were given up a page shows.
const LETTERS: u32 = 50;

/// How many events that arrived a page shows.
const ARRIVED: u32 = 50;

/// How many accounts for which something waits a page shows.
const WAITING: u32 = 20;

/// How long the secret before signs beside a new one, unless somebody says that it may not.
const OVERLAP: Duration = Duration::from_secs(24 * 60 * 60);

type Named = Path<HashMap<String, String>>;

/// All of them.
pub(crate) async fn list(visit: Visit) -> Answer {
    let ctx = visit.enter(Right::See)?;
    let all = webhooks::list(&visit.web.app, &ctx).await.map_err(|error| visit.fail(&error))?;
    Ok(visit.page(&Webhooks { frame: visit.frame(Section::Webhooks), rows: all.iter().map(row).collect() }))
}

fn row(webhook: &Webhook) -> WebhookRow {
    WebhookRow {
        id: webhook.id.to_string(),
        url: webhook.url.clone(),
        description: webhook.description.clone(),
        kinds: webhook.kinds.len(),
        state: if webhook.paused { "paused" } else { "on" },
        created: Moment::from(webhook.created_at),
    }
}

/// The form of a new one.
pub(crate) async fn form(visit: Visit) -> Answer {
    visit.enter(Right::Develop)?;
    Ok(visit.page(&blank(&visit, &Fields::default(), None, "")))
}

fn blank(visit: &Visit, sent: &Fields, wrong: Option<String>, at: &'static str) -> WebhookForm {
    WebhookForm { frame: visit.frame(Section::Webhooks), fields: typed(sent), at, wrong }
}

/// The field that an error is about; empty if it is about none.
fn at(error: &Error, sent: &Fields) -> &'static str {
    match () {
        () if error.kind() != Kind::InvalidArgument => "",
        () if sent.text("which") == "these" && !sent.has("kind") => "kinds",
        () if sent.text("description").chars().count() > webhooks::MAX_DESCRIPTION => "description",
        () => "url",
    }
}

/// The fields as they were sent.
fn typed(sent: &Fields) -> WebhookFields {
    let chosen: Vec<&str> = sent.all("kind").collect();
    WebhookFields {
        url: sent.text("url").to_owned(),
        description: sent.text("description").to_owned(),
        some: sent.text("which") == "these",
        kinds: EventKind::ALL.map(|kind| (kind.as_str(), kind.title(), chosen.contains(&kind.as_str()))).into(),
        seen: sent.text("seen").to_owned(),
    }
}

/// The fields as they stand.
fn kept(webhook: &Webhook) -> WebhookFields {
    let chosen = |kind: EventKind| webhook.kinds.iter().any(|known| known == kind.as_str());
    WebhookFields {
        url: webhook.url.clone(),
        description: webhook.description.clone(),
        some: !webhook.kinds.is_empty(),
        kinds: EventKind::ALL.map(|kind| (kind.as_str(), kind.title(), chosen(kind))).into(),
        seen: seen(webhook),
    }
}

/// Which state of a webhook a form was made from.
fn seen(webhook: &Webhook) -> String {
    webhook.updated_at.as_millisecond().to_string()
}

/// What a form says. No kind at all would stand for every kind, which is not what somebody meant who chose "these".
fn wish(sent: &Fields) -> Result<WebhookSettings, Error> {
    let these = sent.text("which") == "these";
    let kinds: Vec<String> = if these { sent.all("kind").map(ToOwned::to_owned).collect() } else { Vec::new() };
    if these && kinds.is_empty() {
        return Err(Error::invalid("no kind of event is chosen: choose some, or all"));
    }
    Ok(WebhookSettings {
        url: Some(sent.text("url").to_owned()),
        description: Some(sent.text("description").to_owned()),
        kinds: Some(kinds),
        paused: None,
    })
}

/// Makes it. Its secret is shown on the page that answers, and nowhere again.
pub(crate) async fn create(Posted { visit, form }: Posted) -> Answer {
    let ctx = visit.enter(Right::Develop)?;
    let made = match wish(&form) {
        Ok(wish) => webhooks::create(&visit.web.app, &ctx, wish).await,
        Err(error) => Err(error),
    };
    match made {
        Ok(issued) => {
            let after = After { secret: Some(issued.secret.expose().to_owned()), ..After::default() };
            page(&visit, &ctx, &issued.webhook, after).await
        }
        Err(error) if is_the_forms(&error) => {
            let wrong = Some(super::sentence::sentence(error.message()));
            Ok(visit.page(&blank(&visit, &form, wrong, at(&error, &form))))
        }
        Err(error) => Err(visit.fail(&error)),
    }
}

/// One webhook.
pub(crate) async fn show(visit: Visit, Path(named): Named) -> Answer {
    let ctx = visit.enter(Right::See)?;
    let webhook = find(&visit, &ctx, &named).await?;
    page(&visit, &ctx, &webhook, After::default()).await
}

async fn find(visit: &Visit, ctx: &Ctx, named: &HashMap<String, String>) -> Result<Webhook, Response> {
    let id = named.get("id").map_or("", String::as_str);
    let parsed = WebhookId::parse(id).map_err(|_| visit.fail(&Error::not_found("webhook", id)))?;
    webhooks::get(&visit.web.app, ctx, &parsed).await.map_err(|error| visit.fail(&error))
}

/// What the page shows once more than the webhook itself.
#[derive(Default)]
struct After {
    secret: Option<String>,
    typed: Option<WebhookFields>,
    at: &'static str,
    wrong: Option<String>,
}

async fn page(visit: &Visit, ctx: &Ctx, webhook: &Webhook, after: After) -> Answer {
    let (app, id) = (&visit.web.app, &webhook.id);
    let (backlog, dead) = webhooks::backlog(app, ctx, id).await.map_err(|error| visit.fail(&error))?;
    let letters = webhooks::dead(app, ctx, id, visit.query("behind"), LETTERS).await;
    let letters = letters.map_err(|error| visit.fail(&error))?;
    let waiting = webhooks::waiting(app, ctx, id, WAITING).await.map_err(|error| visit.fail(&error))?;
    let full = letters.len() == LETTERS as usize;
    let before = EventId::parse(visit.query("before")).ok();
    let arrived = webhooks::delivered(app, ctx, id, before.as_ref(), ARRIVED).await;
    let arrived = arrived.map_err(|error| visit.fail(&error))?;
    let all = arrived.len() < ARRIVED as usize;
    Ok(visit.page(&WebhookPage {
        frame: visit.frame(Section::Webhooks),
        row: row(webhook),
        fields: after.typed.unwrap_or_else(|| kept(webhook)),
        before_until: webhook.secret_before.as_ref().map(|(_, until)| Moment::from(*until)),
        waiting: (!backlog.accounts.is_none()).then(|| backlog.accounts.to_string()),
        queues: waiting
            .into_iter()
            .map(|one| WaitingRow {
                account: one.account.to_string(),
                tries: one.attempts,
                next: Moment::from(one.next_at),
                why: one.last_error.unwrap_or_default(),
            })
            .collect(),
        next: backlog.next_at.map(Moment::from),
        last_error: backlog.last_error.unwrap_or_default(),
        older: arrived.last().filter(|_| !all).map(|delivery| delivery.event.to_string()),
        arrived: arrived.into_iter().map(arrival).collect(),
        dead: dead.to_string(),
        more: letters.last().filter(|_| full).map(|letter| letter.event.to_string()),
        letters: letters
            .into_iter()
            .map(|letter| LetterRow {
                event: letter.event.to_string(),
                kind: letter.kind.unwrap_or_default(),
                at: Moment::from(letter.died_at),
                tries: letter.attempts,
                why: letter.last_error,
            })
            .collect(),
        secret: after.secret,
        at: after.at,
        wrong: after.wrong,
    }))
}

fn arrival(delivery: Delivery) -> ArrivalRow {
    ArrivalRow {
        event: delivery.event.to_string(),
        kind: delivery.kind.unwrap_or_default(),
        at: Moment::from(delivery.arrived_at),
        tries: delivery.attempts,
        status: delivery.status,
        took: delivery.took_ms,
    }
}

/// Saves what the form says, unless somebody else has changed the webhook since the form was shown.
pub(crate) async fn save(Path(named): Named, Posted { visit, form }: Posted) -> Answer {
    let ctx = visit.enter(Right::Develop)?;
    let before = find(&visit, &ctx, &named).await?;
    let saved = match wish(&form) {
        Ok(_) if form.text("seen") != seen(&before) => {
            let message = "this webhook was changed elsewhere since the form was shown, and nothing was saved: look at \
                what you typed below, and save it again if it is what you want";
            let typed = Some(WebhookFields { seen: seen(&before), ..typed(&form) });
            let wrong = Some(super::sentence::sentence(message));
            return page(&visit, &ctx, &before, After { typed, wrong, ..After::default() }).await;
        }
        Ok(wish) => webhooks::update(&visit.web.app, &ctx, &before.id, wish).await,
        Err(error) => Err(error),
    };
    match saved {
        Ok(_) => Ok(visit.go(&format!("/webhooks/{}", before.id), "webhook-saved")),
        Err(error) if is_the_forms(&error) => {
            let wrong = Some(super::sentence::sentence(error.message()));
            let after = After { typed: Some(typed(&form)), at: at(&error, &form), wrong, ..After::default() };
            page(&visit, &ctx, &before, after).await
        }
        Err(error) => Err(visit.fail(&error)),
    }
}

/// Another secret, a pause, its end, sending again, the webhook's end.
pub(crate) async fn change(Path(named): Named, Posted { visit, form }: Posted) -> Answer {
    let ctx = visit.enter(Right::Develop)?;
    let webhook = find(&visit, &ctx, &named).await?;
    let (app, id, here) = (&visit.web.app, &webhook.id, format!("/webhooks/{}", webhook.id));
    let pause = |paused| WebhookSettings { paused: Some(paused), ..WebhookSettings::default() };
    let done = match named.get("change").map(String::as_str) {
        Some("rotate") => {
            let overlap = if form.has("at_once") { Duration::ZERO } else { OVERLAP };
            let issued = webhooks::rotate(app, &ctx, id, overlap).await.map_err(|error| visit.fail(&error))?;
            let after = After { secret: Some(issued.secret.expose().to_owned()), ..After::default() };
            return page(&visit, &ctx, &issued.webhook, after).await;
        }
        Some("delete") => {
            webhooks::delete(app, &ctx, id).await.map_err(|error| visit.fail(&error))?;
            return Ok(visit.go("/webhooks", "webhook-deleted"));
        }
        Some("pause") => webhooks::update(app, &ctx, id, pause(true)).await.map(|_| "webhook-paused"),
        Some("resume") => webhooks::update(app, &ctx, id, pause(false)).await.map(|_| "webhook-resumed"),
        Some("replay") => {
            let again = match form.some("event") {
                None => Ok(Replay::Dead),
                Some(event) => EventId::parse(&event).map(Replay::Event),
            };
            let again = again.map_err(|error| visit.fail(&Error::invalid(error.to_string())))?;
            webhooks::replay(app, &ctx, id, &again).await.map(|_| "events-again")
        }
        _ => return Err(visit.web.missing(&visit.asked)),
    };
    done.map(|done| visit.go(&here, done)).map_err(|error| visit.fail(&error))
}
