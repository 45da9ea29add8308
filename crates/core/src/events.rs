//! What apps are told of their users' accounts, made in the transaction of the change itself: which of the journal's
//! actions are events of which kind. An account that has another status than its last event told of has changed it,
//! whatever the action was.

use crate::{Core, Result};
use serde_json::{Map, Value, json};
use valetkey_domain::event::EventKind;
use valetkey_domain::id::EventId;
use valetkey_domain::{Ctx, Rng};
use valetkey_storage::Tx;
use valetkey_storage::events::{self as rows, Event, Snapshot};
use valetkey_storage::webhooks::queues;

/// The member of a record's detail that says by which of a connector's ways a person gave a credential, where that was
/// none of OAuth's.
pub const TYPED: &str = "typed";

/// What an action may tell of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tells {
    /// An event of this kind, and another status if it has one.
    Of(EventKind),
    /// Another status, if it has one.
    Status,
}

/// What the journal's action tells an app; none if that is nothing.
fn tells(action: &str, detail: &Map<String, Value>) -> Option<Tells> {
    let reason = detail.get("reason").and_then(Value::as_str).unwrap_or_default();
    Some(match action {
        "account.created" => Tells::Of(EventKind::Created),
        "account.updated" | "account.confirmed" => Tells::Of(EventKind::Updated),
        "account.unconfirmed" => Tells::Of(EventKind::OauthSucceeded),
        "account.connected" | "account.replaced" => match detail.get(TYPED) {
            Some(_) => Tells::Of(EventKind::Updated),
            None => Tells::Of(EventKind::OauthSucceeded),
        },
        "account.refreshed" => Tells::Of(EventKind::RefreshSucceeded),
        "account.refresh_failed" | "account.refresh_lost" => Tells::Of(EventKind::RefreshFailed),
        "account.expired" if matches!(reason, "invalid_grant" | "refresh_answer_lost") => {
            Tells::Of(EventKind::RefreshFailed)
        }
        "account.secrets_read" => Tells::Of(EventKind::TokensFetched),
        "authorization.linked" => Tells::Of(EventKind::MagicLinkGenerated),
        "account.expired"
        | "account.disconnected"
        | "account.dropped"
        | "account.accepted"
        | "account.unconfirmed_ended" => Tells::Status,
        _ => return None,
    })
}

/// The account that a record is about.
fn account<'a>(action: &str, subject: &'a str, detail: &'a Map<String, Value>) -> Option<&'a str> {
    match action {
        "authorization.linked" => detail.get("account")?.as_str(),
        _ => Some(subject),
    }
}

/// What a record is to tell of, found before the record is written.
pub(crate) struct Telling {
    account: String,
    tells: Tells,
}

impl Telling {
    /// Of a change with this record; none if it tells apps nothing.
    pub(crate) fn of(action: &str, subject: &str, detail: &Map<String, Value>) -> Option<Self> {
        let tells = tells(action, detail)?;
        Some(Self { account: account(action, subject, detail)?.to_owned(), tells })
    }

    /// Of an account that is about to be removed in this transaction.
    pub(crate) fn of_end(account: &str) -> Self {
        Self { account: account.to_owned(), tells: Tells::Of(EventKind::Deleted) }
    }

    /// Makes the events. True if somebody is to be told of them.
    pub(crate) async fn make(self, core: &Core, ctx: &Ctx, tx: &mut Tx) -> Result<bool> {
        let Some(account) = rows::snapshot(ctx, tx, &self.account).await? else { return Ok(false) };
        let mut made = false;
        if let Tells::Of(kind) = self.tells {
            make(core, ctx, tx, &account, (kind, account.position - 1), None).await?;
            made = true;
        }
        let before = account.status_before.as_deref().filter(|before| *before != account.status);
        // What ends is told of as that alone.
        if let (Some(before), true) = (before, self.tells != Tells::Of(EventKind::Deleted)) {
            make(core, ctx, tx, &account, (EventKind::StatusUpdated, account.position), Some(before)).await?;
            made = true;
        }
        Ok(made && account.heard)
    }
}

/// Randomness for the ids of an account's events, so that those of one millisecond sort by their positions.
struct InOrder<'a>(&'a dyn Rng, i64);

impl Rng for InOrder<'_> {
    fn next_u128(&self) -> u128 {
        const RANDOM: u32 = 56;
        const POSITION: i64 = (1 << 24) - 1;
        let position = u128::from((self.1 & POSITION).unsigned_abs());
        position << RANDOM | self.0.next_u128() & ((1 << RANDOM) - 1)
    }
}

async fn make(
    core: &Core,
    ctx: &Ctx,
    tx: &mut Tx,
    account: &Snapshot,
    (kind, position): (EventKind, i64),
    status_before: Option<&str>,
) -> Result<()> {
    let event = Event {
        id: EventId::new(core.clock.as_ref(), &InOrder(core.rng.as_ref(), position)),
        at: core.now(),
        kind: kind.as_str().to_owned(),
        account: account.account.clone(),
        connection: account.connection.clone(),
        organization: account.organization.clone(),
        position,
        data: data(core, account, status_before),
    };
    rows::insert(ctx, tx, &event).await?;
    if account.heard {
        queues::add(ctx, tx, &account.account, position, &event.kind, event.at).await?;
    }
    Ok(())
}

/// What an event says of its account, by the names that the API has. Nothing of it is secret.
fn data(core: &Core, account: &Snapshot, status_before: Option<&str>) -> Map<String, Value> {
    let provider = core.catalog.connector(&account.connector).map(|connector| connector.provider_key());
    let mut data = Map::from_iter([
        ("id".to_owned(), json!(account.account)),
        ("identifier".to_owned(), json!(account.identifier)),
        ("connection_id".to_owned(), json!(account.connection)),
        ("connector".to_owned(), json!(account.connection_name)),
        ("provider".to_owned(), json!(provider.unwrap_or_else(|| account.connector.to_ascii_uppercase()))),
        ("status".to_owned(), json!(account.status)),
    ]);
    let optional = [
        ("old_status", status_before),
        ("reason", Some(account.reason.as_str()).filter(|reason| !reason.is_empty())),
        ("organization_id", account.organization.as_deref()),
        ("user_id", account.user.as_deref()),
    ];
    data.extend(optional.into_iter().filter_map(|(name, value)| Some((name.to_owned(), json!(value?)))));
    data
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_action_tells_what_apps_know_it_as() {
        let none = Map::new();
        let of = |kind| Some(Tells::Of(kind));
        assert_eq!(tells("account.created", &none), of(EventKind::Created));
        assert_eq!(tells("account.connected", &none), of(EventKind::OauthSucceeded));
        let typed = Map::from_iter([(TYPED.to_owned(), json!("api_key"))]);
        assert_eq!(tells("account.connected", &typed), of(EventKind::Updated));
        let reason = |word: &str| Map::from_iter([("reason".to_owned(), json!(word))]);
        assert_eq!(tells("account.expired", &reason("invalid_grant")), of(EventKind::RefreshFailed));
        assert_eq!(tells("account.expired", &reason("endpoints_changed")), Some(Tells::Status));
        for nothing in ["account.refresh_begun", "account.revoked", "connection.updated", "tool.call"] {
            assert_eq!(tells(nothing, &none), None, "{nothing}");
        }
    }

    #[test]
    fn events_of_one_moment_sort_by_their_positions() {
        let (clock, rng) = (valetkey_testkit::ManualClock::default(), valetkey_testkit::SeededRng::new(3));
        let ids: Vec<_> = (1..40).map(|position| EventId::new(&clock, &InOrder(&rng, position))).collect();
        assert!(ids.is_sorted(), "{ids:?}");
    }

    #[test]
    fn a_link_is_its_accounts() {
        let detail = Map::from_iter([("account".to_owned(), json!("ca_1"))]);
        assert_eq!(account("authorization.linked", "auth_1", &detail), Some("ca_1"));
        assert_eq!(account("account.created", "ca_2", &Map::new()), Some("ca_2"));
        assert!(Telling::of("authorization.linked", "auth_1", &Map::new()).is_none());
    }
}
