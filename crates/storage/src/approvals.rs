//! Approvals: calls that wait for their user's word. Each step is a compare-and-set on the stage, so a word is given once
//! and used once. Of a link only the hash is here, and what the user is shown is sealed.

use crate::row::misfit;
use crate::{Error, Row, Tx, args};
use valetkey_domain::approval::{Approval, Stage};
use valetkey_domain::id::{AccountId, ApprovalId};
use valetkey_domain::{Ctx, Timestamp};

/// Adds one that is asked for. What has ended in its environment is forgotten on the way.
///
/// # Errors
/// The database cannot be written.
pub async fn insert(ctx: &Ctx, tx: &mut Tx, approval: &Approval, link_hash: &[u8; 32]) -> Result<(), Error> {
    let sql = "DELETE FROM approvals WHERE environment_id = $1 AND expires_at <= $2";
    tx.run(sql, args![&ctx.environment, approval.created_at]).await?;
    let sql = "INSERT INTO approvals (id, environment_id, server, call_hash, connection_id, account_id, shown, stage,
        link_hash, expires_at, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    let values = args![
        &approval.id,
        &ctx.environment,
        approval.server.as_str(),
        &approval.call,
        &approval.connection,
        &approval.account,
        &approval.shown,
        approval.stage.as_str(),
        link_hash,
        approval.expires_at,
        approval.created_at,
    ];
    tx.run(sql, values).await.map(drop)
}

/// The approval of this id.
///
/// # Errors
/// The database cannot be read.
pub async fn get(ctx: &Ctx, tx: &mut Tx, id: &ApprovalId) -> Result<Option<Approval>, Error> {
    let sql = "SELECT * FROM approvals WHERE environment_id = $1 AND id = $2";
    tx.one(sql, args![&ctx.environment, id]).await?.as_ref().map(read).transpose()
}

/// The newest approval of exactly this call that has time left and was not used.
///
/// # Errors
/// The database cannot be read.
pub async fn of_call(ctx: &Ctx, tx: &mut Tx, call: &[u8; 32], now: Timestamp) -> Result<Option<Approval>, Error> {
    let sql =
        "SELECT * FROM approvals WHERE environment_id = $1 AND call_hash = $2 AND expires_at > $3 AND stage <> 'used'
        ORDER BY id DESC LIMIT 1";
    tx.one(sql, args![&ctx.environment, call, now]).await?.as_ref().map(read).transpose()
}

/// How many of a server's calls wait for a word.
///
/// # Errors
/// The database cannot be read.
pub async fn waiting(ctx: &Ctx, tx: &mut Tx, server: &str, now: Timestamp) -> Result<i64, Error> {
    let sql = "SELECT count(*) AS n FROM approvals
        WHERE environment_id = $1 AND server = $2 AND stage = 'asked' AND expires_at > $3";
    let row = tx.one(sql, args![&ctx.environment, server, now]).await?;
    row.map_or(Ok(0), |row| row.fit("approvals", |row| row.integer("n")))
}

/// Until when the calls with an account that wait for a word can get one, the next first.
///
/// # Errors
/// The database cannot be read.
pub async fn ends(ctx: &Ctx, tx: &mut Tx, account: &AccountId, now: Timestamp) -> Result<Vec<Timestamp>, Error> {
    let sql = "SELECT expires_at FROM approvals
        WHERE environment_id = $1 AND expires_at > $2 AND account_id = $3 AND stage = 'asked' ORDER BY expires_at";
    let rows = tx.all(sql, args![&ctx.environment, now, account]).await?;
    rows.iter().map(|row| row.fit("approvals", |row| row.timestamp("expires_at"))).collect()
}

/// Writes the user's word, good until `until`. False if there was one before, or time ran out.
///
/// # Errors
/// The database cannot be written.
pub async fn decide(
    ctx: &Ctx,
    tx: &mut Tx,
    id: &ApprovalId,
    stage: Stage,
    now: Timestamp,
    until: Timestamp,
) -> Result<bool, Error> {
    let sql = "UPDATE approvals SET stage = $3, expires_at = $5
        WHERE environment_id = $1 AND id = $2 AND stage = 'asked' AND expires_at > $4";
    Ok(tx.run(sql, args![&ctx.environment, id, stage.as_str(), now, until]).await? == 1)
}

/// Uses a word that was given. False if somebody else did, or time ran out.
///
/// # Errors
/// The database cannot be written.
pub async fn take(ctx: &Ctx, tx: &mut Tx, id: &ApprovalId, now: Timestamp) -> Result<bool, Error> {
    let sql = "UPDATE approvals SET stage = 'used'
        WHERE environment_id = $1 AND id = $2 AND stage = 'given' AND expires_at > $3";
    Ok(tx.run(sql, args![&ctx.environment, id, now]).await? == 1)
}

/// Keeps in which browser an account was signed in, by the hash of its cookie; none where the app brought the credential.
///
/// # Errors
/// The database cannot be written.
pub async fn signed_in(ctx: &Ctx, tx: &mut Tx, account: &AccountId, browser: Option<&[u8; 32]>) -> Result<(), Error> {
    let sql = "UPDATE connected_accounts SET signed_in_browser = $3 WHERE environment_id = $1 AND id = $2";
    tx.run(sql, args![&ctx.environment, account, browser]).await.map(drop)
}

/// In which browser an account was signed in.
///
/// # Errors
/// The database cannot be read.
pub async fn signer(ctx: &Ctx, tx: &mut Tx, account: &AccountId) -> Result<Option<[u8; 32]>, Error> {
    let sql = "SELECT id, signed_in_browser FROM connected_accounts WHERE environment_id = $1 AND id = $2";
    let row = tx.one(sql, args![&ctx.environment, account]).await?;
    row.map_or(Ok(None), |row| row.fit("connected_accounts", |row| row.optional_hash("signed_in_browser")))
}

fn read(row: &Row) -> Result<Approval, Error> {
    row.fit("approvals", |row| {
        Ok(Approval {
            id: row.parsed("id")?,
            server: row.text("server")?.into(),
            call: row.hash("call_hash")?,
            connection: row.parsed("connection_id")?,
            account: row.parsed("account_id")?,
            shown: row.sealed("shown")?,
            stage: Stage::parse(row.text("stage")?).ok_or_else(|| misfit("stage", "is no stage"))?,
            expires_at: row.timestamp("expires_at")?,
            created_at: row.timestamp("created_at")?,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{doors, fixture};
    use std::time::Duration;
    use valetkey_domain::id::ConnectionId;
    use valetkey_domain::sealed::Sealed;

    fn approval(id: &str, call: u8) -> Approval {
        Approval {
            id: ApprovalId::parse(id).unwrap(),
            server: "inst_1".into(),
            call: [call; 32],
            connection: ConnectionId::parse("conn_1").unwrap(),
            account: AccountId::parse("ca_1").unwrap(),
            shown: Sealed(vec![1, 2, 3]),
            stage: Stage::Asked,
            expires_at: fixture::now() + Duration::from_secs(60),
            created_at: fixture::now(),
        }
    }

    #[tokio::test]
    async fn attack_44_a_word_is_given_once_and_used_once_in_its_time_and_environment() {
        let there = fixture::two_environments().await;
        let mut tx = there.store.write().await.unwrap();
        let (ours, theirs, now) = (&there.ours, &there.theirs, fixture::now());
        let (one, late) = (approval("appr_1", 1), now + Duration::from_secs(60));
        insert(ours, &mut tx, &one, &[9; 32]).await.unwrap();
        let (id, call) = (&one.id, &one.call);
        assert_eq!(
            doors::approval_by_link(&mut tx, &[9; 32]).await.unwrap(),
            Some((ours.environment.clone(), id.clone()))
        );
        assert!(!take(ours, &mut tx, id, now).await.unwrap(), "nobody said anything yet");
        assert!(!decide(theirs, &mut tx, id, Stage::Given, now, late).await.unwrap());
        assert!(!decide(ours, &mut tx, id, Stage::Given, late, late).await.unwrap(), "too late");
        assert_eq!(waiting(ours, &mut tx, "inst_1", now).await.unwrap(), 1);
        assert_eq!(ends(ours, &mut tx, &one.account, now).await.unwrap(), [late]);
        assert!(ends(ours, &mut tx, &one.account, late).await.unwrap().is_empty());
        assert!(ends(theirs, &mut tx, &one.account, now).await.unwrap().is_empty());
        assert!(decide(ours, &mut tx, id, Stage::Given, now, late).await.unwrap());
        assert!(!decide(ours, &mut tx, id, Stage::Refused, now, late).await.unwrap(), "once");
        assert_eq!(waiting(ours, &mut tx, "inst_1", now).await.unwrap(), 0);
        assert_eq!(of_call(ours, &mut tx, call, now).await.unwrap().unwrap().stage, Stage::Given);
        assert!(of_call(theirs, &mut tx, call, now).await.unwrap().is_none());
        assert!(!take(theirs, &mut tx, id, now).await.unwrap());
        assert!(!take(ours, &mut tx, id, late).await.unwrap(), "too late");
        assert!(take(ours, &mut tx, id, now).await.unwrap());
        assert!(!take(ours, &mut tx, id, now).await.unwrap(), "once");
        assert!(of_call(ours, &mut tx, call, now).await.unwrap().is_none());
        insert(ours, &mut tx, &Approval { created_at: late, ..approval("appr_2", 2) }, &[8; 32]).await.unwrap();
        assert!(get(ours, &mut tx, id).await.unwrap().is_none(), "what has ended is forgotten");
    }
}
