//! What an account holds, and the lease under which it is refreshed.
//!
//! Every change of tokens raises the generation and is a compare-and-set on it, so that two writers never mix: the
//! later one finds another generation and changes nothing. Instants come from the caller: an SQLite file has one
//! process, whose clock is the database's.

use super::read;
use crate::{Arg, Error, Row, Tx, args};
use serde_json::Value;
use valetkey_domain::account::{ConnectedAccount, Reason, Status};
use valetkey_domain::id::AccountId;
use valetkey_domain::{Ctx, Sealed, Timestamp};

/// Tokens to be stored.
#[derive(Clone, Debug)]
pub struct Tokens {
    /// Access token, refresh token and what came with them.
    pub sealed: Sealed,
    /// The origins they may be sent to.
    pub audience: Vec<String>,
    /// What was granted; empty when the provider did not say.
    pub scopes: Vec<String>,
    /// When the access token ends, if that is known.
    pub expires_at: Option<Timestamp>,
    /// Whether there is a refresh token inside.
    pub refreshable: bool,
    /// When they are refreshed although nobody asks.
    pub schedule: Schedule,
}

/// When an account is refreshed although nobody asks for its tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Schedule {
    /// When it is looked at next; none: never.
    pub next: Option<Timestamp>,
    /// By when the refresh token is used in any case, because it dies of idleness; none: it does not.
    pub idle: Option<Timestamp>,
}

/// Who an account is at the provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// The provider's stable id of it: what is compared.
    pub id: String,
    /// What people call it (an e-mail address), if the provider says: what is shown.
    pub name: Option<String>,
}

impl Subject {
    /// What a person recognises it by.
    #[must_use]
    pub fn label(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.id)
    }
}

/// How the refreshing of an account stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The generation that a refresh has started from and not come back to.
    pub started_from: Option<i64>,
    /// Until when nobody else may start one.
    pub until: Option<Timestamp>,
    /// Since when the answer to a refresh is lost; the refresh token may be spent.
    pub lost_at: Option<Timestamp>,
    /// When the tokens were last refreshed.
    pub refreshed_at: Option<Timestamp>,
}

/// Stores the tokens of a consent over generation `over` and makes the account ACTIVE; `subject` replaces what was
/// known unless it is none. False if the account is gone or holds another generation: nothing was changed.
///
/// # Errors
/// The database failed.
pub async fn store_credential(
    ctx: &Ctx,
    tx: &mut Tx,
    id: &AccountId,
    over: i64,
    tokens: &Tokens,
    subject: Option<&Subject>,
    now: Timestamp,
) -> Result<bool, Error> {
    let sql = "UPDATE connected_accounts SET status = 'ACTIVE', reason = '', credential = $4, audience = $5,
         scopes = $6, expires_at = $7, refreshable = $8, subject = COALESCE($9, subject),
         subject_name = CASE WHEN CAST($9 AS TEXT) IS NULL THEN subject_name ELSE $11 END, updated_at = $10,
         generation = generation + 1, refresh_generation = NULL, refresh_until = NULL, refresh_lost_at = NULL,
         refreshed_at = NULL, refused_at = NULL, next_refresh_at = $12, idle_refresh_at = $13
         WHERE environment_id = $1 AND id = $2 AND generation = $3";
    let values = args![
        &ctx.environment,
        id,
        over,
        &tokens.sealed,
        list_text(&tokens.audience),
        list_text(&tokens.scopes),
        tokens.expires_at,
        tokens.refreshable,
        subject.map(|subject| subject.id.as_str()),
        now,
        subject.and_then(|subject| subject.name.as_deref()),
        tokens.schedule.next,
        tokens.schedule.idle,
    ];
    Ok(tx.run(sql, values).await? == 1)
}

/// Notes that an account's sign-in waits for the app's word. One that is in service stays so.
///
/// # Errors
/// The database failed.
pub async fn await_confirmation(ctx: &Ctx, tx: &mut Tx, id: &AccountId, now: Timestamp) -> Result<bool, Error> {
    let sql = "UPDATE connected_accounts SET status = 'PENDING_VERIFICATION', reason = '', updated_at = $3
         WHERE environment_id = $1 AND id = $2 AND status <> 'ACTIVE'";
    Ok(tx.run(sql, args![&ctx.environment, id, now]).await? == 1)
}

/// Notes that nobody spoke up for a sign-in that waited: the account waits for another.
///
/// # Errors
/// The database failed.
pub async fn end_confirmation(ctx: &Ctx, tx: &mut Tx, id: &AccountId, now: Timestamp) -> Result<bool, Error> {
    let sql = "UPDATE connected_accounts SET status = 'PENDING_AUTH', updated_at = $3
         WHERE environment_id = $1 AND id = $2 AND status = 'PENDING_VERIFICATION'";
    Ok(tx.run(sql, args![&ctx.environment, id, now]).await? == 1)
}

/// Who an account is at the provider, if that is known; what is known outlives a disconnect.
///
/// # Errors
/// The database failed.
pub async fn subject(ctx: &Ctx, tx: &mut Tx, id: &AccountId) -> Result<Option<Subject>, Error> {
    let sql = "SELECT id, subject, subject_name FROM connected_accounts WHERE environment_id = $1 AND id = $2";
    let Some(row) = tx.one(sql, args![&ctx.environment, id]).await? else { return Ok(None) };
    row.fit("connected_accounts", read_subject)
}

pub(crate) fn read_subject(row: &Row) -> Result<Option<Subject>, Error> {
    let Some(id) = row.optional_text("subject")? else { return Ok(None) };
    let name = row.optional_text("subject_name")?.map(ToOwned::to_owned);
    Ok(Some(Subject { id: id.to_owned(), name }))
}

/// An account with how its refreshing stands and the generation of its tokens.
///
/// # Errors
/// The database failed, or the row fits no account.
pub async fn lease(ctx: &Ctx, tx: &mut Tx, id: &AccountId) -> Result<Option<(ConnectedAccount, i64, Lease)>, Error> {
    let sql = "SELECT * FROM connected_accounts WHERE environment_id = $1 AND id = $2";
    let row = tx.one(sql, args![&ctx.environment, id]).await?;
    row.map(|row| Ok((read(&row)?, row.integer("generation")?, read_lease(&row)?))).transpose()
}

fn read_lease(row: &Row) -> Result<Lease, Error> {
    row.fit("connected_accounts", |row| {
        Ok(Lease {
            started_from: row.optional_integer("refresh_generation")?,
            until: row.optional_timestamp("refresh_until")?,
            lost_at: row.optional_timestamp("refresh_lost_at")?,
            refreshed_at: row.optional_timestamp("refreshed_at")?,
        })
    })
}

/// Takes the lease to refresh generation `from`. False if somebody else has it, or the tokens have changed, or the
/// account is no longer ACTIVE. A lease that ran out without a word (the process died) is noted as a lost answer.
///
/// # Errors
/// The database failed.
pub async fn begin_refresh(
    ctx: &Ctx,
    tx: &mut Tx,
    id: &AccountId,
    from: i64,
    now: Timestamp,
    until: Timestamp,
) -> Result<bool, Error> {
    let sql = "UPDATE connected_accounts SET refresh_generation = $3, refresh_until = $5, refresh_process = $6,
         refresh_lost_at = COALESCE(refresh_lost_at, refresh_until)
         WHERE environment_id = $1 AND id = $2 AND generation = $3 AND status = 'ACTIVE'
         AND (refresh_generation IS NULL OR refresh_until <= $4)";
    let process = Arg::from(tx.process());
    Ok(tx.run(sql, args![&ctx.environment, id, from, now, until, process]).await? == 1)
}

/// Stores refreshed tokens over the generation they were refreshed from, and gives the lease back, also where it ran
/// out meanwhile: these tokens are the account's only ones. An account that was ended because nobody knew of them is in
/// service again. False if it holds another generation or is out of service for another reason (a new consent, a
/// disconnect): that wins, nothing was changed.
///
/// # Errors
/// The database failed.
pub async fn finish_refresh(
    ctx: &Ctx,
    tx: &mut Tx,
    id: &AccountId,
    from: i64,
    tokens: &Tokens,
    now: Timestamp,
) -> Result<bool, Error> {
    let sql =
        "UPDATE connected_accounts SET status = 'ACTIVE', reason = '', credential = $4, audience = $5, scopes = $6,
         expires_at = $7, refreshable = $8, generation = generation + 1, refresh_generation = NULL,
         refresh_until = NULL, refresh_lost_at = NULL, refused_at = NULL, refreshed_at = $9, updated_at = $9, next_refresh_at = $10,
         idle_refresh_at = $11
         WHERE environment_id = $1 AND id = $2 AND generation = $3
         AND (status = 'ACTIVE' OR (status = $12 AND reason = $13))";
    let ended = Status::Expired(Reason::RefreshAnswerLost);
    let values = args![
        &ctx.environment,
        id,
        from,
        &tokens.sealed,
        list_text(&tokens.audience),
        list_text(&tokens.scopes),
        tokens.expires_at,
        tokens.refreshable,
        now,
        tokens.schedule.next,
        tokens.schedule.idle,
        ended.name(),
        ended.reason(),
    ];
    Ok(tx.run(sql, values).await? == 1)
}

/// Gives the lease that ends then back with nothing changed: the refresh never reached the provider, or was refused for
/// a reason that isn't the account's.
///
/// # Errors
/// The database failed.
pub async fn end_refresh(ctx: &Ctx, tx: &mut Tx, id: &AccountId, until: Timestamp) -> Result<bool, Error> {
    let sql = "UPDATE connected_accounts SET refresh_generation = NULL, refresh_until = NULL
         WHERE environment_id = $1 AND id = $2 AND refresh_until = $3";
    Ok(tx.run(sql, args![&ctx.environment, id, until]).await? == 1)
}

/// Gives the lease that ends then back and notes that the answer is lost: the refresh token may be spent. The first loss
/// counts.
///
/// # Errors
/// The database failed.
pub async fn mark_answer_lost(
    ctx: &Ctx,
    tx: &mut Tx,
    id: &AccountId,
    until: Timestamp,
    now: Timestamp,
) -> Result<bool, Error> {
    let sql = "UPDATE connected_accounts SET refresh_generation = NULL, refresh_until = NULL,
         refresh_lost_at = COALESCE(refresh_lost_at, $4), updated_at = $4
         WHERE environment_id = $1 AND id = $2 AND refresh_until = $3";
    Ok(tx.run(sql, args![&ctx.environment, id, until, now]).await? == 1)
}

/// Ends an ACTIVE account that still holds this generation. False if it holds another or is out of service already.
///
/// # Errors
/// The database failed.
pub async fn expire(
    ctx: &Ctx,
    tx: &mut Tx,
    id: &AccountId,
    generation: i64,
    reason: Reason,
    now: Timestamp,
) -> Result<bool, Error> {
    let sql = "UPDATE connected_accounts SET status = $4, reason = $5, refresh_generation = NULL,
         refresh_until = NULL, next_refresh_at = NULL, updated_at = $6
         WHERE environment_id = $1 AND id = $2 AND generation = $3 AND status = 'ACTIVE'";
    let status = Status::Expired(reason);
    Ok(tx.run(sql, args![&ctx.environment, id, generation, status.name(), status.reason(), now]).await? == 1)
}

/// Ends the refresh of a process that died: gives the lease back and notes that the answer is lost. `until` is the
/// lease's own end; false if it is another's by now.
///
/// # Errors
/// The database failed.
pub async fn settle_abandoned(ctx: &Ctx, tx: &mut Tx, id: &AccountId, until: Timestamp) -> Result<bool, Error> {
    let sql = "UPDATE connected_accounts SET refresh_generation = NULL, refresh_until = NULL,
         refresh_lost_at = COALESCE(refresh_lost_at, refresh_until)
         WHERE environment_id = $1 AND id = $2 AND refresh_until = $3";
    Ok(tx.run(sql, args![&ctx.environment, id, until]).await? == 1)
}

fn list_text(list: &[String]) -> String {
    Value::from(list.to_vec()).to_string()
}
