//! Which accounts are refreshed although nobody asks: a column says when each is looked at next, and nothing else is
//! kept about it.
//!
//! Looking costs one statement for many accounts. What is not worth a refresh is put off; what is, is claimed by moving
//! its time on: another process no longer finds it, and if this one dies the account comes up again by itself.

use super::read;
use crate::{Error, Tx, args};
use valetkey_domain::account::ConnectedAccount;
use valetkey_domain::id::ConnectionId;
use valetkey_domain::{Ctx, Timestamp};

/// Which of a connection's accounts are looked at.
#[derive(Clone, Copy, Debug)]
pub struct DueAccounts<'a> {
    /// The connection.
    pub connection: &'a ConnectionId,
    /// The present instant.
    pub now: Timestamp,
    /// An account that was not used since then is refreshed for nothing but its idle refresh token.
    pub used_since: Timestamp,
    /// Whether refresh tokens die of idleness there. If so, one of which nobody knows when it was used last is used now.
    pub dies_idle: bool,
    /// How many at most.
    pub limit: i64,
}

/// What is due is found by the connection alone, which is one environment's: an index of PostgreSQL's that begins with
/// both is preferred where nothing is known of the table yet, and each look would read all of a connection's accounts.
const POSTPONE: &str =
    "UPDATE connected_accounts SET next_refresh_at = CASE WHEN status = 'ACTIVE' THEN idle_refresh_at END
     WHERE environment_id = $1 AND next_refresh_at <= $3 AND id IN (
       SELECT id FROM connected_accounts WHERE connection_id = $2 AND next_refresh_at <= $3
       AND (status <> 'ACTIVE' OR ((last_used_at IS NULL OR last_used_at < $4)
         AND (idle_refresh_at > $3 OR (idle_refresh_at IS NULL AND CAST($5 AS BIGINT) = 0))))
       ORDER BY next_refresh_at LIMIT $6)";

/// The same way to what is due as in [`POSTPONE`].
const CLAIM: &str = "UPDATE connected_accounts SET next_refresh_at = $4
     WHERE environment_id = $1 AND next_refresh_at <= $3 AND id IN (
       SELECT id FROM connected_accounts WHERE connection_id = $2 AND next_refresh_at <= $3
       AND status = 'ACTIVE' ORDER BY next_refresh_at LIMIT $5) RETURNING *";

/// Puts off the accounts that are due and that nobody used: to the day that keeps their refresh token alive, or for
/// good. Says how many; fewer than the limit means that no more are left.
///
/// # Errors
/// The database failed.
pub async fn postpone(ctx: &Ctx, tx: &mut Tx, due: DueAccounts<'_>) -> Result<u64, Error> {
    let values = args![&ctx.environment, due.connection, due.now, due.used_since, due.dies_idle, due.limit];
    tx.run(POSTPONE, values).await
}

/// Claims accounts that are due, those first that have been so the longest: they are not due again before `until`. What
/// nobody used must have been put off before.
///
/// # Errors
/// The database failed, or a row fits no account.
pub async fn claim(
    ctx: &Ctx,
    tx: &mut Tx,
    due: DueAccounts<'_>,
    until: Timestamp,
) -> Result<Vec<ConnectedAccount>, Error> {
    let values = args![&ctx.environment, due.connection, due.now, until, due.limit];
    tx.all(CLAIM, values).await?.iter().map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::{Schedule, Tokens, expire, get, insert, store_credential, touch_last_used};
    use crate::doors::due_connections;
    use crate::fixture::{self, TwoEnvironments, account, tokens};
    use crate::{Arg, Location, Store};
    use std::time::Duration;
    use valetkey_domain::account::Reason;
    use valetkey_domain::id::AccountId;

    const HOUR: Duration = Duration::from_secs(3600);

    fn at(hours: u32) -> Timestamp {
        fixture::now() + HOUR * hours
    }

    /// `ann`, `bob`, .. on one connection, each with tokens to be looked at in so many hours.
    async fn db(each: &[(Option<u32>, Option<u32>)]) -> (TwoEnvironments, Tx, Vec<AccountId>) {
        let db = fixture::two_environments().await;
        let mut tx = db.store.write().await.unwrap();
        fixture::chain(&db.ours, &mut tx).await;
        let mut ids = Vec::new();
        for (number, (next, idle)) in each.iter().enumerate() {
            let put = account(&db.ours, &number.to_string(), &format!("user-{number}"));
            insert(&db.ours, &mut tx, &put).await.unwrap();
            let tokens = Tokens { schedule: Schedule { next: next.map(at), idle: idle.map(at) }, ..tokens(1) };
            assert!(store_credential(&db.ours, &mut tx, &put.id, 0, &tokens, None, at(0)).await.unwrap());
            ids.push(put.id);
        }
        (db, tx, ids)
    }

    fn due(connection: &ConnectionId, hours: u32) -> DueAccounts<'_> {
        DueAccounts { connection, now: at(hours), used_since: at(0), dies_idle: true, limit: 10 }
    }

    fn ids(claimed: &[ConnectedAccount]) -> Vec<&AccountId> {
        claimed.iter().map(|account| &account.id).collect()
    }

    #[tokio::test]
    async fn what_nobody_used_is_put_off_to_the_day_that_keeps_it_alive() {
        let never_idle = (Some(1), None);
        let (db, mut tx, who) = db(&[(Some(1), Some(9)), (Some(1), Some(9)), never_idle]).await;
        let connection = ConnectionId::parse("conn_1").unwrap();
        touch_last_used(&db.ours, &mut tx, &who[1], at(0)).await.unwrap();
        assert_eq!(postpone(&db.ours, &mut tx, due(&connection, 0)).await.unwrap(), 0, "nothing is due yet");
        assert_eq!(postpone(&db.theirs, &mut tx, due(&connection, 1)).await.unwrap(), 0);
        assert_eq!(postpone(&db.ours, &mut tx, due(&connection, 1)).await.unwrap(), 1);
        let claimed = claim(&db.ours, &mut tx, due(&connection, 1), at(2)).await.unwrap();
        assert_eq!(ids(&claimed), [&who[1], &who[2]], "who was used, and whose last use nobody knows");
        assert!(claim(&db.ours, &mut tx, due(&connection, 1), at(2)).await.unwrap().is_empty(), "claimed once");
        assert_eq!(claim(&db.ours, &mut tx, due(&connection, 2), at(3)).await.unwrap().len(), 2, "and again later");
        assert_eq!(postpone(&db.ours, &mut tx, due(&connection, 9)).await.unwrap(), 0);
        let claimed = claim(&db.ours, &mut tx, due(&connection, 9), at(10)).await.unwrap();
        assert!(ids(&claimed).contains(&&who[0]), "its day has come, used or not");
    }

    #[tokio::test]
    async fn where_nothing_dies_idle_an_unused_account_is_left_alone_for_good() {
        let (db, mut tx, who) = db(&[(Some(1), None)]).await;
        let connection = ConnectionId::parse("conn_1").unwrap();
        let due = DueAccounts { dies_idle: false, ..due(&connection, 1) };
        assert_eq!(postpone(&db.ours, &mut tx, due).await.unwrap(), 1);
        assert_eq!(postpone(&db.ours, &mut tx, due).await.unwrap(), 0);
        assert!(claim(&db.ours, &mut tx, due, at(2)).await.unwrap().is_empty());
        assert!(get(&db.ours, &mut tx, &who[0]).await.unwrap().unwrap().credential.is_some());
    }

    #[tokio::test]
    async fn an_account_out_of_service_is_not_due() {
        let (db, mut tx, who) = db(&[(Some(1), Some(1))]).await;
        let connection = ConnectionId::parse("conn_1").unwrap();
        let before = due_connections(&mut tx, at(1)).await.unwrap();
        assert_eq!(before, [(db.ours.environment.clone(), connection.clone())]);
        assert!(expire(&db.ours, &mut tx, &who[0], 1, Reason::InvalidGrant, at(1)).await.unwrap());
        assert!(due_connections(&mut tx, at(1)).await.unwrap().is_empty());
        assert!(claim(&db.ours, &mut tx, due(&connection, 1), at(2)).await.unwrap().is_empty());
    }

    /// How a statement will be carried out, in the database's words.
    async fn plan(tx: &mut Tx, explain: &str, column: &str, sql: &str, values: Vec<Arg>) -> String {
        let rows = tx.all(format!("{explain} {sql}").leak(), values).await.unwrap();
        rows.iter().map(|row| row.text(column).unwrap().to_owned()).collect::<Vec<_>>().join("\n")
    }

    #[tokio::test]
    async fn what_is_due_is_found_by_its_index_even_in_a_table_that_was_never_analysed() {
        let location = fixture::location();
        let (explain, column) = match location {
            Location::Postgres(_) => ("EXPLAIN", "QUERY PLAN"),
            Location::Memory | Location::File(_) => ("EXPLAIN QUERY PLAN", "detail"),
        };
        let store = Store::open(&location).await.unwrap();
        let mut tx = store.write().await.unwrap();
        let postpone = args!["env", "conn", at(1), at(0), false, 10];
        let claim = args!["env", "conn", at(1), at(2), 10];
        for (sql, values) in [(POSTPONE, postpone.to_vec()), (CLAIM, claim.to_vec())] {
            let plan = plan(&mut tx, explain, column, sql, values).await;
            assert!(plan.contains("connected_accounts_by_next_refresh"), "{plan}");
        }
    }
}
