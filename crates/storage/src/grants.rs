//! Grants: agents that were let in because their user signed in. Their tokens are kept nowhere; a row says which of a grant's
//! handles is taken next.

use crate::{Error, Row, Tx, args};
use valetkey_domain::grant::Grant;
use valetkey_domain::id::{ConfigId, GrantId, InstanceId};
use valetkey_domain::name::Identifier;
use valetkey_domain::{Ctx, Timestamp};

/// How many grants an instance has at most: the oldest goes when one more is made.
const MOST: i64 = 20;

/// Adds one. What has ended in its environment is forgotten on the way, and what its instance has too many of.
///
/// # Errors
/// The instance is not in this environment, or has another URL by now.
pub async fn insert(ctx: &Ctx, tx: &mut Tx, grant: &Grant) -> Result<(), Error> {
    let sql = "DELETE FROM mcp_grants WHERE environment_id = $1 AND expires_at <= $2";
    tx.run(sql, args![&ctx.environment, grant.created_at]).await?;
    let sql =
        "DELETE FROM mcp_grants WHERE id IN (SELECT g.id FROM mcp_grants g JOIN mcp_instances t ON t.id = g.instance_id
        WHERE t.environment_id = $1 AND t.id = $2 ORDER BY g.id DESC LIMIT 1000 OFFSET $3)";
    tx.run(sql, args![&ctx.environment, &grant.instance, MOST - 1]).await?;
    let sql = "INSERT INTO mcp_grants (id, environment_id, instance_id, url_generation, client, turn, expires_at, created_at)
        SELECT $2, t.environment_id, t.id, t.url_generation, $5, CAST($6 AS BIGINT), CAST($7 AS BIGINT), CAST($8 AS BIGINT)
        FROM mcp_instances t WHERE t.environment_id = $1 AND t.id = $3 AND t.url_generation = $4";
    let values = args![
        &ctx.environment,
        &grant.id,
        &grant.instance,
        grant.url_generation,
        &grant.client,
        grant.turn,
        grant.expires_at,
        grant.created_at,
    ];
    if tx.run(sql, values).await? == 0 { Err(Error::Referenced) } else { Ok(()) }
}

/// Takes the turn of the handle with this number; from now on it is the next one's, until `until`. False if it was not that
/// one's turn, or the grant has ended.
///
/// # Errors
/// The database cannot be written.
pub async fn take_turn(
    ctx: &Ctx,
    tx: &mut Tx,
    id: &GrantId,
    turn: i64,
    (now, until): (Timestamp, Timestamp),
) -> Result<bool, Error> {
    let sql = "UPDATE mcp_grants SET turn = turn + 1, expires_at = $5
        WHERE environment_id = $1 AND id = $2 AND turn = $3 AND expires_at > $4";
    Ok(tx.run(sql, args![&ctx.environment, id, turn, now, until]).await? == 1)
}

/// Ends a grant; false if there is none.
///
/// # Errors
/// The database cannot be written.
pub async fn end(ctx: &Ctx, tx: &mut Tx, id: &GrantId) -> Result<bool, Error> {
    let sql = "DELETE FROM mcp_grants WHERE environment_id = $1 AND id = $2";
    Ok(tx.run(sql, args![&ctx.environment, id]).await? == 1)
}

/// Ends the grants of an instance.
///
/// # Errors
/// The database cannot be written.
pub async fn end_of_instance(ctx: &Ctx, tx: &mut Tx, instance: &InstanceId) -> Result<u64, Error> {
    let sql = "DELETE FROM mcp_grants WHERE instance_id IN
        (SELECT id FROM mcp_instances WHERE environment_id = $1 AND id = $2)";
    tx.run(sql, args![&ctx.environment, instance]).await
}

/// Ends the grants of all instances of a config.
///
/// # Errors
/// The database cannot be written.
pub async fn end_of_config(ctx: &Ctx, tx: &mut Tx, config: &ConfigId) -> Result<u64, Error> {
    let sql = "DELETE FROM mcp_grants WHERE instance_id IN (SELECT t.id FROM mcp_instances t WHERE t.config_id IN
        (SELECT id FROM mcp_configs WHERE environment_id = $1 AND id = $2))";
    tx.run(sql, args![&ctx.environment, config]).await
}

/// Ends the grants of a user's instances, or of everyone's.
///
/// # Errors
/// The database cannot be written.
pub async fn end_of_user(ctx: &Ctx, tx: &mut Tx, identifier: Option<&Identifier>) -> Result<u64, Error> {
    let Some(identifier) = identifier else {
        return tx.run("DELETE FROM mcp_grants WHERE environment_id = $1", args![&ctx.environment]).await;
    };
    let sql = "DELETE FROM mcp_grants WHERE instance_id IN
        (SELECT id FROM mcp_instances WHERE environment_id = $1 AND identifier = $2)";
    tx.run(sql, args![&ctx.environment, identifier]).await
}

/// A grant's row.
pub(crate) fn read(row: &Row) -> Result<Grant, Error> {
    row.fit("mcp_grants", |row| {
        Ok(Grant {
            id: row.parsed("id")?,
            instance: row.parsed("instance_id")?,
            url_generation: row.integer("url_generation")?,
            client: row.text("client")?.into(),
            turn: row.integer("turn")?,
            expires_at: row.timestamp("expires_at")?,
            created_at: row.timestamp("created_at")?,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{doors, fixture, instances};
    use std::time::Duration;
    use valetkey_domain::instance::McpInstance;

    const HOUR: Duration = Duration::from_secs(3_600);

    fn grant(instance: &McpInstance, id: &str) -> Grant {
        Grant {
            id: GrantId::parse(id).unwrap(),
            instance: instance.id.clone(),
            url_generation: instance.url_generation,
            client: "Agent".into(),
            turn: Grant::CODE,
            expires_at: fixture::now() + HOUR,
            created_at: fixture::now(),
        }
    }

    async fn found(tx: &mut Tx, id: &str) -> Option<Grant> {
        doors::grant(tx, &GrantId::parse(id).unwrap()).await.unwrap().map(|(_, grant)| grant)
    }

    #[tokio::test]
    async fn each_handle_has_its_turn_once_and_no_stranger_has_it() {
        let db = fixture::two_environments().await;
        let mut tx = db.store.write().await.unwrap();
        let (_, _, instance) = fixture::chain(&db.ours, &mut tx).await;
        let (put, times) = (grant(&instance, "grt_1"), (fixture::now(), fixture::now() + 2 * HOUR));
        insert(&db.ours, &mut tx, &put).await.unwrap();
        assert_eq!(found(&mut tx, "grt_1").await, Some(put.clone()));
        assert!(!put.lives(fixture::now()), "no token was given yet");
        assert!(!take_turn(&db.theirs, &mut tx, &put.id, 1, times).await.unwrap());
        assert!(take_turn(&db.ours, &mut tx, &put.id, 1, times).await.unwrap());
        assert!(!take_turn(&db.ours, &mut tx, &put.id, 1, times).await.unwrap(), "that was used");
        let late = (times.1, times.1 + HOUR);
        assert!(!take_turn(&db.ours, &mut tx, &put.id, 2, late).await.unwrap(), "it has ended");
        let now = found(&mut tx, "grt_1").await.unwrap();
        assert!(now.turn == 2 && now.lives(times.0) && !now.lives(times.1));
        assert!(!end(&db.theirs, &mut tx, &put.id).await.unwrap());
        assert!(end(&db.ours, &mut tx, &put.id).await.unwrap());
    }

    #[tokio::test]
    async fn a_grant_is_for_the_url_that_there_is_and_ends_with_instance_config_and_user() {
        let db = fixture::two_environments().await;
        let (ours, mut tx) = (&db.ours, db.store.write().await.unwrap());
        let (_, config, instance) = fixture::chain(ours, &mut tx).await;
        let again = async |tx: &mut Tx| insert(ours, tx, &grant(&instance, "grt_1")).await.unwrap();
        assert!(matches!(insert(&db.theirs, &mut tx, &grant(&instance, "grt_1")).await, Err(Error::Referenced)));
        let other = Grant { url_generation: 9, ..grant(&instance, "grt_1") };
        assert!(matches!(insert(ours, &mut tx, &other).await, Err(Error::Referenced)));
        let bob = Identifier::parse("bob").unwrap();
        again(&mut tx).await;
        assert_eq!(end_of_user(ours, &mut tx, Some(&bob)).await.unwrap(), 0);
        assert_eq!(end_of_user(&db.theirs, &mut tx, None).await.unwrap(), 0);
        assert_eq!(end_of_user(ours, &mut tx, Some(&instance.identifier)).await.unwrap(), 1);
        again(&mut tx).await;
        assert_eq!(end_of_user(ours, &mut tx, None).await.unwrap(), 1);
        again(&mut tx).await;
        assert_eq!(end_of_config(&db.theirs, &mut tx, &config.id).await.unwrap(), 0);
        assert_eq!(end_of_config(ours, &mut tx, &config.id).await.unwrap(), 1);
        again(&mut tx).await;
        assert_eq!(end_of_instance(&db.theirs, &mut tx, &instance.id).await.unwrap(), 0);
        assert_eq!(end_of_instance(ours, &mut tx, &instance.id).await.unwrap(), 1);
        again(&mut tx).await;
        assert!(instances::delete(ours, &mut tx, &instance.id).await.unwrap());
        assert_eq!(found(&mut tx, "grt_1").await, None);
    }

    /// Attack 80: however often a user signs in, there are only so many.
    #[tokio::test]
    async fn attack_80_the_oldest_goes_where_there_are_too_many_and_what_ended_goes_too() {
        let db = fixture::two_environments().await;
        let mut tx = db.store.write().await.unwrap();
        let (_, _, instance) = fixture::chain(&db.ours, &mut tx).await;
        for n in 10..40 {
            insert(&db.ours, &mut tx, &grant(&instance, &format!("grt_{n}"))).await.unwrap();
        }
        assert_eq!((found(&mut tx, "grt_19").await, found(&mut tx, "grt_20").await.is_some()), (None, true));
        let later = Grant {
            created_at: fixture::now() + HOUR,
            expires_at: fixture::now() + 2 * HOUR,
            ..grant(&instance, "grt_99")
        };
        insert(&db.ours, &mut tx, &later).await.unwrap();
        assert_eq!(end_of_user(&db.ours, &mut tx, None).await.unwrap(), 1);
    }
}
