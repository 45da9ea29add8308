//! Events: what happened to the users' accounts. They are made in `core::events`, with the change they tell of; here they
//! are listed ([`list`]) and sent to where the operator wants them ([`webhooks`], `deliver`).

mod deliver;
mod deliveries;
mod forget;
mod rests;
pub mod webhooks;

pub use deliver::deliver;
pub use deliveries::Deliveries;
pub(crate) use forget::forget;
pub use valetkey_storage::events::Event;

use crate::{App, Error, Listed, Page, Result};
use serde_json::{Value, json};
use valetkey_domain::event::EventKind;
use valetkey_domain::id::{AccountId, ConnectionId, EventId};
use valetkey_domain::{Ctx, Timestamp};
use valetkey_storage::events as rows;
use valetkey_storage::{accounts, connections};

/// The most kinds that one filter names.
const MAX_KINDS: usize = 50;

/// What the kinds of an account's events begin with.
const OF_ACCOUNTS: &str = "connected_account.";

/// Which events are wanted; what is empty filters nothing.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Happened from here on.
    pub from: Option<Timestamp>,
    /// Happened before.
    pub to: Option<Timestamp>,
    /// Of any of these kinds, by the wire's words.
    pub kinds: Vec<String>,
    /// To an account of this organisation.
    pub organization: Option<String>,
    /// To an account on the connection of this id.
    pub connection: Option<String>,
    /// To the account of this id.
    pub account: Option<String>,
}

/// A page of the environment's events, newest first; 100 at most. There is no total.
///
/// # Errors
/// A span that ends before it begins; a kind of accounts' events that there is none of; an account or connection that is
/// none of this environment's and none that it had; a token of another list.
pub async fn list(app: &App, ctx: &Ctx, wanted: Filter, page: &Page) -> Result<Listed<Event>> {
    if wanted.from.zip(wanted.to).is_some_and(|(from, to)| to <= from) {
        return Err(Error::invalid("filter.end_time must be after filter.start_time"));
    }
    check_kinds("filter.event_types", &wanted.kinds)?;
    let mut tx = app.core.store.read().await?;
    let account = match &wanted.account {
        None => None,
        Some(given) => {
            let unknown = || Error::not_found("connected account", given);
            let id = AccountId::parse(given).map_err(|_| unknown())?;
            let there = accounts::get(ctx, &mut tx, &id).await?.is_some();
            if !there && !rows::any_of_account(ctx, &mut tx, &id).await? {
                return Err(unknown());
            }
            Some(id)
        }
    };
    let connection = match &wanted.connection {
        None => None,
        Some(given) => {
            let unknown = || Error::not_found("connection", given);
            let id = ConnectionId::parse(given).map_err(|_| unknown())?;
            let there = connections::get(ctx, &mut tx, &id).await?.is_some();
            if !there && !rows::any_of_connection(ctx, &mut tx, &id).await? {
                return Err(unknown());
            }
            Some(id)
        }
    };
    let kinds = (!wanted.kinds.is_empty()).then_some(wanted.kinds);
    let (from, to, organization) = (wanted.from, wanted.to, wanted.organization);
    let filter = rows::Filter { from, to, kinds, organization, connection, account };
    // A list may wait for its turn, without a connection.
    drop(tx);
    Ok(rows::list(ctx, &mut app.core.store.read().await?, &filter, page).await?)
}

/// The event of this id.
///
/// # Errors
/// There is none in this environment, or no more: events are kept for 30 days.
pub async fn get(app: &App, ctx: &Ctx, id: &str) -> Result<Event> {
    let unknown = || Error::not_found("event", id);
    let parsed = EventId::parse(id).map_err(|_| unknown())?;
    rows::get(ctx, &mut app.core.store.glance().await?, &parsed).await?.ok_or_else(unknown)
}

/// Refuses kinds of accounts' events that there are none of. Those of other nouns an app of several products may name:
/// nothing of them happens here.
fn check_kinds(member: &str, kinds: &[String]) -> Result<()> {
    if kinds.len() > MAX_KINDS {
        return Err(Error::invalid(format!("{member} may have at most {MAX_KINDS} items")));
    }
    let strange = |kind: &&String| kind.starts_with(OF_ACCOUNTS) && EventKind::from_name(kind).is_none();
    match kinds.iter().find(strange) {
        None => Ok(()),
        Some(kind) => Err(no_such_kind(member, kind)),
    }
}

fn no_such_kind(member: &str, kind: &str) -> Error {
    let kind: String = kind.chars().take(60).collect();
    let all = EventKind::ALL.map(EventKind::as_str).join(", ");
    Error::invalid(format!("{member}: there is no '{kind}'; there are: {all}"))
}

/// An event's kind for people.
#[must_use]
pub fn title(event: &Event) -> &'static str {
    EventKind::from_name(&event.kind).map_or("", EventKind::title)
}

/// An event as receivers get it.
fn message(ctx: &Ctx, event: &Event) -> Value {
    let mut message = json!({
        "spec_version": "1", "id": event.id, "type": event.kind, "occurred_at": format!("{:.3}", event.at),
        "environment_id": ctx.environment, "object": "ConnectedAccount", "display_name": title(event), "data": event.data,
    });
    if let (Some(organization), Some(members)) = (&event.organization, message.as_object_mut()) {
        members.insert("organization_id".to_owned(), json!(organization));
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_kind_is_named_and_another_nouns_is_not() {
        let kinds = |all: &[&str]| all.iter().map(|kind| (*kind).to_owned()).collect::<Vec<_>>();
        assert!(check_kinds("x", &kinds(&["connected_account.created", "user.created"])).is_ok());
        let refused = check_kinds("x", &kinds(&["connected_account.create"])).unwrap_err();
        assert!(
            refused.message().starts_with("x: there is no 'connected_account.create'; there are: connected_account.")
        );
        assert!(check_kinds("x", &vec!["user.created".to_owned(); 51]).is_err());
    }
}
