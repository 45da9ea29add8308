//! Clients that are being registered for connections at their authorization servers: a lease in the connection's row. The
//! end of the lease is its name.

use crate::{Arg, Error, Tx, args};
use valetkey_domain::id::ConnectionId;
use valetkey_domain::{Ctx, Timestamp};

/// Until when a client is being registered for the connection; none if nobody does, or there is no such connection.
///
/// # Errors
/// The database cannot be read.
pub async fn until(ctx: &Ctx, tx: &mut Tx, id: &ConnectionId) -> Result<Option<Timestamp>, Error> {
    let sql = "SELECT registration_until FROM connections WHERE environment_id = $1 AND id = $2";
    let Some(row) = tx.one(sql, args![&ctx.environment, id]).await? else { return Ok(None) };
    row.fit("connections", |row| row.optional_timestamp("registration_until"))
}

/// Takes the lease for a connection that still has this revision. False if it has another by now, or somebody has the
/// lease.
///
/// # Errors
/// The database cannot be written.
pub async fn begin(
    ctx: &Ctx,
    tx: &mut Tx,
    (id, revision): (&ConnectionId, i64),
    now: Timestamp,
    until: Timestamp,
) -> Result<bool, Error> {
    let sql = "UPDATE connections SET registration_until = $5, registration_process = $6
        WHERE environment_id = $1 AND id = $2 AND revision = $3
        AND (registration_until IS NULL OR registration_until <= $4)";
    let process = Arg::from(tx.process());
    Ok(tx.run(sql, args![&ctx.environment, id, revision, now, until, process]).await? == 1)
}

/// Gives the lease back that ends then. False if it is another's by now, or the connection is gone.
///
/// # Errors
/// The database cannot be written.
pub async fn end(ctx: &Ctx, tx: &mut Tx, id: &ConnectionId, until: Timestamp) -> Result<bool, Error> {
    let sql = "UPDATE connections SET registration_until = NULL, registration_process = NULL
        WHERE environment_id = $1 AND id = $2 AND registration_until = $3";
    Ok(tx.run(sql, args![&ctx.environment, id, until]).await? == 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{connections, fixture};
    use std::time::Duration;

    #[tokio::test]
    async fn one_registers_at_a_time_and_over_the_connection_as_it_was_read() {
        let db = fixture::two_environments().await;
        let mut tx = db.store.write().await.unwrap();
        let (connection, ..) = fixture::chain(&db.ours, &mut tx).await;
        let (id, now) = (&connection.id, fixture::now());
        let (first, second) = (now + Duration::from_secs(60), now + Duration::from_secs(120));
        assert!(!begin(&db.theirs, &mut tx, (id, 1), now, first).await.unwrap(), "a stranger");
        assert!(!begin(&db.ours, &mut tx, (id, 2), now, first).await.unwrap(), "another revision");
        assert!(begin(&db.ours, &mut tx, (id, 1), now, first).await.unwrap());
        assert!(!begin(&db.ours, &mut tx, (id, 1), now, second).await.unwrap(), "somebody has it");
        assert_eq!(until(&db.ours, &mut tx, id).await.unwrap(), Some(first));
        assert_eq!(until(&db.theirs, &mut tx, id).await.unwrap(), None);
        assert!(begin(&db.ours, &mut tx, (id, 1), first, second).await.unwrap(), "the first ran out");
        assert!(!end(&db.ours, &mut tx, id, first).await.unwrap(), "it is another's by now");
        assert!(!end(&db.theirs, &mut tx, id, second).await.unwrap(), "a stranger");
        assert!(end(&db.ours, &mut tx, id, second).await.unwrap());
        let now = connections::get(&db.ours, &mut tx, id).await.unwrap().unwrap();
        assert_eq!(now.revision, 1, "a lease is no change of the connection");
    }
}
