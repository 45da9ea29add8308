//! Events: what happened to connected accounts, as apps are told of it. Each is made in the transaction of the change it
//! tells of, while that transaction holds the account's row, so the events of one account have an order.

use crate::span::Span;
use crate::walk::{self, ListQuery, Source, Texts, Total};
use crate::{Arg, Error, Listed, Page, Row, Tx, args};
use serde_json::{Map, Value};
use std::sync::LazyLock;
use valetkey_domain::id::{AccountId, ConnectionId, EventId};
use valetkey_domain::{Ctx, Timestamp};

/// The most events on one page.
const MAX_SIZE: u32 = 100;

/// An event.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Its id.
    pub id: EventId,
    /// When it happened.
    pub at: Timestamp,
    /// Its kind, as the wire has it.
    pub kind: String,
    /// The account that it happened to. It may be gone.
    pub account: AccountId,
    /// The connection of that account.
    pub connection: ConnectionId,
    /// The organisation of that account, if it has one.
    pub organization: Option<String>,
    /// Which of the account's events it is; numbers are left out.
    pub position: i64,
    /// What it says.
    pub data: Map<String, Value>,
}

/// An account as its next events tell of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// The account.
    pub account: AccountId,
    /// Its connection.
    pub connection: ConnectionId,
    /// What that is called.
    pub connection_name: String,
    /// The connector that the connection is of.
    pub connector: String,
    /// Whose it is.
    pub identifier: String,
    /// The organisation of whose it is.
    pub organization: Option<String>,
    /// The user id beside the identifier.
    pub user: Option<String>,
    /// Its status now.
    pub status: String,
    /// Why it has that; empty for most.
    pub reason: String,
    /// The status that its last event told of; none if there was none.
    pub status_before: Option<String>,
    /// The position of the second of the two events that may be made of it now; the first has the one before.
    pub position: i64,
    /// Whether the environment has a webhook.
    pub heard: bool,
}

/// Which events; what is absent filters nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Those that happened from here on.
    pub from: Option<Timestamp>,
    /// Those that happened before.
    pub to: Option<Timestamp>,
    /// Kinds; any of them fits.
    pub kinds: Option<Vec<String>>,
    /// The organisation of the account.
    pub organization: Option<String>,
    /// The connection of the account.
    pub connection: Option<ConnectionId>,
    /// The account.
    pub account: Option<AccountId>,
}

const SOURCE: Source = Source {
    prefix: EventId::PREFIX,
    table: "events",
    columns: "t.*",
    joins: "",
    always: "",
    looked_at: ", t.kind, t.organization_id, t.connection_id",
    fits:
        "(CAST($5 AS TEXT) IS NULL OR replace($5, ',' || w.kind || ',', '') <> $5)
        AND (CAST($6 AS TEXT) IS NULL OR w.organization_id = $6) AND (CAST($7 AS TEXT) IS NULL OR w.connection_id = $7)",
    filters: 3,
    newest_first: true,
};

static ALL: LazyLock<Texts> = LazyLock::new(|| SOURCE.by(walk::ALL));

static OF_ACCOUNT: LazyLock<Texts> = LazyLock::new(|| SOURCE.by_few("t.environment_id = $1 AND t.account_id = KEY"));

static OF_CONNECTION: LazyLock<Texts> = LazyLock::new(|| SOURCE.by("t.environment_id = $1 AND t.connection_id = KEY"));

/// Most have no organisation: those are in no index.
static OF_ORGANIZATION: LazyLock<Texts> =
    LazyLock::new(|| SOURCE.by("t.environment_id = $1 AND t.organization_id = KEY AND t.organization_id <> ''"));

/// All texts.
#[cfg(test)]
pub(crate) fn texts() -> Vec<&'static str> {
    [&ALL, &OF_ACCOUNT, &OF_CONNECTION, &OF_ORGANIZATION].into_iter().flat_map(|list| list.all()).collect()
}

/// Makes room for two events of an account, and gives what they tell of; none if there is no such account. From here on
/// until the transaction ends nobody else makes events of it.
///
/// # Errors
/// The database cannot be written, or the row fits no account.
pub async fn snapshot(ctx: &Ctx, tx: &mut Tx, account: &str) -> Result<Option<Snapshot>, Error> {
    // Behind what is there too: a row that was put back from outside has an older position.
    let sql = "UPDATE connected_accounts SET event_position = 2 + CASE WHEN event_position < COALESCE(
                (SELECT max(e.position) FROM events e WHERE e.account_id = connected_accounts.id), 0)
            THEN (SELECT max(e.position) FROM events e WHERE e.account_id = connected_accounts.id)
            ELSE event_position END,
            event_status_before = event_status, event_status = status
        WHERE environment_id = $1 AND id = $2
        RETURNING id, connection_id, identifier, organization_id, user_id, status, reason, event_position,
            event_status_before,
            (SELECT c.name FROM connections c WHERE c.id = connected_accounts.connection_id) AS connection_name,
            (SELECT c.connector FROM connections c WHERE c.id = connected_accounts.connection_id) AS connector,
            (SELECT min(w.id) FROM webhooks w WHERE w.environment_id = connected_accounts.environment_id) AS webhook";
    let row = tx.one(sql, args![&ctx.environment, account]).await?;
    row.as_ref().map(|row| row.fit("connected_accounts", read_snapshot)).transpose()
}

fn read_snapshot(row: &Row) -> Result<Snapshot, Error> {
    let filled =
        |column: &str| Ok::<_, Error>(Some(row.text(column)?).filter(|text| !text.is_empty()).map(str::to_owned));
    Ok(Snapshot {
        account: row.parsed("id")?,
        connection: row.parsed("connection_id")?,
        connection_name: row.text("connection_name")?.to_owned(),
        connector: row.text("connector")?.to_owned(),
        identifier: row.text("identifier")?.to_owned(),
        organization: filled("organization_id")?,
        user: filled("user_id")?,
        status: row.text("status")?.to_owned(),
        reason: row.text("reason")?.to_owned(),
        status_before: row.optional_text("event_status_before")?.map(str::to_owned),
        position: row.integer("event_position")?,
        heard: row.optional_text("webhook")?.is_some(),
    })
}

/// Adds an event.
///
/// # Errors
/// The database cannot be written.
pub async fn insert(ctx: &Ctx, tx: &mut Tx, event: &Event) -> Result<(), Error> {
    let sql =
        "INSERT INTO events (environment_id, id, at, kind, account_id, connection_id, organization_id, position, data)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let values = args![
        &ctx.environment,
        &event.id,
        event.at,
        event.kind.as_str(),
        &event.account,
        &event.connection,
        event.organization.as_deref().unwrap_or_default(),
        event.position,
        Value::Object(event.data.clone()).to_string(),
    ];
    tx.run(sql, values).await.map(drop)
}

/// The event of this id.
///
/// # Errors
/// The database cannot be read.
pub async fn get(ctx: &Ctx, tx: &mut Tx, id: &EventId) -> Result<Option<Event>, Error> {
    let sql = "SELECT * FROM events WHERE environment_id = $1 AND id = $2";
    tx.one(sql, args![&ctx.environment, id]).await?.as_ref().map(read).transpose()
}

/// An account's events behind a position up to another, in their order.
///
/// # Errors
/// The database cannot be read.
pub async fn between(
    ctx: &Ctx,
    tx: &mut Tx,
    account: &AccountId,
    (behind, upto): (i64, i64),
    limit: i64,
) -> Result<Vec<Event>, Error> {
    let sql = "SELECT * FROM events WHERE account_id = $2 AND position > $3 AND position <= $4 AND environment_id = $1
        ORDER BY position LIMIT $5";
    tx.all(sql, args![&ctx.environment, account, behind, upto, limit]).await?.iter().map(read).collect()
}

/// A page of the environment's events, newest first. They are not counted.
///
/// # Errors
/// The database cannot be read, or the token is none of this list's.
pub async fn list(ctx: &Ctx, tx: &mut Tx, wanted: &Filter, page: &Page) -> Result<Listed<Event>, Error> {
    let (mut organization, mut connection) = (wanted.organization.as_deref(), wanted.connection.as_ref());
    let (texts, key) = if let Some(account) = &wanted.account {
        (&OF_ACCOUNT, Some(Arg::from(account)))
    } else if let Some(connection) = connection.take() {
        (&OF_CONNECTION, Some(Arg::from(connection)))
    } else if let Some(organization) = organization.take_if(|organization| !organization.is_empty()) {
        (&OF_ORGANIZATION, Some(Arg::from(organization)))
    } else {
        (&ALL, None)
    };
    let kinds = wanted.kinds.as_ref().map(|kinds| format!(",{},", kinds.join(",,")));
    let span = Span::of(EventId::PREFIX, wanted.from, wanted.to);
    let asked = ListQuery { span, ..ListQuery::by(texts, vec![key], args![kinds, organization, connection].into()) };
    asked.page(ctx, tx, page, MAX_SIZE, Total::Untold).await?.read(read)
}

/// Whether anything is known to have happened to an account, which may be gone.
///
/// # Errors
/// The database cannot be read.
pub async fn any_of_account(ctx: &Ctx, tx: &mut Tx, account: &AccountId) -> Result<bool, Error> {
    let sql = "SELECT id FROM events WHERE environment_id = $1 AND account_id = $2 ORDER BY id LIMIT 1";
    Ok(tx.one(sql, args![&ctx.environment, account]).await?.is_some())
}

/// Whether anything is known to have happened to an account of a connection, which may be gone.
///
/// # Errors
/// The database cannot be read.
pub async fn any_of_connection(ctx: &Ctx, tx: &mut Tx, connection: &ConnectionId) -> Result<bool, Error> {
    let sql = "SELECT id FROM events WHERE environment_id = $1 AND connection_id = $2 ORDER BY id LIMIT 1";
    Ok(tx.one(sql, args![&ctx.environment, connection]).await?.is_some())
}

/// Removes some of the events that happened before then; how many went.
///
/// # Errors
/// The database cannot be written.
pub async fn purge(ctx: &Ctx, tx: &mut Tx, before: Timestamp, limit: i64) -> Result<u64, Error> {
    let end = Span::of(EventId::PREFIX, None, Some(before)).end;
    let sql = "DELETE FROM events WHERE id IN
        (SELECT e.id FROM events e WHERE e.environment_id = $1 AND e.id < $2 ORDER BY e.id LIMIT $3)";
    tx.run(sql, args![&ctx.environment, end, limit]).await
}

fn read(row: &Row) -> Result<Event, Error> {
    row.fit("events", |row| {
        Ok(Event {
            id: row.parsed("id")?,
            at: row.timestamp("at")?,
            kind: row.text("kind")?.to_owned(),
            account: row.parsed("account_id")?,
            connection: row.parsed("connection_id")?,
            organization: Some(row.text("organization_id")?).filter(|text| !text.is_empty()).map(str::to_owned),
            position: row.integer("position")?,
            data: row.json("data")?,
        })
    })
}

#[cfg(test)]
mod tests;
