//! The one file whose queries know no environment yet: each looks up what a caller's credential names and says which
//! environment that is. Everything after it goes by `Ctx`.

use crate::clients::{self, StoredClient, StoredSecret};
use crate::{Error, Row, Tx, args, grants, instances};
use valetkey_domain::Timestamp;
use valetkey_domain::config::Mapping;
use valetkey_domain::grant::Grant;
use valetkey_domain::id::{
    AccountId, ApprovalId, AuthorizationId, ClientId, ConnectionId, DataKeyId, EnvironmentId, GrantId, InstanceId,
    ProcessId, WebhookId,
};
use valetkey_domain::instance::McpInstance;
use valetkey_domain::session::{Opens, Session};

/// The client of this id, which a token named.
///
/// # Errors
/// The database cannot be read.
pub async fn client(tx: &mut Tx, id: &ClientId) -> Result<Option<StoredClient>, Error> {
    tx.one("SELECT * FROM api_clients WHERE id = $1", args![id]).await?.as_ref().map(clients::read).transpose()
}

/// The same with its secrets, oldest first, those that have ended among them.
///
/// # Errors
/// The database cannot be read.
pub async fn client_with_secrets(
    tx: &mut Tx,
    id: &ClientId,
) -> Result<Option<(StoredClient, Vec<StoredSecret>)>, Error> {
    let Some(client) = client(tx, id).await? else { return Ok(None) };
    let rows = tx.all("SELECT * FROM api_client_secrets WHERE client_id = $1 ORDER BY id", args![id]).await?;
    let secrets = rows.iter().map(clients::read_secret).collect::<Result<_, _>>()?;
    Ok(Some((client, secrets)))
}

/// The instance of this id, which a URL's token named, and the version of its config: all that has to be read for a
/// request whose compiled tools are at hand. None if the url key that the token names is no longer there.
///
/// # Errors
/// The database cannot be read.
pub async fn instance(tx: &mut Tx, id: &InstanceId, key: &DataKeyId) -> Result<Option<(McpInstance, i64)>, Error> {
    let sql = "SELECT t.*, c.name AS config_name, c.version AS config_version
        FROM mcp_instances t JOIN mcp_configs c ON c.id = t.config_id AND c.environment_id = t.environment_id
        WHERE t.id = $1 AND EXISTS (SELECT 1 FROM data_keys k WHERE k.id = $2 AND k.purpose = 'url')";
    let Some(row) = tx.one(sql, args![id, key]).await? else { return Ok(None) };
    let version = row.fit("mcp_instances", |row| row.integer("config_version"))?;
    Ok(Some((instances::read(&row)?, version)))
}

/// The grant of this id, which a token named, and its environment.
///
/// # Errors
/// The database cannot be read.
pub async fn grant(tx: &mut Tx, id: &GrantId) -> Result<Option<(EnvironmentId, Grant)>, Error> {
    let Some(row) = tx.one("SELECT * FROM mcp_grants WHERE id = $1", args![id]).await? else { return Ok(None) };
    let environment = row.fit("mcp_grants", |row| row.parsed("environment_id"))?;
    Ok(Some((environment, grants::read(&row)?)))
}

/// What the database says of a session token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionFound {
    /// How often the sessions of its user and of everyone have been ended by now.
    pub ends: i64,
    /// The version that the client who asked for it has now; none if there is no such client.
    pub client_version: Option<i64>,
    /// How many of the accounts that it was made for are still there and its user's.
    pub accounts: i64,
    /// What a token for a connection opens.
    pub connection: Option<Mapping>,
}

/// What became of what a session token names; none if the config's version, the connection or the url key is gone, or the
/// connection switched off.
///
/// # Errors
/// The database cannot be read.
pub async fn session(tx: &mut Tx, session: &Session) -> Result<Option<SessionFound>, Error> {
    let client = session.client.as_ref().map_or("", |(id, _)| id.as_str());
    let accounts: String = session.accounts.iter().map(|id| format!("<{id}>")).collect();
    let (environment, identifier, key) = (&session.environment, &session.identifier, &session.url_key);
    let row = match &session.opens {
        Opens::Config(config, version) => {
            tx.one(CONFIG_SESSION, args![environment, config, identifier, client, accounts, key, *version]).await?
        }
        Opens::Connection(id) => {
            tx.one(CONNECTION_SESSION, args![environment, id, identifier, client, accounts, key]).await?
        }
    };
    row.as_ref().map(|row| row.fit("session_ends", |row| read_session(row, &session.opens))).transpose()
}

const CONFIG_SESSION: &str = "SELECT v.config_id AS id,
    (SELECT CAST(COALESCE(SUM(e.times), 0) AS BIGINT) FROM session_ends e
        WHERE e.environment_id = v.environment_id AND e.identifier IN ($3, '')) AS ends,
    (SELECT k.version FROM api_clients k WHERE k.id = $4 AND k.environment_id = v.environment_id) AS client_version,
    (SELECT count(DISTINCT a.id) FROM mcp_config_version_mappings m JOIN connected_accounts a
        ON a.environment_id = m.environment_id AND a.connection_id = m.connection_id AND a.identifier = $3
            AND a.organization_id = '' AND a.user_id = ''
        WHERE m.config_id = v.config_id AND m.version = v.version
            AND replace($5, '<' || a.id || '>', '') <> $5) AS accounts
    FROM mcp_config_versions v WHERE v.environment_id = $1 AND v.config_id = $2 AND v.version = $7
        AND EXISTS (SELECT 1 FROM data_keys d WHERE d.id = $6 AND d.environment_id = $1 AND d.purpose = 'url')";

const CONNECTION_SESSION: &str = "SELECT c.id, c.name, c.connector,
    (SELECT CAST(COALESCE(SUM(e.times), 0) AS BIGINT) FROM session_ends e
        WHERE e.environment_id = c.environment_id AND e.identifier IN ($3, '')) AS ends,
    (SELECT k.version FROM api_clients k WHERE k.id = $4 AND k.environment_id = c.environment_id) AS client_version,
    (SELECT count(*) FROM connected_accounts a
        WHERE a.environment_id = c.environment_id AND a.connection_id = c.id AND a.identifier = $3
            AND a.organization_id = '' AND a.user_id = '' AND replace($5, '<' || a.id || '>', '') <> $5) AS accounts
    FROM connections c WHERE c.environment_id = $1 AND c.id = $2 AND c.enabled = 1
        AND EXISTS (SELECT 1 FROM data_keys d WHERE d.id = $6 AND d.environment_id = $1 AND d.purpose = 'url')";

fn read_session(row: &Row, opens: &Opens) -> Result<SessionFound, Error> {
    let connection = match opens {
        Opens::Config(..) => None,
        Opens::Connection(id) => Some(Mapping {
            connection: id.clone(),
            connection_name: row.parsed("name")?,
            connector: row.text("connector")?.into(),
            tools: Vec::new(),
        }),
    };
    Ok(SessionFound {
        ends: row.integer("ends")?,
        client_version: row.optional_integer("client_version")?,
        accounts: row.integer("accounts")?,
        connection,
    })
}

/// Which authorization has a link with this SHA-256, and in which environment.
///
/// # Errors
/// The database cannot be read.
pub async fn authorization_by_link(
    tx: &mut Tx,
    hash: &[u8; 32],
) -> Result<Option<(EnvironmentId, AuthorizationId)>, Error> {
    let sql = "SELECT id, environment_id FROM authorizations WHERE link_hash = $1";
    tx.one(sql, args![hash]).await?.as_ref().map(read_authorization).transpose()
}

/// Which approval has a link with this SHA-256, and in which environment.
///
/// # Errors
/// The database cannot be read.
pub async fn approval_by_link(tx: &mut Tx, hash: &[u8; 32]) -> Result<Option<(EnvironmentId, ApprovalId)>, Error> {
    let sql = "SELECT id, environment_id FROM approvals WHERE link_hash = $1";
    let row = tx.one(sql, args![hash]).await?;
    let read = |row: &Row| Ok((row.parsed("environment_id")?, row.parsed("id")?));
    row.as_ref().map(|row| row.fit("approvals", read)).transpose()
}

/// Which authorization was sent to the provider with a `state` of this SHA-256, and in which environment.
///
/// # Errors
/// The database cannot be read.
pub async fn authorization_by_state(
    tx: &mut Tx,
    hash: &[u8; 32],
) -> Result<Option<(EnvironmentId, AuthorizationId)>, Error> {
    let sql = "SELECT id, environment_id FROM authorizations WHERE state_hash = $1";
    tx.one(sql, args![hash]).await?.as_ref().map(read_authorization).transpose()
}

/// A logo by its SHA-256, which the pages that show it name. Whoever asks for it may see it: it is for everybody's eyes.
///
/// # Errors
/// The database cannot be read.
pub async fn logo(tx: &mut Tx, hash: &str) -> Result<Option<Vec<u8>>, Error> {
    let sql = "SELECT bytes FROM logos WHERE hash = $1 LIMIT 1";
    tx.one(sql, args![hash]).await?.as_ref().map(|row| Ok(row.bytes("bytes")?.to_vec())).transpose()
}

/// The environment of an authorization whose id a browser names; what the browser may see of it, its cookie decides.
///
/// # Errors
/// The database cannot be read.
pub async fn authorization(tx: &mut Tx, id: &AuthorizationId) -> Result<Option<EnvironmentId>, Error> {
    let sql = "SELECT id, environment_id FROM authorizations WHERE id = $1";
    let found = tx.one(sql, args![id]).await?.as_ref().map(read_authorization).transpose()?;
    Ok(found.map(|(environment, _)| environment))
}

fn read_authorization(row: &Row) -> Result<(EnvironmentId, AuthorizationId), Error> {
    row.fit("authorizations", |row| Ok((row.parsed("environment_id")?, row.parsed("id")?)))
}

/// The connections, switched on, on which an account is due to be looked at by the refresh that goes ahead of need.
///
/// # Errors
/// The database cannot be read.
pub async fn due_connections(tx: &mut Tx, now: Timestamp) -> Result<Vec<(EnvironmentId, ConnectionId)>, Error> {
    let sql = "SELECT c.id, c.environment_id FROM connections c WHERE c.enabled = 1 AND EXISTS
        (SELECT 1 FROM connected_accounts a WHERE a.connection_id = c.id AND a.next_refresh_at <= $1) ORDER BY c.id";
    let read = |row: &Row| row.fit("connections", |row| Ok((row.parsed("environment_id")?, row.parsed("id")?)));
    tx.all(sql, args![now]).await?.iter().map(read).collect()
}

/// The environments in which a closing is due to be taken up.
///
/// # Errors
/// The database cannot be read.
pub async fn due_closings(tx: &mut Tx, now: Timestamp) -> Result<Vec<EnvironmentId>, Error> {
    let sql = "SELECT e.id FROM environments e WHERE EXISTS
        (SELECT 1 FROM closings c WHERE c.environment_id = e.id AND c.next_at <= $1) ORDER BY e.id";
    tx.all(sql, args![now]).await?.iter().map(|row| row.fit("environments", |row| row.parsed("id"))).collect()
}

/// The environments in which a revocation is due to be made.
///
/// # Errors
/// The database cannot be read.
pub async fn due_revocations(tx: &mut Tx, now: Timestamp) -> Result<Vec<EnvironmentId>, Error> {
    // The first by its index; without statistics PostgreSQL would ask any other index of an environment's whether there is one.
    let sql = "SELECT e.id FROM environments e
        WHERE (SELECT min(r.next_at) FROM revocations r WHERE r.environment_id = e.id) <= $1 ORDER BY e.id";
    tx.all(sql, args![now]).await?.iter().map(|row| row.fit("environments", |row| row.parsed("id"))).collect()
}

/// The webhooks that are to be told of something, those that are paused left out.
///
/// # Errors
/// The database cannot be read.
pub async fn due_webhooks(tx: &mut Tx, now: Timestamp) -> Result<Vec<(EnvironmentId, WebhookId)>, Error> {
    let sql = "SELECT w.id, w.environment_id FROM webhooks w WHERE w.paused = 0 AND EXISTS
        (SELECT 1 FROM webhook_queues q WHERE q.webhook_id = w.id AND q.next_at <= $1) ORDER BY w.id";
    let read = |row: &Row| row.fit("webhooks", |row| Ok((row.parsed("environment_id")?, row.parsed("id")?)));
    tx.all(sql, args![now]).await?.iter().map(read).collect()
}

/// A refresh that somebody began and, its lease being over, never came back from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Abandoned {
    /// The environment of its account.
    pub environment: EnvironmentId,
    /// The account.
    pub account: AccountId,
    /// The end of its lease, which names it.
    pub until: Timestamp,
}

/// The refreshes whose leases ended by then, and whose ends were never told.
///
/// # Errors
/// The database cannot be read.
pub async fn abandoned_refreshes(tx: &mut Tx, by: Timestamp) -> Result<Vec<Abandoned>, Error> {
    let sql = "SELECT id, environment_id, refresh_until FROM connected_accounts
        WHERE refresh_until <= $1 ORDER BY refresh_until";
    tx.all(sql, args![by]).await?.iter().map(read_abandoned).collect()
}

/// The refreshes that this process, which has died, began and never came back from.
///
/// # Errors
/// The database cannot be read.
pub async fn abandoned_refreshes_of(tx: &mut Tx, process: &ProcessId) -> Result<Vec<Abandoned>, Error> {
    let sql = "SELECT id, environment_id, refresh_until FROM connected_accounts
        WHERE refresh_process = $1 AND refresh_until IS NOT NULL ORDER BY refresh_until";
    tx.all(sql, args![process]).await?.iter().map(read_abandoned).collect()
}

fn read_abandoned(row: &Row) -> Result<Abandoned, Error> {
    row.fit("connected_accounts", |row| {
        let (environment, account) = (row.parsed("environment_id")?, row.parsed("id")?);
        Ok(Abandoned { environment, account, until: row.timestamp("refresh_until")? })
    })
}

/// The authorizations whose codes were being exchanged, which should have ended by then.
///
/// # Errors
/// The database cannot be read.
pub async fn interrupted_exchanges(tx: &mut Tx, by: Timestamp) -> Result<Vec<(EnvironmentId, AuthorizationId)>, Error> {
    let sql = "SELECT id, environment_id FROM authorizations
        WHERE stage = 'exchanging' AND consent_expires_at <= $1 ORDER BY consent_expires_at";
    tx.all(sql, args![by]).await?.iter().map(read_authorization).collect()
}

/// The authorizations whose codes were being exchanged by this process, which has died.
///
/// # Errors
/// The database cannot be read.
pub async fn interrupted_exchanges_of(
    tx: &mut Tx,
    process: &ProcessId,
) -> Result<Vec<(EnvironmentId, AuthorizationId)>, Error> {
    let sql = "SELECT id, environment_id FROM authorizations
        WHERE exchange_process = $1 AND stage = 'exchanging' ORDER BY consent_expires_at";
    tx.all(sql, args![process]).await?.iter().map(read_authorization).collect()
}

/// A registration of a client that somebody began and, its lease being over, never came back from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AbandonedRegistration {
    /// The environment of its connection.
    pub environment: EnvironmentId,
    /// The connection.
    pub connection: ConnectionId,
    /// The end of its lease, which names it.
    pub until: Timestamp,
}

/// The registrations whose leases ended by then, and whose ends were never told.
///
/// # Errors
/// The database cannot be read.
pub async fn abandoned_registrations(tx: &mut Tx, by: Timestamp) -> Result<Vec<AbandonedRegistration>, Error> {
    let sql = "SELECT id, environment_id, registration_until FROM connections
        WHERE registration_until <= $1 ORDER BY registration_until";
    tx.all(sql, args![by]).await?.iter().map(read_registration).collect()
}

/// The registrations that this process, which has died, began and never came back from.
///
/// # Errors
/// The database cannot be read.
pub async fn abandoned_registrations_of(tx: &mut Tx, process: &ProcessId) -> Result<Vec<AbandonedRegistration>, Error> {
    let sql = "SELECT id, environment_id, registration_until FROM connections
        WHERE registration_process = $1 AND registration_until IS NOT NULL ORDER BY registration_until";
    tx.all(sql, args![process]).await?.iter().map(read_registration).collect()
}

fn read_registration(row: &Row) -> Result<AbandonedRegistration, Error> {
    row.fit("connections", |row| {
        let (environment, connection) = (row.parsed("environment_id")?, row.parsed("id")?);
        Ok(AbandonedRegistration { environment, connection, until: row.timestamp("registration_until")? })
    })
}

#[cfg(test)]
mod tests;
