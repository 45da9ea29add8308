//! Rows that are work to be done, each held by one process at a time: for queues of jobs.
//!
//! A row is due at its `next_at`. Whoever claims it moves that on to the end of its lease, so that no other finds it
//! before, and it comes up again by itself if this one dies. The end of a lease is its name: whoever ends a lease, or
//! holds on, says which one, and learns whether it still had it.

use crate::{Arg, Error, Row, Tx, args};
use valetkey_domain::{Ctx, Timestamp};

/// What is asked of such a table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Leased {
    /// Claims what is due.
    pub(crate) claim: &'static str,
    /// Claims one row, if it is due.
    pub(crate) claim_one: &'static str,
    /// Moves the end of a lease.
    pub(crate) extend: &'static str,
    /// Gives a lease back for another try.
    pub(crate) try_again: &'static str,
    /// Removes a row that is held.
    pub(crate) finish: &'static str,
    /// Gives back what a process held.
    pub(crate) release: &'static str,
}

/// Writes the statements of such a table. `$1` is the environment.
macro_rules! leased {
    ($table:literal) => {
        $crate::leased::Leased {
            // On PostgreSQL the condition outside is looked at again once another claim has let go of the row.
            claim: concat!(
                "UPDATE ",
                $table,
                " SET next_at = $3, lease_until = $3, process = $4, attempts = attempts + 1
                 WHERE environment_id = $1 AND next_at <= $2 AND id IN (
                   SELECT id FROM ",
                $table,
                " WHERE environment_id = $1 AND next_at <= $2 ORDER BY next_at LIMIT $5) RETURNING *"
            ),
            claim_one: concat!(
                "UPDATE ",
                $table,
                " SET next_at = $3, lease_until = $3, process = $4, attempts = attempts + 1
                 WHERE id = $5 AND environment_id = $1 AND next_at <= $2 RETURNING *"
            ),
            extend: concat!(
                "UPDATE ",
                $table,
                " SET next_at = $4, lease_until = $4 WHERE id = $2 AND environment_id = $1 AND lease_until = $3"
            ),
            try_again: concat!(
                "UPDATE ",
                $table,
                " SET next_at = $4, lease_until = NULL, process = NULL, last_error = $5
                 WHERE id = $2 AND environment_id = $1 AND lease_until = $3"
            ),
            finish: concat!("DELETE FROM ", $table, " WHERE id = $2 AND environment_id = $1 AND lease_until = $3"),
            release: concat!(
                "UPDATE ",
                $table,
                " SET next_at = $2, lease_until = NULL, process = NULL WHERE process = $1"
            ),
        }
    };
}
pub(crate) use leased;

impl Leased {
    /// All of them.
    #[cfg(test)]
    pub(crate) const fn texts(self) -> [&'static str; 6] {
        [self.claim, self.claim_one, self.extend, self.try_again, self.finish, self.release]
    }

    /// Claims what is due, at most `limit` rows, until `until`.
    pub(crate) async fn claim(
        self,
        ctx: &Ctx,
        tx: &mut Tx,
        now: Timestamp,
        until: Timestamp,
        limit: i64,
    ) -> Result<Vec<Row>, Error> {
        let process = Arg::from(tx.process());
        tx.all(self.claim, args![&ctx.environment, now, until, process, limit]).await
    }

    /// Claims this row, if nobody holds it and it is due.
    pub(crate) async fn claim_one(
        self,
        ctx: &Ctx,
        tx: &mut Tx,
        id: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Option<Row>, Error> {
        let process = Arg::from(tx.process());
        tx.one(self.claim_one, args![&ctx.environment, now, until, process, id]).await
    }

    /// Holds on until `until` to what is held until `lease`. False if that lease is another's by now.
    pub(crate) async fn extend(
        self,
        ctx: &Ctx,
        tx: &mut Tx,
        id: &str,
        lease: Timestamp,
        until: Timestamp,
    ) -> Result<bool, Error> {
        Ok(tx.run(self.extend, args![&ctx.environment, id, lease, until]).await? == 1)
    }

    /// Gives the lease back: the row is due again at `next`. False if the lease is another's by now.
    pub(crate) async fn try_again(
        self,
        ctx: &Ctx,
        tx: &mut Tx,
        id: &str,
        lease: Timestamp,
        next: Timestamp,
        error: &str,
    ) -> Result<bool, Error> {
        Ok(tx.run(self.try_again, args![&ctx.environment, id, lease, next, error]).await? == 1)
    }

    /// Removes a row whose work is done. False if the lease is another's by now.
    pub(crate) async fn finish(self, ctx: &Ctx, tx: &mut Tx, id: &str, lease: Timestamp) -> Result<bool, Error> {
        Ok(tx.run(self.finish, args![&ctx.environment, id, lease]).await? == 1)
    }
}
