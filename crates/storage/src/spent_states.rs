//! The states of calls that came back: each counts once. One that could not be taken any more anyway is forgotten.

use crate::{Error, Tx, args};
use valetkey_domain::{Ctx, Timestamp};

/// Takes a state that is good until `until`; false if it came before. Those that have ended are forgotten on the way.
///
/// # Errors
/// The database cannot be written.
pub async fn spend(ctx: &Ctx, tx: &mut Tx, id: &str, until: Timestamp, now: Timestamp) -> Result<bool, Error> {
    tx.run("DELETE FROM spent_states WHERE environment_id = $1 AND expires_at <= $2", args![&ctx.environment, now])
        .await?;
    let sql = "INSERT INTO spent_states (environment_id, id, expires_at) VALUES ($1, $2, $3)
        ON CONFLICT (environment_id, id) DO NOTHING";
    Ok(tx.run(sql, args![&ctx.environment, id, until]).await? == 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
    use std::time::Duration;

    #[tokio::test]
    async fn a_state_is_spent_once_in_its_environment_and_forgotten_when_it_ends() {
        let there = fixture::two_environments().await;
        let mut tx = there.store.write().await.unwrap();
        let now = fixture::now();
        let (soon, later) = (now + Duration::from_secs(1), now + Duration::from_secs(9));
        assert!(spend(&there.ours, &mut tx, "a", soon, now).await.unwrap());
        assert!(!spend(&there.ours, &mut tx, "a", soon, now).await.unwrap());
        assert!(spend(&there.theirs, &mut tx, "a", soon, now).await.unwrap());
        assert!(spend(&there.ours, &mut tx, "b", later, soon).await.unwrap());
        let left = tx.all("SELECT id FROM spent_states ORDER BY id", []).await.unwrap();
        assert_eq!(left.len(), 2, "theirs, and the one that goes on");
    }
}
