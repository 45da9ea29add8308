//! That a provider does not renew an account's access for now, and until when it is not asked again. As a lease it is no
//! part of what an account is: whoever signs in again, and every refresh that succeeds, ends it.

use crate::{Error, Row, Tx, args};
use valetkey_domain::account::Refusal;
use valetkey_domain::id::AccountId;
use valetkey_domain::{Ctx, Timestamp};

/// Gives the lease that ends at `until` back and keeps that the provider refused. False if the lease is another's.
///
/// # Errors
/// The database failed.
pub async fn refuse_refresh(
    ctx: &Ctx,
    tx: &mut Tx,
    id: &AccountId,
    until: Timestamp,
    refusal: &Refusal,
) -> Result<bool, Error> {
    let sql = "UPDATE connected_accounts SET refresh_generation = NULL, refresh_until = NULL, refused_at = $4,
         refused_times = $5, refused_until = $6, refused_revision = $7, refused_words = $8
         WHERE environment_id = $1 AND id = $2 AND refresh_until = $3";
    let Refusal { at, times, until: pause, revision, words } = refusal;
    let values = args![&ctx.environment, id, until, *at, *times, *pause, *revision, words.as_str()];
    Ok(tx.run(sql, values).await? == 1)
}

/// What a row of accounts has of it.
pub(super) fn read(row: &Row) -> Result<Option<Refusal>, Error> {
    let Some(at) = row.optional_timestamp("refused_at")? else { return Ok(None) };
    Ok(Some(Refusal {
        at,
        times: row.integer("refused_times")?,
        until: row.timestamp("refused_until")?,
        revision: row.integer("refused_revision")?,
        words: row.text("refused_words")?.to_owned(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::{begin_refresh, end_refresh, finish_refresh, get, insert, store_credential};
    use crate::fixture::{self, account, tokens};
    use std::time::Duration;

    #[tokio::test]
    async fn a_refusal_stays_until_there_are_other_tokens() {
        let db = fixture::two_environments().await;
        let (ours, now) = (&db.ours, fixture::now());
        let mut tx = db.store.write().await.unwrap();
        fixture::chain(ours, &mut tx).await;
        let ann = account(ours, "9", "ann-9");
        insert(ours, &mut tx, &ann).await.unwrap();
        assert!(store_credential(ours, &mut tx, &ann.id, 0, &tokens(1), None, now).await.unwrap());
        let until = now + Duration::from_secs(75);
        let pause = now + Duration::from_secs(30);
        let refusal = Refusal { at: now, times: 1, until: pause, revision: 3, words: "it answered 400".into() };
        assert!(begin_refresh(ours, &mut tx, &ann.id, 1, now, until).await.unwrap());
        assert!(!refuse_refresh(&db.theirs, &mut tx, &ann.id, until, &refusal).await.unwrap());
        assert!(!refuse_refresh(ours, &mut tx, &ann.id, pause, &refusal).await.unwrap(), "another lease");
        assert!(refuse_refresh(ours, &mut tx, &ann.id, until, &refusal).await.unwrap());
        assert_eq!(get(ours, &mut tx, &ann.id).await.unwrap().unwrap().refusal.as_ref(), Some(&refusal));
        // What came to nothing for another reason changes nothing of it.
        assert!(begin_refresh(ours, &mut tx, &ann.id, 1, now, until).await.unwrap(), "the lease was given back");
        assert!(end_refresh(ours, &mut tx, &ann.id, until).await.unwrap());
        assert_eq!(get(ours, &mut tx, &ann.id).await.unwrap().unwrap().refusal.as_ref(), Some(&refusal));
        assert!(begin_refresh(ours, &mut tx, &ann.id, 1, now, until).await.unwrap());
        assert!(finish_refresh(ours, &mut tx, &ann.id, 1, &tokens(2), now).await.unwrap());
        assert_eq!(get(ours, &mut tx, &ann.id).await.unwrap().unwrap().refusal, None);
        assert!(begin_refresh(ours, &mut tx, &ann.id, 2, now, until).await.unwrap());
        assert!(refuse_refresh(ours, &mut tx, &ann.id, until, &refusal).await.unwrap());
        assert!(store_credential(ours, &mut tx, &ann.id, 2, &tokens(3), None, now).await.unwrap());
        assert_eq!(get(ours, &mut tx, &ann.id).await.unwrap().unwrap().refusal, None, "a new consent");
    }
}
