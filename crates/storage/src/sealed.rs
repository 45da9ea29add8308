//! What is sealed under which data key, for rotation: a sealed value begins with its key's id, so the database can tell
//! what is still under another key than the newest. Like the keys, this is the operator's and knows no `Ctx`.

use crate::revocations::{self, Revocation};
use crate::{Error, Row, Tx, accounts, args, webhooks::Webhook};
use valetkey_domain::account::ConnectedAccount;
use valetkey_domain::id::{AccountId, AuthorizationId, ConnectionId, EnvironmentId, RevocationId, WebhookId};
use valetkey_domain::{Ctx, Sealed, Timestamp};

/// How many accounts of an environment hold tokens that do not begin with `prefix`.
///
/// # Errors
/// The database cannot be read.
pub async fn credentials_left(tx: &mut Tx, environment: &EnvironmentId, prefix: &[u8]) -> Result<u64, Error> {
    let sql = "SELECT count(*) AS n FROM connected_accounts WHERE environment_id = $1 AND credential IS NOT NULL
        AND substr(credential, 1, CAST(CAST($3 AS BIGINT) AS INTEGER)) <> $2";
    let row = tx.one(sql, args![environment, prefix, length(prefix)]).await?;
    let count = row.map(|row| row.integer("n")).transpose()?.unwrap_or(0);
    Ok(u64::try_from(count).unwrap_or(0))
}

/// The next `size` of them after this account.
///
/// # Errors
/// The database cannot be read, or a row fits no account.
pub async fn credentials(
    tx: &mut Tx,
    environment: &EnvironmentId,
    prefix: &[u8],
    after: &str,
    size: i64,
) -> Result<Vec<ConnectedAccount>, Error> {
    let sql = "SELECT * FROM connected_accounts
        WHERE environment_id = $1 AND credential IS NOT NULL AND id > $4
            AND substr(credential, 1, CAST(CAST($3 AS BIGINT) AS INTEGER)) <> $2
        ORDER BY id LIMIT $5";
    let rows = tx.all(sql, args![environment, prefix, length(prefix), after, size]).await?;
    rows.iter().map(accounts::read).collect()
}

/// Puts a value in the place of the same one sealed before; false if the row holds another by now.
///
/// # Errors
/// The database cannot be written.
pub async fn replace_credential(tx: &mut Tx, id: &AccountId, was: &Sealed, sealed: &Sealed) -> Result<bool, Error> {
    let sql = "UPDATE connected_accounts SET credential = $3 WHERE id = $1 AND credential = $2";
    Ok(tx.run(sql, args![id, was, sealed]).await? == 1)
}

/// The next `size` revocations of an environment after this one whose tokens do not begin with `prefix`.
///
/// # Errors
/// The database cannot be read, or a row fits no revocation.
pub async fn revocations(
    tx: &mut Tx,
    environment: &EnvironmentId,
    prefix: &[u8],
    after: &str,
    size: i64,
) -> Result<Vec<Revocation>, Error> {
    let sql = "SELECT * FROM revocations
        WHERE environment_id = $1 AND id > $4 AND substr(sealed, 1, CAST(CAST($3 AS BIGINT) AS INTEGER)) <> $2
        ORDER BY id LIMIT $5";
    let rows = tx.all(sql, args![environment, prefix, length(prefix), after, size]).await?;
    rows.iter().map(revocations::read).collect()
}

/// Puts tokens to be revoked in the place of the same ones sealed before; false if the row holds others by now, or is gone.
///
/// # Errors
/// The database cannot be written.
pub async fn replace_revocation(tx: &mut Tx, id: &RevocationId, was: &Sealed, sealed: &Sealed) -> Result<bool, Error> {
    let sql = "UPDATE revocations SET sealed = $3 WHERE id = $1 AND sealed = $2";
    Ok(tx.run(sql, args![id, was, sealed]).await? == 1)
}

/// Puts an OAuth client's secret in the place of the same one sealed before; false if the row holds another by now.
///
/// # Errors
/// The database cannot be written.
pub async fn replace_client_secret(
    tx: &mut Tx,
    id: &ConnectionId,
    was: &Sealed,
    sealed: &Sealed,
) -> Result<bool, Error> {
    let sql = "UPDATE connections SET client_secret = $3 WHERE id = $1 AND client_secret = $2";
    Ok(tx.run(sql, args![id, was, sealed]).await? == 1)
}

/// Puts a webhook's secrets in the place of the same ones sealed before; false if the row holds others by now.
///
/// # Errors
/// The database cannot be written.
pub async fn replace_webhook_secrets(tx: &mut Tx, was: &Webhook, now: &Webhook) -> Result<bool, Error> {
    let sql = "UPDATE webhooks SET secret = $3, secret_before = $4 WHERE id = $1 AND secret = $2";
    let before = now.secret_before.as_ref().map(|(secret, _)| secret);
    Ok(tx.run(sql, args![&was.id, &was.secret, &now.secret, before]).await? == 1)
}

/// Whether anything at all begins with `prefix`, that is, still needs the key it names.
///
/// # Errors
/// The database cannot be read.
pub async fn needed(tx: &mut Tx, prefix: &[u8]) -> Result<bool, Error> {
    const PLACES: [&str; 10] = [
        "SELECT 1 AS n FROM connected_accounts WHERE substr(credential, 1, CAST(CAST($2 AS BIGINT) AS INTEGER)) = $1 LIMIT 1",
        "SELECT 1 AS n FROM pending_credentials WHERE substr(sealed, 1, CAST(CAST($2 AS BIGINT) AS INTEGER)) = $1 LIMIT 1",
        "SELECT 1 AS n FROM revocations WHERE substr(sealed, 1, CAST(CAST($2 AS BIGINT) AS INTEGER)) = $1 LIMIT 1",
        "SELECT 1 AS n FROM connections WHERE substr(client_secret, 1, CAST(CAST($2 AS BIGINT) AS INTEGER)) = $1 LIMIT 1",
        "SELECT 1 AS n FROM authorizations WHERE substr(verifier, 1, CAST(CAST($2 AS BIGINT) AS INTEGER)) = $1 LIMIT 1",
        "SELECT 1 AS n FROM approvals WHERE substr(shown, 1, CAST(CAST($2 AS BIGINT) AS INTEGER)) = $1 LIMIT 1",
        "SELECT 1 AS n FROM webhooks WHERE substr(secret, 1, CAST(CAST($2 AS BIGINT) AS INTEGER)) = $1 LIMIT 1",
        "SELECT 1 AS n FROM webhooks WHERE substr(secret_before, 1, CAST(CAST($2 AS BIGINT) AS INTEGER)) = $1 LIMIT 1",
        "SELECT 1 AS n FROM kept_answers WHERE substr(sealed, 1, CAST(CAST($2 AS BIGINT) AS INTEGER)) = $1 LIMIT 1",
        "SELECT 1 AS n FROM signing_keys WHERE substr(private_sealed, 1, CAST(CAST($2 AS BIGINT) AS INTEGER)) = $1 LIMIT 1",
    ];
    for sql in PLACES {
        if tx.one(sql, args![prefix, length(prefix)]).await?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What lost its secrets when a database became a copy.
#[derive(Debug)]
pub struct Dropped {
    /// The accounts that held tokens.
    pub accounts: Vec<(EnvironmentId, AccountId)>,
    /// All connections.
    pub connections: Vec<(EnvironmentId, ConnectionId)>,
    /// The webhooks, all of which are gone: the original tells its receivers.
    pub webhooks: Vec<(EnvironmentId, WebhookId)>,
}

/// Drops every credential there is, for a database that becomes a copy: users' tokens, those that wait for a person's
/// word or to be revoked, consents in flight and OAuth clients' secrets; and webhooks.
///
/// # Errors
/// The database cannot be written.
pub async fn drop_credentials(tx: &mut Tx, now: Timestamp) -> Result<Dropped, Error> {
    tx.run("DELETE FROM authorizations", []).await?;
    tx.run("DELETE FROM pending_credentials", []).await?;
    tx.run("DELETE FROM approvals", []).await?;
    tx.run("DELETE FROM revocations", []).await?;
    tx.run("DELETE FROM kept_answers", []).await?;
    let sql = "UPDATE connections SET client_secret = NULL, revision = revision + 1 RETURNING id, environment_id";
    let connections = tx.all(sql, []).await?;
    let sql = "UPDATE connected_accounts SET status = 'DISCONNECTED', reason = '', scopes = '[]', credential = NULL,
        audience = '[]', generation = generation + 1, refreshable = 0, expires_at = NULL, refresh_generation = NULL,
        refresh_until = NULL, refresh_lost_at = NULL, refreshed_at = NULL,
        next_refresh_at = NULL, idle_refresh_at = NULL, updated_at = $1
        WHERE credential IS NOT NULL RETURNING id, environment_id";
    let accounts = tx.all(sql, args![now]).await?;
    tx.run("DELETE FROM webhook_queues", []).await?;
    tx.run("DELETE FROM dead_letters", []).await?;
    tx.run("DELETE FROM deliveries", []).await?;
    let webhooks = tx.all("DELETE FROM webhooks RETURNING id, environment_id", []).await?;
    Ok(Dropped { accounts: owned(&accounts)?, connections: owned(&connections)?, webhooks: owned(&webhooks)? })
}

fn owned<T: TryFrom<String>>(rows: &[Row]) -> Result<Vec<(EnvironmentId, T)>, Error> {
    rows.iter().map(|row| Ok((row.parsed("environment_id")?, row.parsed("id")?))).collect()
}

/// What a consent in flight holds sealed.
#[derive(Debug)]
pub struct InFlight {
    /// The consent.
    pub authorization: AuthorizationId,
    /// The account that it is for.
    pub account: AccountId,
    /// The connection that it is on.
    pub connection: ConnectionId,
    /// When its link was made.
    pub created_at: Timestamp,
    /// The PKCE verifier, once it was started.
    pub verifier: Option<Sealed>,
    /// The tokens that wait for a person's word, and the origins they may go to.
    pub waiting: Option<(Sealed, Vec<String>)>,
}

/// The consents in flight that hold something sealed: the next `size` behind this one.
///
/// # Errors
/// The database cannot be read, or a row does not hold what the schema promises.
pub async fn in_flight(ctx: &Ctx, tx: &mut Tx, behind: &str, size: i64) -> Result<Vec<InFlight>, Error> {
    let sql = "SELECT a.id, a.account_id, a.connection_id, a.created_at, a.verifier, p.sealed,
            COALESCE(p.audience, '[]') AS audience
        FROM authorizations a LEFT JOIN pending_credentials p ON p.authorization_id = a.id
        WHERE a.environment_id = $1 AND a.id > $2 AND (a.verifier IS NOT NULL OR p.sealed IS NOT NULL)
        ORDER BY a.id LIMIT $3";
    let rows = tx.all(sql, args![&ctx.environment, behind, size]).await?;
    rows.iter().map(|row| row.fit("authorizations", read_in_flight)).collect()
}

fn read_in_flight(row: &Row) -> Result<InFlight, Error> {
    let audience: Vec<String> = row.json("audience")?;
    Ok(InFlight {
        authorization: row.parsed("id")?,
        account: row.parsed("account_id")?,
        connection: row.parsed("connection_id")?,
        created_at: row.timestamp("created_at")?,
        verifier: row.optional_sealed("verifier")?,
        waiting: row.optional_sealed("sealed")?.map(|sealed| (sealed, audience)),
    })
}

fn length(prefix: &[u8]) -> i64 {
    i64::try_from(prefix.len()).unwrap_or(i64::MAX)
}
