//! Events: what apps were told of their users' accounts, or could have been.

use super::bounded::pretty;
use super::frame::{Moment, Pager, Section};
use super::pages::{EventPage, EventRow, Events, FateRow};
use super::visit::{Answer, Visit};
use axum::extract::Path;
use serde_json::Value;
use std::collections::HashMap;
use valetkey_app::Listed;
use valetkey_app::events::webhooks::{self, Fate, Waiting, Webhook};
use valetkey_app::events::{self, Event, Filter};
use valetkey_domain::Kind;
use valetkey_domain::event::EventKind;
use valetkey_domain::member::Right;

/// How many events a page shows.
const SIZE: u32 = 50;

/// Events that fit.
pub(crate) async fn list(visit: Visit) -> Answer {
    let ctx = visit.enter(Right::See)?;
    let (kind, account) = (visit.query("kind"), visit.query("account"));
    let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let wanted = Filter { kinds: some(kind).into_iter().collect(), account: some(account), ..Filter::default() };
    let (listed, wrong) = match events::list(&visit.web.app, &ctx, wanted, &visit.list_page(SIZE)).await {
        Ok(listed) => (listed, None),
        Err(error) if matches!(error.kind(), Kind::InvalidArgument | Kind::NotFound) => {
            let none = Listed { items: Vec::new(), next: None, previous: None, total: 0 };
            (none, Some(super::sentence::sentence(error.message())))
        }
        Err(error) => return Err(visit.fail(&error)),
    };
    Ok(visit.page(&Events {
        frame: visit.frame(Section::Events),
        kinds: EventKind::ALL.map(|kind| (kind.as_str(), kind.title())).into(),
        kind: kind.to_owned(),
        account: account.to_owned(),
        rows: listed.items.iter().map(row).collect(),
        pager: Pager::uncounted(&listed, &[("kind", kind), ("account", account)]),
        wrong,
    }))
}

fn row(event: &Event) -> EventRow {
    let word = |name: &str| event.data.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    EventRow {
        id: event.id.to_string(),
        at: Moment::from(event.at),
        kind: event.kind.clone(),
        title: events::title(event),
        account: event.account.to_string(),
        user: word("identifier"),
        connection: word("connector"),
    }
}

/// One event, as receivers get its data.
pub(crate) async fn show(visit: Visit, Path(named): Path<HashMap<String, String>>) -> Answer {
    let ctx = visit.enter(Right::See)?;
    let app = &visit.web.app;
    let id = named.get("id").map_or("", String::as_str);
    let event = events::get(app, &ctx, id).await.map_err(|error| visit.fail(&error))?;
    let fates = webhooks::fates(app, &ctx, &event).await.map_err(|error| visit.fail(&error))?;
    Ok(visit.page(&EventPage {
        frame: visit.frame(Section::Events),
        row: row(&event),
        data: pretty(&Value::Object(event.data)).0,
        webhooks: fates.into_iter().map(fate).collect(),
    }))
}

fn fate((webhook, fate): (Webhook, Fate)) -> FateRow {
    let tried = |times: i64| if times == 1 { "one try".to_owned() } else { format!("{times} tries") };
    let (state, words, at) = match fate {
        Fate::Arrived(one) => {
            let words = format!("the receiver answered {} in {} ms, {}", one.status, one.took_ms, tried(one.attempts));
            ("delivered", words, Some(one.arrived_at))
        }
        Fate::Waits(Waiting { attempts: 0, next_at, .. }) => ("waits", "not tried yet".to_owned(), Some(next_at)),
        Fate::Waits(one) => {
            let last = one.last_error.map(|why| format!("; the last: {why}")).unwrap_or_default();
            ("waits", format!("{}{last}", tried(one.attempts)), Some(one.next_at))
        }
        Fate::GivenUp(one) => {
            ("given up", format!("{}; the last: {}", tried(one.attempts), one.last_error), Some(one.died_at))
        }
        Fate::NotSent => ("not sent", "it was not told of such events then, or is newer".to_owned(), None),
    };
    FateRow { id: webhook.id.to_string(), url: webhook.url, state, words, at: at.map(Moment::from) }
}
