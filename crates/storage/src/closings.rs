//! Closings: connections and accounts that are being disconnected or removed with all that hangs on them, as jobs that
//! outlive the request that asked for them and the process that began them.
//!
//! Read `leased.rs` first. Each step of the work is one transaction with the [`progress`] that tells of it: where that
//! says that the lease is another's by now, nothing of the step is kept.

use crate::bounded_count::{BoundedCount, LOOKED_AT};
use crate::leased::{Leased, leased};
use crate::row::misfit;
use crate::{Error, Row, Tx, args};
use valetkey_domain::id::{AccountId, ClosingId, ConnectionId, EnvironmentId};
use valetkey_domain::{Ctx, Timestamp};

pub(crate) const LEASED: Leased = leased!("closings");

/// What is being closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A connection, with its accounts.
    Connection(ConnectionId),
    /// One account.
    Account(AccountId),
}

/// What becomes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClosingKind {
    /// It stays, without credentials.
    Disconnect,
    /// It is removed.
    Delete,
}

/// A closing under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closing {
    /// Its id.
    pub id: ClosingId,
    /// Its environment.
    pub environment: EnvironmentId,
    /// What is being closed.
    pub target: Target,
    /// What becomes of it.
    pub fate: ClosingKind,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// How often it was taken up.
    pub attempts: i64,
    /// When it is taken up next; while it is held, the end of the lease.
    pub next_at: Timestamp,
    /// How many accounts are closed.
    pub done: i64,
    /// How many of them held tokens that cannot be revoked at the provider.
    pub failed: i64,
    /// Why the last try ended before the work did, in a word.
    pub last_error: Option<String>,
    /// Until when a process works on it; none: nobody does.
    pub lease_until: Option<Timestamp>,
}

/// Asks for a closing that the caller works on until `lease`, or, without that, is due at once. There is one for each
/// connection and account: where one is under way it is that one (a removal that is asked for while it is being
/// disconnected becomes its fate). Says whether this is a new one; only then does the caller hold it.
///
/// # Errors
/// The database cannot be written.
pub async fn insert(
    ctx: &Ctx,
    tx: &mut Tx,
    id: &ClosingId,
    target: &Target,
    fate: ClosingKind,
    now: Timestamp,
    lease: Option<Timestamp>,
) -> Result<(Closing, bool), Error> {
    let sql =
        "INSERT INTO closings (id, environment_id, kind, subject, fate, created_at, attempts, next_at, done, failed,
            lease_until, process)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, 0, $9, $10)
        ON CONFLICT (environment_id, kind, subject) DO UPDATE SET
            fate = CASE WHEN excluded.fate = 'delete' THEN excluded.fate ELSE closings.fate END
        RETURNING *";
    let process = lease.and(tx.process().cloned());
    let (kind, subject) = target.stored();
    let values = args![
        id,
        &ctx.environment,
        kind,
        subject,
        fate.stored(),
        now,
        i64::from(lease.is_some()),
        lease.unwrap_or(now),
        lease,
        process.as_ref(),
    ];
    let row = tx.one(sql, values).await?;
    let row = row.ok_or_else(|| Error::Defect { message: "a closing was neither added nor there".into() })?;
    let closing = read(&row)?;
    let new = closing.id == *id;
    Ok((closing, new))
}

/// Claims closings that are due, those first that have been so the longest, until `until`.
///
/// # Errors
/// The database cannot be written, or a row fits no closing.
pub async fn claim(
    ctx: &Ctx,
    tx: &mut Tx,
    now: Timestamp,
    until: Timestamp,
    limit: i64,
) -> Result<Vec<Closing>, Error> {
    LEASED.claim(ctx, tx, now, until, limit).await?.iter().map(read).collect()
}

/// How far a closing has come since the last time, and until when it is held from here on.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// How many more accounts are closed.
    pub done: i64,
    /// How many of them held tokens that cannot be revoked at the provider.
    pub failed: i64,
    /// Until when the caller holds on.
    pub until: Timestamp,
}

/// Tells how far the closing that the caller holds until `lease` has come. False if that lease is another's by now.
///
/// # Errors
/// The database cannot be written.
pub async fn progress(
    ctx: &Ctx,
    tx: &mut Tx,
    id: &ClosingId,
    lease: Timestamp,
    progress: Progress,
) -> Result<bool, Error> {
    let sql = "UPDATE closings SET done = done + $4, failed = failed + $5, next_at = $6, lease_until = $6
        WHERE id = $2 AND environment_id = $1 AND lease_until = $3";
    let Progress { done, failed, until } = progress;
    Ok(tx.run(sql, args![&ctx.environment, id, lease, done, failed, until]).await? == 1)
}

/// Gives the closing that the caller holds until `lease` back: it is due again at `next`. `error` says why in a word.
/// False if the lease is another's by now.
///
/// # Errors
/// The database cannot be written.
pub async fn try_again(
    ctx: &Ctx,
    tx: &mut Tx,
    id: &ClosingId,
    lease: Timestamp,
    next: Timestamp,
    error: &str,
) -> Result<bool, Error> {
    LEASED.try_again(ctx, tx, id.as_str(), lease, next, error).await
}

/// Ends the closing that the caller holds until `lease`: all is done. False if the lease is another's by now.
///
/// # Errors
/// The database cannot be written.
pub async fn finish(ctx: &Ctx, tx: &mut Tx, id: &ClosingId, lease: Timestamp) -> Result<bool, Error> {
    LEASED.finish(ctx, tx, id.as_str(), lease).await
}

/// The closing of this connection or account, if it is under way.
///
/// # Errors
/// The database cannot be read, or the row fits no closing.
pub async fn of(ctx: &Ctx, tx: &mut Tx, target: &Target) -> Result<Option<Closing>, Error> {
    let sql = "SELECT * FROM closings WHERE environment_id = $1 AND kind = $2 AND subject = $3";
    let (kind, subject) = target.stored();
    tx.one(sql, args![&ctx.environment, kind, subject]).await?.as_ref().map(read).transpose()
}

/// The environment's closings under way, those first that are due the soonest: at most `limit`.
///
/// # Errors
/// The database cannot be read, or a row fits no closing.
pub async fn list(ctx: &Ctx, tx: &mut Tx, limit: i64) -> Result<Vec<Closing>, Error> {
    let sql = "SELECT * FROM closings WHERE environment_id = $1 ORDER BY next_at, id LIMIT $2";
    tx.all(sql, args![&ctx.environment, limit]).await?.iter().map(read).collect()
}

/// How many accounts a connection still has, disconnected ones among them.
///
/// # Errors
/// The database cannot be read.
pub async fn left(ctx: &Ctx, tx: &mut Tx, connection: &ConnectionId) -> Result<BoundedCount, Error> {
    let sql = "SELECT count(*) AS n FROM (SELECT 1 FROM connected_accounts WHERE connection_id = $2
        AND connection_id IN (SELECT id FROM connections WHERE id = $2 AND environment_id = $1) LIMIT $3) AS counted";
    BoundedCount::read(tx.one(sql, args![&ctx.environment, connection, LOOKED_AT]).await?.as_ref())
}

/// What a process that is no more held may be claimed at once.
pub(crate) async fn release(tx: &mut Tx, process: &str, now: Timestamp) -> Result<u64, Error> {
    tx.run(LEASED.release, args![process, now]).await
}

impl Target {
    fn stored(&self) -> (&'static str, &str) {
        match self {
            Self::Connection(id) => ("connection", id.as_str()),
            Self::Account(id) => ("account", id.as_str()),
        }
    }
}

impl ClosingKind {
    const fn stored(self) -> &'static str {
        match self {
            Self::Disconnect => "disconnect",
            Self::Delete => "delete",
        }
    }
}

fn read(row: &Row) -> Result<Closing, Error> {
    row.fit("closings", |row| {
        Ok(Closing {
            id: row.parsed("id")?,
            environment: row.parsed("environment_id")?,
            target: match row.text("kind")? {
                "connection" => Target::Connection(row.parsed("subject")?),
                "account" => Target::Account(row.parsed("subject")?),
                _ => return Err(misfit("kind", "is neither connection nor account")),
            },
            fate: match row.text("fate")? {
                "disconnect" => ClosingKind::Disconnect,
                "delete" => ClosingKind::Delete,
                _ => return Err(misfit("fate", "is neither disconnect nor delete")),
            },
            created_at: row.timestamp("created_at")?,
            attempts: row.integer("attempts")?,
            next_at: row.timestamp("next_at")?,
            done: row.integer("done")?,
            failed: row.integer("failed")?,
            last_error: row.optional_text("last_error")?.map(ToOwned::to_owned),
            lease_until: row.optional_timestamp("lease_until")?,
        })
    })
}

#[cfg(test)]
mod tests;
