//! Events: what apps were told of their users' accounts, or could have been.

use super::bounded::pretty;
use super::frame::{Moment, Pager, Section};
use super::pages::{EventPage, EventRow, Events};
use super::visit::{Answer, Visit};
use axum::extract::Path;
use serde_json::Value;
use std::collections::HashMap;
use valetkey_app::Listed;
use valetkey_app::events::{self, Event, Filter, webhooks};
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
    let webhooks = webhooks::list(app, &ctx).await.map_err(|error| visit.fail(&error))?;
    Ok(visit.page(&EventPage {
        frame: visit.frame(Section::Events),
        row: row(&event),
        data: pretty(&Value::Object(event.data)).0,
        webhooks: webhooks.into_iter().map(|webhook| (webhook.id.to_string(), webhook.url)).collect(),
    }))
}
