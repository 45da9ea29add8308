//! Revocations that are still to be made at a provider: tokens that have ended here and must not live on there. A row is
//! added in the transaction that ends them here, and goes when the provider has heard of it.
//!
//! Read `leased.rs` first.

use crate::bounded_count::{BoundedCount, LOOKED_AT};
use crate::leased::{Leased, leased};
use crate::{Error, Row, Tx, args};
use serde_json::{Map, Value};
use valetkey_domain::account::Owner;
use valetkey_domain::id::{AccountId, ConnectionId, EnvironmentId, RevocationId};
use valetkey_domain::{Ctx, Sealed, Timestamp};

pub(crate) const LEASED: Leased = leased!("revocations");

/// A revocation to be made.
#[derive(Clone, Debug)]
pub struct Revocation {
    /// Its id, which the seal names as the row.
    pub id: RevocationId,
    /// Its environment.
    pub environment: EnvironmentId,
    /// The connection that the tokens were for. It may be gone.
    pub connection: ConnectionId,
    /// The account that held them, if one did. It may be gone.
    pub account: Option<AccountId>,
    /// Whose they were.
    pub owner: Owner,
    /// Who that is at the provider, if it is known.
    pub subject: Option<String>,
    /// What is sent, sealed for this row.
    pub sealed: Sealed,
    /// The origins that it may be sent to.
    pub audience: Vec<String>,
    /// How it is sent: the use case's own. It is not sealed, so it decides nothing that the audience doesn't allow.
    pub endpoint: Map<String, Value>,
    /// When the tokens ended here.
    pub created_at: Timestamp,
    /// How often it was tried, the try under way included.
    pub attempts: i64,
    /// When it is tried next; while it is held, the end of the lease.
    pub next_at: Timestamp,
    /// Why the last try failed, in a word.
    pub last_error: Option<String>,
    /// Until when a process is at it; none: nobody is.
    pub lease_until: Option<Timestamp>,
}

/// Adds one. Its `attempts` is 1 and the caller holds it until its `next_at` where `lease_until` is set; else it is due at
/// its `next_at`.
///
/// # Errors
/// The database cannot be written.
pub async fn insert(ctx: &Ctx, tx: &mut Tx, revocation: &Revocation) -> Result<(), Error> {
    let sql = "INSERT INTO revocations (id, environment_id, connection_id, account_id, identifier, organization_id,
            user_id, subject, sealed, audience, endpoint, created_at, attempts, next_at, last_error, lease_until, process)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)";
    let process = revocation.lease_until.and(tx.process().cloned());
    let owner = &revocation.owner;
    let values = args![
        &revocation.id,
        &ctx.environment,
        &revocation.connection,
        revocation.account.as_ref(),
        &owner.identifier,
        owner.organization.as_deref().unwrap_or_default(),
        owner.user.as_deref().unwrap_or_default(),
        revocation.subject.as_deref(),
        &revocation.sealed,
        Value::from(revocation.audience.clone()).to_string(),
        Value::Object(revocation.endpoint.clone()).to_string(),
        revocation.created_at,
        revocation.attempts,
        revocation.next_at,
        revocation.last_error.as_deref(),
        revocation.lease_until,
        process.as_ref(),
    ];
    tx.run(sql, values).await.map(drop)
}

/// Claims revocations that are due, those first that have been so the longest, until `until`.
///
/// # Errors
/// The database cannot be written, or a row fits no revocation.
pub async fn claim(
    ctx: &Ctx,
    tx: &mut Tx,
    now: Timestamp,
    until: Timestamp,
    limit: i64,
) -> Result<Vec<Revocation>, Error> {
    LEASED.claim(ctx, tx, now, until, limit).await?.iter().map(read).collect()
}

/// Claims this one, if it is due and nobody holds it.
///
/// # Errors
/// The database cannot be written, or the row fits no revocation.
pub async fn claim_one(
    ctx: &Ctx,
    tx: &mut Tx,
    id: &RevocationId,
    now: Timestamp,
    until: Timestamp,
) -> Result<Option<Revocation>, Error> {
    LEASED.claim_one(ctx, tx, id.as_str(), now, until).await?.as_ref().map(read).transpose()
}

/// Holds on until `until` to the one that the caller holds until `lease`. False if that lease is another's by now.
///
/// # Errors
/// The database cannot be written.
pub async fn extend(
    ctx: &Ctx,
    tx: &mut Tx,
    id: &RevocationId,
    lease: Timestamp,
    until: Timestamp,
) -> Result<bool, Error> {
    LEASED.extend(ctx, tx, id.as_str(), lease, until).await
}

/// Gives the one that the caller holds until `lease` back: it is due again at `next`. `error` says why in a word. False if
/// the lease is another's by now.
///
/// # Errors
/// The database cannot be written.
pub async fn try_again(
    ctx: &Ctx,
    tx: &mut Tx,
    id: &RevocationId,
    lease: Timestamp,
    next: Timestamp,
    error: &str,
) -> Result<bool, Error> {
    LEASED.try_again(ctx, tx, id.as_str(), lease, next, error).await
}

/// Removes the one that the caller holds until `lease`: it is made, or given up. False if the lease is another's by now.
///
/// # Errors
/// The database cannot be written.
pub async fn finish(ctx: &Ctx, tx: &mut Tx, id: &RevocationId, lease: Timestamp) -> Result<bool, Error> {
    LEASED.finish(ctx, tx, id.as_str(), lease).await
}

/// The revocation of this id.
///
/// # Errors
/// The database cannot be read, or the row fits no revocation.
pub async fn get(ctx: &Ctx, tx: &mut Tx, id: &RevocationId) -> Result<Option<Revocation>, Error> {
    let sql = "SELECT * FROM revocations WHERE environment_id = $1 AND id = $2";
    tx.one(sql, args![&ctx.environment, id]).await?.as_ref().map(read).transpose()
}

/// The next `size` revocations of the environment behind this id, in the order of their ids.
///
/// # Errors
/// The database cannot be read, or a row fits no revocation.
pub async fn page(ctx: &Ctx, tx: &mut Tx, behind: &str, size: i64) -> Result<Vec<Revocation>, Error> {
    let sql = "SELECT * FROM revocations WHERE environment_id = $1 AND id > $2 ORDER BY id LIMIT $3";
    tx.all(sql, args![&ctx.environment, behind, size]).await?.iter().map(read).collect()
}

/// What is still to be revoked of an account, oldest first: at most `limit`.
///
/// # Errors
/// The database cannot be read, or a row fits no revocation.
pub async fn of_account(ctx: &Ctx, tx: &mut Tx, account: &AccountId, limit: i64) -> Result<Vec<Revocation>, Error> {
    let sql = "SELECT * FROM revocations WHERE environment_id = $1 AND account_id = $2 ORDER BY id LIMIT $3";
    tx.all(sql, args![&ctx.environment, account, limit]).await?.iter().map(read).collect()
}

/// How many are still to be made for a connection.
///
/// # Errors
/// The database cannot be read.
pub async fn left(ctx: &Ctx, tx: &mut Tx, connection: &ConnectionId) -> Result<BoundedCount, Error> {
    let sql = "SELECT count(*) AS n FROM
        (SELECT 1 FROM revocations WHERE environment_id = $1 AND connection_id = $2 LIMIT $3) AS counted";
    BoundedCount::read(tx.one(sql, args![&ctx.environment, connection, LOOKED_AT]).await?.as_ref())
}

/// What a process that is no more held may be claimed at once.
pub(crate) async fn release(tx: &mut Tx, process: &str, now: Timestamp) -> Result<u64, Error> {
    tx.run(LEASED.release, args![process, now]).await
}

pub(crate) fn read(row: &Row) -> Result<Revocation, Error> {
    let filled = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    row.fit("revocations", |row| {
        Ok(Revocation {
            id: row.parsed("id")?,
            environment: row.parsed("environment_id")?,
            connection: row.parsed("connection_id")?,
            account: row.optional_text("account_id")?.map(|_| row.parsed("account_id")).transpose()?,
            owner: Owner {
                identifier: row.parsed("identifier")?,
                organization: filled(row.text("organization_id")?),
                user: filled(row.text("user_id")?),
            },
            subject: row.optional_text("subject")?.map(ToOwned::to_owned),
            sealed: row.sealed("sealed")?,
            audience: row.json("audience")?,
            endpoint: row.json("endpoint")?,
            created_at: row.timestamp("created_at")?,
            attempts: row.integer("attempts")?,
            next_at: row.timestamp("next_at")?,
            last_error: row.optional_text("last_error")?.map(ToOwned::to_owned),
            lease_until: row.optional_timestamp("lease_until")?,
        })
    })
}

#[cfg(test)]
mod tests;
