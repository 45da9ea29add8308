//! What has to be known when a session token is made, and how often those of a user, and of everyone, were ended. The
//! tokens themselves are kept nowhere.

use crate::{Error, Tx, args};
use valetkey_domain::id::ConfigId;
use valetkey_domain::name::{ConnectionName, Identifier};
use valetkey_domain::{Ctx, Timestamp};

/// What stands for everyone, where an identifier stands otherwise: no user has an empty one.
const EVERYONE: &str = "";

/// The sum of both counts for a user.
///
/// # Errors
/// The database cannot be read.
pub async fn ends(ctx: &Ctx, tx: &mut Tx, identifier: &Identifier) -> Result<i64, Error> {
    let sql = "SELECT CAST(COALESCE(SUM(times), 0) AS BIGINT) AS times FROM session_ends
        WHERE environment_id = $1 AND identifier IN ($2, '')";
    let row = tx.one(sql, args![&ctx.environment, identifier]).await?;
    row.map_or(Ok(0), |row| row.fit("session_ends", |row| row.integer("times")))
}

/// The connections of a config that are switched off, by name.
///
/// # Errors
/// The database cannot be read.
pub async fn switched_off(ctx: &Ctx, tx: &mut Tx, config: &ConfigId) -> Result<Vec<ConnectionName>, Error> {
    let sql = "SELECT c.id, c.name FROM mcp_config_mappings m
        JOIN connections c ON c.id = m.connection_id AND c.environment_id = m.environment_id
        WHERE m.environment_id = $1 AND m.config_id = $2 AND c.enabled = 0 ORDER BY m.position";
    let rows = tx.all(sql, args![&ctx.environment, config]).await?;
    rows.iter().map(|row| row.fit("connections", |row| row.parsed("name"))).collect()
}

/// Ends the session tokens of a user, or of everyone, that were made until now.
///
/// # Errors
/// The database cannot be written.
pub async fn end(ctx: &Ctx, tx: &mut Tx, identifier: Option<&Identifier>, now: Timestamp) -> Result<(), Error> {
    let sql = "INSERT INTO session_ends (environment_id, identifier, times, ended_at)
        VALUES ($1, $2, 1, CAST($3 AS BIGINT))
        ON CONFLICT (environment_id, identifier)
        DO UPDATE SET times = session_ends.times + 1, ended_at = CAST($3 AS BIGINT)";
    let identifier = identifier.map_or(EVERYONE, Identifier::as_str);
    tx.run(sql, args![&ctx.environment, identifier, now]).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[tokio::test]
    async fn a_users_sessions_end_alone_or_with_everyones_and_no_stranger_ends_them() {
        let there = fixture::two_environments().await;
        let mut tx = there.store.write().await.unwrap();
        let (ours, now) = (&there.ours, fixture::now());
        let [ann, bob] = ["ann", "bob"].map(|name| Identifier::parse(name).unwrap());
        end(ours, &mut tx, Some(&ann), now).await.unwrap();
        assert_eq!((ends(ours, &mut tx, &ann).await.unwrap(), ends(ours, &mut tx, &bob).await.unwrap()), (1, 0));
        end(ours, &mut tx, None, now).await.unwrap();
        assert_eq!((ends(ours, &mut tx, &ann).await.unwrap(), ends(ours, &mut tx, &bob).await.unwrap()), (2, 1));
        end(&there.theirs, &mut tx, None, now).await.unwrap();
        assert_eq!(ends(ours, &mut tx, &ann).await.unwrap(), 2);
    }
}
