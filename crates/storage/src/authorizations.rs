//! Authorizations: consents in flight. Link, state and cookie are here as hashes only.
//!
//! Every step is a compare-and-set on the stage (and on `state`, once there is one): of two callbacks that race, one
//! changes the row and the other learns that it didn't.

mod stored;

pub(crate) use stored::read;

use crate::row::json_text;
use crate::{Arg, Error, Tx, args};
use stored::{REFUSED_LIKE, outcome_text};
use valetkey_domain::authorization::{Authorization, Outcome, Started};
use valetkey_domain::id::{AccountId, AuthorizationId, ProcessId};
use valetkey_domain::{Ctx, Timestamp};

/// How a consent ends.
#[derive(Clone, Copy, Debug)]
pub struct ConsentEnd<'a> {
    /// How.
    pub outcome: &'a Outcome,
    /// What the provider said of it.
    pub words: Option<&'a str>,
}

impl<'a> From<&'a Outcome> for ConsentEnd<'a> {
    fn from(outcome: &'a Outcome) -> Self {
        Self { outcome, words: None }
    }
}

/// Adds one that has a link and nothing else.
///
/// # Errors
/// The database failed.
pub async fn insert(ctx: &Ctx, tx: &mut Tx, authorization: &Authorization, link_hash: &[u8; 32]) -> Result<(), Error> {
    let sql = "INSERT INTO authorizations (id, environment_id, connection_id, account_id, stage, link_hash,
         link_expires_at, created_at, verify_url, verify_state, asked_scopes)
         VALUES ($1, $2, $3, $4, 'linked', $5, $6, $7, $8, $9, $10)";
    let values = args![
        &authorization.id,
        &ctx.environment,
        &authorization.connection,
        &authorization.account,
        link_hash,
        authorization.link_expires_at,
        authorization.created_at,
        authorization.verify.as_ref().map(|verify| verify.url.as_str()),
        authorization.verify.as_ref().and_then(|verify| verify.state.as_deref()),
        authorization.asked.as_ref().map(json_text).transpose()?,
    ];
    tx.run(sql, values).await.map(drop)
}

/// The authorization of this id.
///
/// # Errors
/// The database failed, or the row fits no stage.
pub async fn get(ctx: &Ctx, tx: &mut Tx, id: &AuthorizationId) -> Result<Option<Authorization>, Error> {
    let sql = "SELECT * FROM authorizations WHERE environment_id = $1 AND id = $2";
    tx.one(sql, args![&ctx.environment, id]).await?.as_ref().map(read).transpose()
}

/// The account's authorizations whose links have time left, the newest first, ten at most, each with the SHA-256 of its
/// link's token.
///
/// # Errors
/// The database cannot be read.
pub async fn with_time_left(
    ctx: &Ctx,
    tx: &mut Tx,
    account: &AccountId,
    now: Timestamp,
) -> Result<Vec<(Authorization, [u8; 32])>, Error> {
    let sql = "SELECT * FROM authorizations WHERE environment_id = $1 AND account_id = $2 AND link_expires_at > $3
         ORDER BY created_at DESC, id DESC LIMIT 10";
    let rows = tx.all(sql, args![&ctx.environment, account, now]).await?;
    rows.iter().map(|row| Ok((read(row)?, row.fit("authorizations", |row| row.hash("link_hash"))?))).collect()
}

/// The account's authorizations that have ended, the newest end first, twenty at most.
///
/// # Errors
/// The database cannot be read.
pub async fn ended(ctx: &Ctx, tx: &mut Tx, account: &AccountId) -> Result<Vec<Authorization>, Error> {
    // By the account, of which there are few, and not by the environment, whose they all are.
    let sql = "SELECT * FROM authorizations WHERE account_id = $2 AND environment_id || '' = $1 AND stage = 'done'
         ORDER BY done_at DESC, id DESC LIMIT 20";
    tx.all(sql, args![&ctx.environment, account]).await?.iter().map(read).collect()
}

/// Ends all links of an account but the newest `kept`. A consent that was started may still finish.
///
/// # Errors
/// The database failed.
pub async fn end_older_links(
    ctx: &Ctx,
    tx: &mut Tx,
    account: &AccountId,
    kept: i64,
    now: Timestamp,
) -> Result<u64, Error> {
    let sql = "UPDATE authorizations SET link_expires_at = $3
         WHERE environment_id = $1 AND account_id = $2 AND link_expires_at > $3 AND id NOT IN
         (SELECT a.id FROM authorizations a WHERE a.environment_id = $1 AND a.account_id = $2 AND a.link_expires_at > $3
          ORDER BY a.created_at DESC, a.id DESC LIMIT $4)";
    tx.run(sql, args![&ctx.environment, account, now, kept]).await
}

/// How often one link may be started with. Every start is kept in the journal, and whoever has the link can press.
pub const STARTS: i64 = 20;

/// Binds it to a browser and keeps what it asks for; an earlier start's `state` is forgotten by this. The last of
/// [`STARTS`] ends the link; what was begun with it may still finish. False if the link has expired, was spent by a
/// success, its code is being exchanged right now, or another browser was first and may still finish.
///
/// # Errors
/// The database failed.
pub async fn start(
    ctx: &Ctx,
    tx: &mut Tx,
    id: &AuthorizationId,
    started: &Started,
    asked: &[String],
    now: Timestamp,
) -> Result<bool, Error> {
    let sql = "UPDATE authorizations SET stage = 'started', browser_hash = $3, state_hash = $4, verifier = $5,
         redirect_uri = $6, consent_expires_at = $7, asked_scopes = $14, outcome = NULL, done_at = NULL,
         provider_words = NULL, starts = starts + 1,
         link_expires_at = CASE WHEN starts + 1 >= $15 THEN $8 ELSE link_expires_at END
         WHERE environment_id = $1 AND id = $2 AND link_expires_at > $8
         AND (stage = 'linked' OR (stage = 'started' AND (browser_hash = $3 OR consent_expires_at <= $8))
              OR (stage = 'exchanging' AND consent_expires_at <= $8)
              OR (stage = 'done' AND outcome IN ($9, $10, $11, $13))
              OR (stage = 'done' AND outcome LIKE $12))";
    let values = args![
        &ctx.environment,
        id,
        &started.browser,
        &started.state,
        &started.verifier,
        started.redirect_uri.as_str(),
        started.expires_at,
        now,
        outcome_text(&Outcome::Declined),
        outcome_text(&Outcome::ProviderFailed),
        outcome_text(&Outcome::Expired),
        REFUSED_LIKE,
        outcome_text(&Outcome::Interrupted),
        json_text(&asked)?,
        STARTS,
    ];
    Ok(tx.run(sql, values).await? == 1)
}

/// The provider sent the person back: the code may be exchanged, once, until `until`. False if another callback was
/// first, the link was started again, or time ran out.
///
/// # Errors
/// The database failed.
pub async fn exchange(
    ctx: &Ctx,
    tx: &mut Tx,
    id: &AuthorizationId,
    state: &[u8; 32],
    now: Timestamp,
    until: Timestamp,
) -> Result<bool, Error> {
    let sql = "UPDATE authorizations SET stage = 'exchanging', consent_expires_at = $5, exchange_process = $6
         WHERE environment_id = $1 AND id = $2 AND state_hash = $3 AND stage = 'started' AND consent_expires_at > $4";
    let process = Arg::from(tx.process());
    Ok(tx.run(sql, args![&ctx.environment, id, state, now, until, process]).await? == 1)
}

/// Ends one that is waiting for the provider to send the person back. False if it isn't, under this `state`.
///
/// # Errors
/// The database failed.
pub async fn end_started(
    ctx: &Ctx,
    tx: &mut Tx,
    id: &AuthorizationId,
    state: &[u8; 32],
    ended: impl Into<ConsentEnd<'_>>,
    now: Timestamp,
) -> Result<bool, Error> {
    end(ctx, tx, id, ("started", state), ended.into(), now).await
}

/// Ends one whose code was exchanged, also if nobody believed any more that its exchange would come back. False if it was
/// started again meanwhile: what the exchange brought must then be dropped.
///
/// # Errors
/// The database failed.
pub async fn end_exchanging(
    ctx: &Ctx,
    tx: &mut Tx,
    id: &AuthorizationId,
    state: &[u8; 32],
    ended: impl Into<ConsentEnd<'_>>,
    now: Timestamp,
) -> Result<bool, Error> {
    let ended = ended.into();
    Ok(end(ctx, tx, id, ("exchanging", state), ended, now).await? || late(ctx, tx, id, state, ended, now).await?)
}

async fn end(
    ctx: &Ctx,
    tx: &mut Tx,
    id: &AuthorizationId,
    (stage, state): (&'static str, &[u8; 32]),
    ended: ConsentEnd<'_>,
    now: Timestamp,
) -> Result<bool, Error> {
    let sql =
        "UPDATE authorizations SET stage = 'done', outcome = $4, done_at = $5, provider_words = $7, verifier = NULL
         WHERE environment_id = $1 AND id = $2 AND state_hash = $3 AND stage = $6";
    let values = args![&ctx.environment, id, state, outcome_text(ended.outcome), now, stage, ended.words];
    Ok(tx.run(sql, values).await? == 1)
}

/// Of an exchange that was taken for interrupted.
async fn late(
    ctx: &Ctx,
    tx: &mut Tx,
    id: &AuthorizationId,
    state: &[u8; 32],
    ended: ConsentEnd<'_>,
    now: Timestamp,
) -> Result<bool, Error> {
    let sql = "UPDATE authorizations SET outcome = $4, done_at = $5, provider_words = $7
         WHERE environment_id = $1 AND id = $2 AND state_hash = $3 AND stage = 'done' AND outcome = $6";
    let interrupted = outcome_text(&Outcome::Interrupted);
    let values = args![&ctx.environment, id, state, outcome_text(ended.outcome), now, interrupted, ended.words];
    Ok(tx.run(sql, values).await? == 1)
}

/// Ends one whose code was being exchanged by a process that is no more. False if it ended otherwise, or was started
/// again, by then.
///
/// # Errors
/// The database failed.
pub async fn interrupt(
    ctx: &Ctx,
    tx: &mut Tx,
    id: &AuthorizationId,
    by: Timestamp,
    now: Timestamp,
) -> Result<bool, Error> {
    let sql = "UPDATE authorizations SET stage = 'done', outcome = $5, done_at = $4, verifier = NULL
         WHERE environment_id = $1 AND id = $2 AND stage = 'exchanging' AND consent_expires_at <= $3";
    Ok(tx.run(sql, args![&ctx.environment, id, by, now, outcome_text(&Outcome::Interrupted)]).await? == 1)
}

/// Ends one whose code was being exchanged by this process, which has died. False if it ended otherwise, or another process
/// is at it by now.
///
/// # Errors
/// The database failed.
pub async fn interrupt_of(
    ctx: &Ctx,
    tx: &mut Tx,
    id: &AuthorizationId,
    process: &ProcessId,
    now: Timestamp,
) -> Result<bool, Error> {
    let sql = "UPDATE authorizations SET stage = 'done', outcome = $5, done_at = $4, verifier = NULL
         WHERE environment_id = $1 AND id = $2 AND stage = 'exchanging' AND exchange_process = $3";
    Ok(tx.run(sql, args![&ctx.environment, id, process, now, outcome_text(&Outcome::Interrupted)]).await? == 1)
}

/// Counts one more try with a link's form. False once there have been `most` of them.
///
/// # Errors
/// The database failed.
pub async fn count_try(ctx: &Ctx, tx: &mut Tx, id: &AuthorizationId, most: i64) -> Result<bool, Error> {
    let sql = "UPDATE authorizations SET tries = tries + 1 WHERE environment_id = $1 AND id = $2 AND tries < $3";
    Ok(tx.run(sql, args![&ctx.environment, id, most]).await? == 1)
}

/// Replaces the outcome once a person has chosen between two provider accounts. False if it was not this outcome.
///
/// # Errors
/// The database failed.
pub async fn resolve(
    ctx: &Ctx,
    tx: &mut Tx,
    id: &AuthorizationId,
    before: &Outcome,
    after: &Outcome,
    now: Timestamp,
) -> Result<bool, Error> {
    let sql = "UPDATE authorizations SET outcome = $4, done_at = $5
         WHERE environment_id = $1 AND id = $2 AND stage = 'done' AND outcome = $3";
    let values = args![&ctx.environment, id, outcome_text(before), outcome_text(after), now];
    Ok(tx.run(sql, values).await? == 1)
}

/// Removes an account's authorizations whose links ended before `before`: nobody comes back to them.
///
/// # Errors
/// The database failed.
pub async fn prune(ctx: &Ctx, tx: &mut Tx, account: &AccountId, before: Timestamp) -> Result<u64, Error> {
    let sql = "DELETE FROM authorizations WHERE environment_id = $1 AND account_id = $2
         AND link_expires_at < $3 AND (consent_expires_at IS NULL OR consent_expires_at < $3)";
    tx.run(sql, args![&ctx.environment, account, before]).await
}

/// Removes the environment's authorizations whose links ended before `before`, whoever's they are.
///
/// # Errors
/// The database failed.
pub async fn purge(ctx: &Ctx, tx: &mut Tx, before: Timestamp) -> Result<u64, Error> {
    let sql = "DELETE FROM authorizations WHERE environment_id = $1
         AND link_expires_at < $2 AND (consent_expires_at IS NULL OR consent_expires_at < $2)";
    tx.run(sql, args![&ctx.environment, before]).await
}

#[cfg(test)]
mod tests;
