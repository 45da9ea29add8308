//! Webhooks: where an environment's events are sent.

use super::reply::{Reply, message, moment, one, rows};
use anyhow::{Result, bail};
use clap::Subcommand;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::time::Duration;
use valetkey_app::App;
use valetkey_app::events::webhooks::{self, DeadLetter, Delivery, Issued, Replay, Webhook, WebhookSettings};
use valetkey_domain::Ctx;
use valetkey_domain::id::EventId;

#[derive(Subcommand, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verb {
    /// Send events to a URL from now on; the secret that signs them is shown this once
    Create {
        /// Where they are sent (https://...)
        url: String,
        /// A kind of event, such as connected_account.deleted; may be given several times [default: all]
        #[arg(long = "event", value_name = "TYPE")]
        events: Vec<String>,
        /// What to call it
        #[arg(long, value_name = "TEXT")]
        description: Option<String>,
    },
    /// Change a webhook; what is not given stays
    Update {
        /// Its id (whk_...)
        id: String,
        /// Where events are sent
        #[arg(long)]
        url: Option<String>,
        /// A kind of event; may be given several times, and those before go
        #[arg(long = "event", value_name = "TYPE", conflicts_with = "all_events")]
        events: Vec<String>,
        /// All kinds of event
        #[arg(long)]
        all_events: bool,
        /// What to call it
        #[arg(long, value_name = "TEXT")]
        description: Option<String>,
        /// Send nothing until it is resumed; what happens meanwhile waits
        #[arg(long, conflicts_with = "resume")]
        pause: bool,
        /// Send again
        #[arg(long)]
        resume: bool,
    },
    /// Give a webhook another secret, shown this once; for a while both sign
    Rotate {
        /// Its id (whk_...)
        id: String,
        /// For how many hours the secret before signs too, 168 at most; 0 ends it at once
        #[arg(long, default_value_t = 24)]
        hours: u32,
    },
    /// All webhooks
    List,
    /// One webhook, with what waits
    Get {
        /// Its id (whk_...)
        id: String,
    },
    /// Events that were given up, in the order in which they happened
    DeadLetters {
        /// The webhook's id (whk_...)
        id: String,
        /// How many
        #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=10_000))]
        limit: u32,
        /// Only those behind this event (evt_...)
        #[arg(long, value_name = "ID")]
        behind: Option<String>,
    },
    /// Events that arrived, those that happened last first
    Deliveries {
        /// The webhook's id (whk_...)
        id: String,
        /// How many
        #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
        limit: u32,
        /// Only those of events that happened before this one (evt_...)
        #[arg(long, value_name = "ID")]
        before: Option<String>,
    },
    /// Send events again, beside the order of what happens meanwhile
    Replay {
        /// The webhook's id (whk_...)
        id: String,
        /// This event (evt_...), whether or not it arrived
        #[arg(long, value_name = "ID", required_unless_present = "dead", conflicts_with = "dead")]
        event: Option<String>,
        /// All that were given up
        #[arg(long)]
        dead: bool,
    },
    /// Remove a webhook, with what waits for it
    Delete {
        /// Its id (whk_...)
        id: String,
    },
}

/// Carries a verb out.
///
/// # Errors
/// The use case's own, in its words.
pub(super) async fn perform(app: &App, ctx: &Ctx, verb: Verb) -> Result<Reply> {
    match verb {
        Verb::Create { url, events, description } => {
            let wish = WebhookSettings { url: Some(url), kinds: Some(events), description, paused: None };
            Ok(issued(&webhooks::create(app, ctx, wish).await?))
        }
        Verb::Update { id, url, events, all_events, description, pause, resume } => {
            let kinds = (all_events || !events.is_empty()).then_some(events);
            let paused = (pause || resume).then_some(pause);
            let changed =
                webhooks::update(app, ctx, &id.try_into()?, WebhookSettings { url, description, kinds, paused })
                    .await?;
            Ok(one(row(&changed)))
        }
        Verb::Rotate { id, hours } => {
            let overlap = Duration::from_secs(u64::from(hours) * 60 * 60);
            Ok(issued(&webhooks::rotate(app, ctx, &id.try_into()?, overlap).await?))
        }
        Verb::List => Ok(rows(webhooks::list(app, ctx).await?.iter().map(row))),
        Verb::Get { id } => get(app, ctx, id).await,
        Verb::DeadLetters { id, limit, behind } => dead(app, ctx, id, limit, behind).await,
        Verb::Deliveries { id, limit, before } => delivered(app, ctx, id, limit, before).await,
        Verb::Replay { id, event, dead } => {
            let again = match event {
                Some(event) => Replay::Event(event.try_into()?),
                None if dead => Replay::Dead,
                None => bail!("give --event or --dead"),
            };
            let told = webhooks::replay(app, ctx, &id.try_into()?, &again).await?;
            Ok(message(format!("{told} events are sent again")))
        }
        Verb::Delete { id } => {
            webhooks::delete(app, ctx, &id.try_into()?).await?;
            Ok(message("deleted"))
        }
    }
}

async fn get(app: &App, ctx: &Ctx, id: String) -> Result<Reply> {
    let webhook = webhooks::get(app, ctx, &id.try_into()?).await?;
    let (backlog, dead) = webhooks::backlog(app, ctx, &webhook.id).await?;
    let mut row = row(&webhook);
    if let Some(row) = row.as_object_mut() {
        row.insert("accounts_waiting".into(), json!(backlog.accounts));
        row.insert("next_try".into(), json!(backlog.next_at.map(moment)));
        row.insert("rests_until".into(), json!(webhooks::rests_until(app, &webhook.id).map(moment)));
        row.insert("last_error".into(), json!(backlog.last_error));
        row.insert("dead_letters".into(), json!(dead));
    }
    Ok(one(row))
}

async fn dead(app: &App, ctx: &Ctx, id: String, limit: u32, behind: Option<String>) -> Result<Reply> {
    let behind = behind.map(EventId::try_from).transpose()?;
    let behind = behind.as_ref().map_or("", EventId::as_str);
    // One more than is shown says whether there are more.
    let found = webhooks::dead(app, ctx, &id.try_into()?, behind, limit + 1).await?;
    Ok(page_of_dead(&found, limit as usize))
}

/// So many of these; if there are more, how they are had.
fn page_of_dead(found: &[DeadLetter], limit: usize) -> Reply {
    let shown = found.get(..limit).unwrap_or(found);
    let last = shown.last().filter(|_| found.len() > shown.len());
    let note = last.map(|last| format!("There are more: --behind {} shows those that follow.", last.event));
    let row = |letter: &DeadLetter| {
        json!({
            "event": letter.event, "type": letter.kind, "given_up_at": moment(letter.died_at), "tries": letter.attempts,
            "why": letter.last_error,
        })
    };
    Reply { note, ..rows(shown.iter().map(row)) }
}

async fn delivered(app: &App, ctx: &Ctx, id: String, limit: u32, before: Option<String>) -> Result<Reply> {
    let before = before.map(EventId::try_from).transpose()?;
    let found = webhooks::delivered(app, ctx, &id.try_into()?, before.as_ref(), limit + 1).await?;
    let shown = found.get(..limit as usize).unwrap_or(&found);
    let last = shown.last().filter(|_| found.len() > shown.len());
    let note = last.map(|last| format!("There are more: --before {} shows those that follow.", last.event));
    let row = |one: &Delivery| {
        json!({
            "event": one.event, "type": one.kind, "arrived_at": moment(one.arrived_at), "tries": one.attempts,
            "status": one.status, "took_ms": one.took_ms,
        })
    };
    Ok(Reply { note, ..rows(shown.iter().map(row)) })
}

fn row(webhook: &Webhook) -> Value {
    let before = webhook.secret_before.as_ref().map(|(_, until)| moment(*until));
    json!({
        "id": webhook.id, "url": webhook.url, "description": webhook.description,
        "events": if webhook.kinds.is_empty() { vec!["all".to_owned()] } else { webhook.kinds.clone() },
        "state": if webhook.paused { "paused" } else { "on" }, "former_secret_until": before,
        "created_at": moment(webhook.created_at),
    })
}

/// The answer that carries a new secret: the only time it is ever shown.
fn issued(issued: &Issued) -> Reply {
    let row = json!({"id": issued.webhook.id, "url": issued.webhook.url, "secret": issued.secret.expose()});
    let note = "The secret is shown this once: keep it where your app verifies what it receives.";
    Reply { note: Some(note.into()), ..one(row) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use valetkey_domain::Timestamp;

    #[test]
    fn a_page_of_dead_letters_says_how_the_next_one_is_had() {
        let letter = |number: u32| DeadLetter {
            event: EventId::parse(&format!("evt_{number:03}")).unwrap(),
            kind: None,
            died_at: Timestamp::UNIX_EPOCH,
            attempts: 9,
            last_error: "500".into(),
        };
        let found: Vec<DeadLetter> = (0..4).map(letter).collect();
        let page = page_of_dead(&found, 3);
        assert_eq!((page.rows.len(), &page.rows[2]["event"]), (3, &json!("evt_002")));
        assert!(page.note.unwrap().contains("--behind evt_002 "));
        for whole in [4, 5] {
            let page = page_of_dead(&found, whole);
            assert_eq!((page.rows.len(), page.note), (4, None));
        }
        assert_eq!(page_of_dead(&[], 3).note, None);
    }
}
