//! Pending credentials: what a person signed in with, while it is asked whether it may replace the account that was
//! there. Nothing that executes tools reads this table.

use crate::accounts::{Schedule, Subject, Tokens, read_subject};
use crate::{Error, Row, Tx, args};
use serde_json::{Map, Value};
use valetkey_domain::id::{AccountId, AuthorizationId};
use valetkey_domain::{Ctx, Timestamp};

/// Tokens that wait for a person's word.
#[derive(Clone, Debug)]
pub struct Pending {
    /// The tokens, sealed for this table.
    pub tokens: Tokens,
    /// Whose they are at the provider.
    pub subject: Option<Subject>,
    /// What they say of the account beside them.
    pub api_config: Map<String, Value>,
    /// Until when they wait.
    pub expires_at: Timestamp,
}

/// Keeps tokens under their authorization.
///
/// # Errors
/// The authorization has some already.
pub async fn insert(ctx: &Ctx, tx: &mut Tx, id: &AuthorizationId, pending: &Pending) -> Result<(), Error> {
    let sql = "INSERT INTO pending_credentials (authorization_id, environment_id, sealed, audience, scopes,
         subject, refreshable, token_expires_at, expires_at, subject_name, api_config)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    let Pending { tokens, subject, api_config, expires_at } = pending;
    let values = args![
        id,
        &ctx.environment,
        &tokens.sealed,
        Value::from(tokens.audience.clone()).to_string(),
        Value::from(tokens.scopes.clone()).to_string(),
        subject.as_ref().map(|subject| subject.id.as_str()),
        tokens.refreshable,
        tokens.expires_at,
        *expires_at,
        subject.as_ref().and_then(|subject| subject.name.as_deref()),
        Value::from(api_config.clone()).to_string(),
    ];
    tx.run(sql, values).await.map(drop)
}

/// The tokens of an authorization that still wait.
///
/// # Errors
/// The database failed, or the row doesn't fit.
pub async fn get(ctx: &Ctx, tx: &mut Tx, id: &AuthorizationId, now: Timestamp) -> Result<Option<Pending>, Error> {
    let sql = "SELECT authorization_id AS id, sealed, audience, scopes, subject, subject_name, refreshable,
         token_expires_at, expires_at, api_config FROM pending_credentials
         WHERE environment_id = $1 AND authorization_id = $2 AND expires_at > $3";
    let Some(row) = tx.one(sql, args![&ctx.environment, id, now]).await? else { return Ok(None) };
    row.fit("pending_credentials", |row| read(row).map(Some))
}

/// The tokens that wait for a word about this account, those among them for which it is too late.
///
/// # Errors
/// The database failed, or a row doesn't fit.
pub async fn of_account(ctx: &Ctx, tx: &mut Tx, account: &AccountId) -> Result<Vec<(AuthorizationId, Pending)>, Error> {
    // Joined to nothing, the environment is no index's: without statistics it would be taken for the narrower one.
    let sql = "SELECT a.id, p.sealed, p.audience, p.scopes, p.subject, p.subject_name, p.refreshable,
         p.token_expires_at, p.expires_at, p.api_config FROM authorizations a
         CROSS JOIN pending_credentials p
         WHERE a.account_id = $2 AND p.authorization_id = a.id AND p.environment_id || '' = $1";
    let read = |row: &Row| row.fit("pending_credentials", |row| Ok((row.parsed("id")?, read(row)?)));
    tx.all(sql, args![&ctx.environment, account]).await?.iter().map(read).collect()
}

/// The tokens for which nobody spoke up in time, and the accounts that they were for: at most `limit`.
///
/// # Errors
/// The database failed, or a row doesn't fit.
pub async fn expired(
    ctx: &Ctx,
    tx: &mut Tx,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<(AuthorizationId, AccountId, Pending)>, Error> {
    let sql = "SELECT a.id, a.account_id, p.sealed, p.audience, p.scopes, p.subject, p.subject_name, p.refreshable,
         p.token_expires_at, p.expires_at, p.api_config FROM pending_credentials p
         JOIN authorizations a ON a.id = p.authorization_id
         WHERE p.environment_id = $1 AND p.expires_at <= $2 ORDER BY p.expires_at, a.id LIMIT $3";
    let read = |row: &Row| {
        row.fit("pending_credentials", |row| Ok((row.parsed("id")?, row.parsed("account_id")?, read(row)?)))
    };
    tx.all(sql, args![&ctx.environment, now, limit]).await?.iter().map(read).collect()
}

fn read(row: &Row) -> Result<Pending, Error> {
    let tokens = Tokens {
        sealed: row.sealed("sealed")?,
        audience: row.json("audience")?,
        scopes: row.json("scopes")?,
        expires_at: row.optional_timestamp("token_expires_at")?,
        refreshable: row.flag("refreshable")?,
        // Nothing is refreshed that waits for a person's word.
        schedule: Schedule::default(),
    };
    let (subject, api_config) = (read_subject(row)?, row.json("api_config")?);
    Ok(Pending { tokens, subject, api_config, expires_at: row.timestamp("expires_at")? })
}

/// Lets the tokens of an authorization wait longer. False if there are none (any more).
///
/// # Errors
/// The database failed.
pub async fn extend(ctx: &Ctx, tx: &mut Tx, id: &AuthorizationId, until: Timestamp) -> Result<bool, Error> {
    let sql = "UPDATE pending_credentials SET expires_at = $3 WHERE environment_id = $1 AND authorization_id = $2";
    Ok(tx.run(sql, args![&ctx.environment, id, until]).await? == 1)
}

/// Removes the tokens of an authorization. False if there are none (any more).
///
/// # Errors
/// The database failed.
pub async fn delete(ctx: &Ctx, tx: &mut Tx, id: &AuthorizationId) -> Result<bool, Error> {
    let sql = "DELETE FROM pending_credentials WHERE environment_id = $1 AND authorization_id = $2";
    Ok(tx.run(sql, args![&ctx.environment, id]).await? == 1)
}
