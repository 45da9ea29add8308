//! Parts of answers that were too long to be given at once, sealed, for the minutes in which their reader comes back.

use crate::bulk::Bulk;
use crate::{Error, Row, Tx, args};
use std::sync::LazyLock;
use valetkey_domain::id::{AccountId, EnvironmentId};
use valetkey_domain::{Ctx, Sealed, Timestamp};

/// Part of an answer.
#[derive(Clone, Debug)]
pub struct Part {
    /// The hash of the handle by which it is asked for.
    pub id: String,
    /// Which part it is: the first that is kept is 1.
    pub part: i64,
    /// By whom: an instance's id, or a session token's.
    pub reader: String,
    /// The account that it was read with.
    pub account: AccountId,
    /// The part, sealed.
    pub sealed: Sealed,
    /// Until when it can be read.
    pub expires_at: Timestamp,
}

static PUT: LazyLock<Bulk> = LazyLock::new(|| {
    Bulk::new(
        "id part:n environment_id reader account_id sealed:b bytes:n expires_at:n",
        "INSERT INTO kept_answers (id, part, environment_id, reader, account_id, sealed, bytes, expires_at)
         SELECT given.id, given.part, given.environment_id, given.reader, given.account_id, given.sealed, given.bytes,
           given.expires_at FROM given",
    )
});

/// Keeps the parts of one answer.
///
/// # Errors
/// The database cannot be written.
pub async fn insert(ctx: &Ctx, tx: &mut Tx, parts: &[Part]) -> Result<(), Error> {
    let row = |part: &Part| {
        let bytes = i64::try_from(part.sealed.0.len()).unwrap_or(i64::MAX);
        let values = args![
            &part.id,
            part.part,
            &ctx.environment,
            &part.reader,
            &part.account,
            &part.sealed,
            bytes,
            part.expires_at
        ];
        values.into()
    };
    tx.run_each(&PUT, parts.iter().map(row).collect()).await.map(drop)
}

/// A part that still can be read.
///
/// # Errors
/// The database cannot be read.
pub async fn get(ctx: &Ctx, tx: &mut Tx, id: &str, part: i64, now: Timestamp) -> Result<Option<Part>, Error> {
    let sql = "SELECT id, part, reader, account_id, sealed, expires_at FROM kept_answers
        WHERE id = $2 AND part = $3 AND environment_id = $1 AND expires_at > $4";
    let row = tx.one(sql, args![&ctx.environment, id, part, now]).await?;
    row.as_ref().map(|row| row.fit("kept_answers", read)).transpose()
}

fn read(row: &Row) -> Result<Part, Error> {
    Ok(Part {
        id: row.text("id")?.into(),
        part: row.integer("part")?,
        reader: row.text("reader")?.into(),
        account: row.parsed("account_id")?,
        sealed: row.sealed("sealed")?,
        expires_at: row.timestamp("expires_at")?,
    })
}

/// How many bytes are kept for a reader, and for all of the environment.
///
/// # Errors
/// The database cannot be read.
pub async fn bytes(ctx: &Ctx, tx: &mut Tx, reader: &str) -> Result<(u64, u64), Error> {
    let sql = "SELECT CAST(COALESCE(SUM(CASE WHEN reader = $2 THEN bytes ELSE 0 END), 0) AS BIGINT) AS own,
          CAST(COALESCE(SUM(bytes), 0) AS BIGINT) AS whole
        FROM kept_answers WHERE environment_id = $1";
    let Some(row) = tx.one(sql, args![&ctx.environment, reader]).await? else { return Ok((0, 0)) };
    let count = |name| Ok::<_, Error>(u64::try_from(row.integer(name)?).unwrap_or(u64::MAX));
    Ok((count("own")?, count("whole")?))
}

/// Removes what can't be read any more.
///
/// # Errors
/// The database cannot be written.
pub async fn purge(tx: &mut Tx, environment: &EnvironmentId, now: Timestamp) -> Result<u64, Error> {
    tx.run("DELETE FROM kept_answers WHERE environment_id = $1 AND expires_at <= $2", args![environment, now]).await
}

/// Removes what was read with an account that ended.
///
/// # Errors
/// The database cannot be written.
pub async fn forget(ctx: &Ctx, tx: &mut Tx, account: &AccountId) -> Result<u64, Error> {
    let sql = "DELETE FROM kept_answers WHERE environment_id = $1 AND account_id = $2";
    tx.run(sql, args![&ctx.environment, account]).await
}
