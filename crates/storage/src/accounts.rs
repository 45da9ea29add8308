//! Connected accounts: one row for each owner on a connection.
//!
//! This file finds, makes and ends them; `accounts/tokens.rs` changes what they hold, `accounts/ahead.rs` finds those
//! to be refreshed although nobody asks, `accounts/refusal.rs` keeps that a provider refuses, `accounts/list.rs` shows many
//! at once.

mod ahead;
mod list;
mod refusal;
mod tokens;

pub use ahead::{DueAccounts, claim, postpone};
#[cfg(test)]
pub(crate) use list::texts;
pub use list::{Filter, MAX_CONNECTION_NAMES, Standing, beginning, list, standings};
pub use refusal::refuse_refresh;
pub(crate) use tokens::read_subject;
pub use tokens::{
    Lease, Schedule, Subject, Tokens, await_confirmation, begin_refresh, end_confirmation, end_refresh, expire,
    finish_refresh, lease, mark_answer_lost, settle_abandoned, store_credential, subject,
};

use crate::list::folded;
use crate::{Error, Row, Tx, args, counters, kept_answers};
use serde_json::{Map, Value};
use valetkey_domain::account::{ConnectedAccount, Credential, Owner, Reason, Status};
use valetkey_domain::id::{AccountId, ConnectionId};
use valetkey_domain::{Ctx, Timestamp};

/// Adds an account without a credential.
///
/// # Errors
/// The owner has one on that connection already, or the connection isn't in this environment.
pub async fn insert(ctx: &Ctx, tx: &mut Tx, account: &ConnectedAccount) -> Result<(), Error> {
    let sql = "INSERT INTO connected_accounts (environment_id, connection_id, id, identifier, organization_id, user_id,
            search_text, status, reason, scopes, subject, audience, generation, refreshable, api_config, created_at,
            updated_at)
        SELECT c.environment_id, c.id, $3, $4, $5, $6, $7, $8, $9, '[]', $10, '[]', 0, 0, $11, CAST($12 AS BIGINT),
            CAST($12 AS BIGINT)
        FROM connections c WHERE c.environment_id = $1 AND c.id = $2";
    let owner = &account.owner;
    let values = args![
        &ctx.environment,
        &account.connection,
        &account.id,
        &owner.identifier,
        owner.organization.as_deref().unwrap_or_default(),
        owner.user.as_deref().unwrap_or_default(),
        folded(owner.identifier.as_str()),
        account.status.name(),
        account.status.reason(),
        account.subject.as_deref(),
        Value::Object(account.api_config.clone()).to_string(),
        account.created_at,
    ];
    if tx.run(sql, values).await? == 0 {
        return Err(Error::Referenced);
    }
    counters::add(ctx, tx, counters::ACCOUNTS, 1).await
}

/// Waits until nobody else makes an account for the same owner on the same connection, and is alone with that from then on.
///
/// # Errors
/// The other one takes too long.
pub async fn alone_for(tx: &mut Tx, account: &ConnectedAccount) -> Result<(), Error> {
    tx.alone(&format!("{} {}", account.connection, account.owner.identifier)).await
}

/// The owner's account on a connection: the one that is there, else this one. Says whether this one was added.
///
/// # Errors
/// The database failed.
pub async fn ensure(ctx: &Ctx, tx: &mut Tx, account: &ConnectedAccount) -> Result<(ConnectedAccount, bool), Error> {
    alone_for(tx, account).await?;
    if let Some(db) = find(ctx, tx, &account.connection, &account.owner).await? {
        return Ok((db, false));
    }
    insert(ctx, tx, account).await?;
    Ok((account.clone(), true))
}

/// The account of this id.
///
/// # Errors
/// The database failed, or the row fits no account.
pub async fn get(ctx: &Ctx, tx: &mut Tx, id: &AccountId) -> Result<Option<ConnectedAccount>, Error> {
    let sql = "SELECT * FROM connected_accounts WHERE environment_id = $1 AND id = $2";
    tx.one(sql, args![&ctx.environment, id]).await?.as_ref().map(read).transpose()
}

/// The owner's account on a connection, compared byte for byte.
///
/// # Errors
/// The database failed, or the row fits no account.
pub async fn find(
    ctx: &Ctx,
    tx: &mut Tx,
    connection: &ConnectionId,
    owner: &Owner,
) -> Result<Option<ConnectedAccount>, Error> {
    // Without statistics PostgreSQL would take the index of an organisation's accounts for as good as the owner's.
    let sql = "SELECT * FROM connected_accounts WHERE environment_id = $1 AND connection_id = $2
         AND identifier = $3 AND organization_id || '' = $4 AND user_id = $5";
    let organization = owner.organization.as_deref().unwrap_or_default();
    let user = owner.user.as_deref().unwrap_or_default();
    let key = args![&ctx.environment, connection, &owner.identifier, organization, user];
    tx.one(sql, key).await?.as_ref().map(read).transpose()
}

/// A connection's accounts behind this id, in the order of their ids.
///
/// # Errors
/// The database failed, or a row fits no account.
pub async fn of_connection(
    ctx: &Ctx,
    tx: &mut Tx,
    connection: &ConnectionId,
    behind: &str,
    size: i64,
) -> Result<Vec<ConnectedAccount>, Error> {
    let sql = "SELECT * FROM connected_accounts
        WHERE connection_id = (SELECT c.id FROM connections c WHERE c.environment_id = $1 AND c.id = $2) AND id > $3
        ORDER BY id LIMIT $4";
    tx.all(sql, args![&ctx.environment, connection, behind, size]).await?.iter().map(read).collect()
}

/// The connections on which an account, this one left out, may share a grant at the provider with somebody of this
/// subject: one that holds a credential and whose subject is the same or unknown. Without a subject every account may.
///
/// # Errors
/// The database failed.
pub async fn maybe_sharing(
    ctx: &Ctx,
    tx: &mut Tx,
    but: Option<&AccountId>,
    subject: Option<&str>,
) -> Result<Vec<ConnectionId>, Error> {
    let of_one = "SELECT c.id FROM connections c WHERE c.environment_id = $1 AND (
          EXISTS (SELECT 1 FROM connected_accounts a WHERE a.connection_id = c.id AND a.credential IS NOT NULL
            AND a.subject = $3 AND a.id <> $2)
          OR EXISTS (SELECT 1 FROM connected_accounts a WHERE a.connection_id = c.id AND a.credential IS NOT NULL
            AND a.subject IS NULL AND a.id <> $2)) ORDER BY c.id";
    let of_all = "SELECT c.id FROM connections c WHERE c.environment_id = $1
          AND EXISTS (SELECT 1 FROM connected_accounts a WHERE a.connection_id = c.id AND a.credential IS NOT NULL
            AND a.id <> $2) ORDER BY c.id";
    let but = but.map_or("", AccountId::as_str);
    let rows = match subject {
        Some(subject) => tx.all(of_one, args![&ctx.environment, but, subject]).await?,
        None => tx.all(of_all, args![&ctx.environment, but]).await?,
    };
    rows.iter().map(|row| row.fit("connections", |row| row.parsed("id"))).collect()
}

/// Puts members over the app's own values of an account; what others put there meanwhile stays. False if there is no
/// such account.
///
/// # Errors
/// The database failed.
pub async fn merge_api_config(
    ctx: &Ctx,
    tx: &mut Tx,
    id: &AccountId,
    members: &Map<String, Value>,
    now: Timestamp,
) -> Result<bool, Error> {
    let read = "SELECT api_config FROM connected_accounts WHERE environment_id = $1 AND id = $2";
    let write = "UPDATE connected_accounts SET api_config = $3, updated_at = $4
         WHERE environment_id = $1 AND id = $2 AND api_config = $5";
    // A database with many writers may let another one in between; then what that one wrote is read and merged with.
    loop {
        let Some(row) = tx.one(read, args![&ctx.environment, id]).await? else { return Ok(false) };
        let db = row.text("api_config")?;
        let mut merged: Map<String, Value> = row.fit("connected_accounts", |row| row.json("api_config"))?;
        merged.extend(members.clone());
        let text = Value::Object(merged).to_string();
        if tx.run(write, args![&ctx.environment, id, text, now, db]).await? == 1 {
            return Ok(true);
        }
    }
}

/// Puts every account of a connection that holds a credential out of service, because the connection points elsewhere
/// now. The sealed values stay, tied to the old places. Gives which they are.
///
/// # Errors
/// The database failed.
pub async fn expire_for_endpoints(
    ctx: &Ctx,
    tx: &mut Tx,
    connection: &ConnectionId,
    now: Timestamp,
) -> Result<Vec<AccountId>, Error> {
    let sql = "UPDATE connected_accounts SET status = $3, reason = $4, next_refresh_at = NULL, updated_at = $5
         WHERE environment_id = $1 AND connection_id = $2 AND status = 'ACTIVE' RETURNING id";
    let status = Status::Expired(Reason::EndpointsChanged);
    let ended = tx.all(sql, args![&ctx.environment, connection, status.name(), status.reason(), now]).await?;
    ended.iter().map(|row| row.fit("connected_accounts", |row| row.parsed("id"))).collect()
}

/// Notes that a call used the account. Earlier than what is noted already changes nothing.
///
/// # Errors
/// The database failed.
pub async fn touch_last_used(ctx: &Ctx, tx: &mut Tx, id: &AccountId, now: Timestamp) -> Result<(), Error> {
    let sql = "UPDATE connected_accounts SET last_used_at = $3 WHERE environment_id = $1 AND id = $2
         AND (last_used_at IS NULL OR last_used_at < $3)";
    tx.run(sql, args![&ctx.environment, id, now]).await.map(drop)
}

/// Ends an account: its credential is removed, and a refresh in flight can no longer commit one. Whose account it was
/// at the provider is kept, so that another one doesn't take its place unasked. False if there is no such account.
///
/// # Errors
/// The database failed.
pub async fn disconnect(ctx: &Ctx, tx: &mut Tx, id: &AccountId, now: Timestamp) -> Result<bool, Error> {
    let sql = "UPDATE connected_accounts SET status = 'DISCONNECTED', reason = '', scopes = '[]',
         credential = NULL, audience = '[]', generation = generation + 1, refreshable = 0, expires_at = NULL,
         refresh_generation = NULL, refresh_until = NULL, refresh_lost_at = NULL, refreshed_at = NULL,
         refused_at = NULL, next_refresh_at = NULL, idle_refresh_at = NULL, updated_at = $3 WHERE environment_id = $1 AND id = $2";
    Ok(tx.run(sql, args![&ctx.environment, id, now]).await? == 1)
}

/// Removes an account with its consents in flight and what is kept of its answers. False if there is no such account.
///
/// # Errors
/// The database failed.
pub async fn delete(ctx: &Ctx, tx: &mut Tx, id: &AccountId) -> Result<bool, Error> {
    kept_answers::forget(ctx, tx, id).await?;
    let sql = "DELETE FROM connected_accounts WHERE environment_id = $1 AND id = $2";
    let gone = tx.run(sql, args![&ctx.environment, id]).await? == 1;
    if gone {
        counters::add(ctx, tx, counters::ACCOUNTS, -1).await?;
    }
    Ok(gone)
}

/// The columns that make an account, of its table called `t`, in the order in which they are read.
const COLUMNS: &str = "t.id, t.environment_id, t.connection_id, t.identifier, t.organization_id, t.user_id, t.status,
    t.reason, t.scopes, t.subject, t.credential, t.audience, t.generation, t.expires_at, t.refreshable, t.api_config,
    t.created_at, t.updated_at, t.last_used_at, t.refused_at, t.refused_times, t.refused_until, t.refused_revision,
    t.refused_words";

/// Reads an account out of a row of its table.
pub(crate) fn read(row: &Row) -> Result<ConnectedAccount, Error> {
    row.fit("connected_accounts", |row| {
        Ok(ConnectedAccount {
            id: row.parsed("id")?,
            environment: row.parsed("environment_id")?,
            connection: row.parsed("connection_id")?,
            owner: Owner {
                identifier: row.parsed("identifier")?,
                organization: filled(row.text("organization_id")?),
                user: filled(row.text("user_id")?),
            },
            status: status(row)?,
            scopes: row.json("scopes")?,
            subject: row.optional_text("subject")?.map(ToOwned::to_owned),
            credential: credential(row)?,
            api_config: row.json("api_config")?,
            created_at: row.timestamp("created_at")?,
            updated_at: row.timestamp("updated_at")?,
            last_used_at: row.optional_timestamp("last_used_at")?,
            refusal: refusal::read(row)?,
        })
    })
}

fn filled(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

fn status(row: &Row) -> Result<Status, Error> {
    let found = Status::from_stored(row.text("status")?, row.text("reason")?);
    found.ok_or_else(|| crate::row::misfit("status", "and reason fit no status"))
}

fn credential(row: &Row) -> Result<Option<Credential>, Error> {
    let Some(sealed) = row.optional_sealed("credential")? else { return Ok(None) };
    Ok(Some(Credential {
        sealed,
        audience: row.json("audience")?,
        generation: row.integer("generation")?,
        expires_at: row.optional_timestamp("expires_at")?,
        refreshable: row.flag("refreshable")?,
    }))
}

#[cfg(test)]
mod tests;
