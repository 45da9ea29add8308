//! API clients and the hashes of their secrets, each with its row's MAC, which the keyring looks at.

use crate::row::json_text;
use crate::{Error, Row, Tx, args};
use valetkey_domain::client::{ApiClient, ClientSecret};
use valetkey_domain::id::{ClientId, ClientSecretId};
use valetkey_domain::{Ctx, Timestamp};

/// A client as its row has it.
#[derive(Clone, Debug)]
pub struct StoredClient {
    /// The client.
    pub client: ApiClient,
    /// The row's MAC.
    pub mac: Option<Vec<u8>>,
}

/// A client's secret as its row has it.
#[derive(Clone, Debug)]
pub struct StoredSecret {
    /// The secret.
    pub secret: ClientSecret,
    /// The row's MAC.
    pub mac: Option<Vec<u8>>,
}

/// Adds a client without a secret.
///
/// # Errors
/// The database cannot be written.
pub async fn insert(ctx: &Ctx, tx: &mut Tx, client: &ApiClient, mac: &[u8]) -> Result<(), Error> {
    let sql = "INSERT INTO api_clients (environment_id, id, name, scopes, version, created_at, mac)
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let scopes = json_text(&client.scopes)?;
    let values = args![&ctx.environment, &client.id, &client.name, scopes, client.version, client.created_at, mac];
    tx.run(sql, values).await.map(drop)
}

/// Adds a secret to a client of this environment.
///
/// # Errors
/// The client isn't in this environment.
pub async fn add_secret(ctx: &Ctx, tx: &mut Tx, secret: &ClientSecret, mac: &[u8]) -> Result<(), Error> {
    let sql = "INSERT INTO api_client_secrets (environment_id, id, client_id, hash, hint, created_at, expires_at, mac)
        SELECT c.environment_id, $2, c.id, $4, $5, CAST($6 AS BIGINT), CAST($7 AS BIGINT), $8 FROM api_clients c
        WHERE c.environment_id = $1 AND c.id = $3";
    let values = args![
        &ctx.environment,
        &secret.id,
        &secret.client,
        &secret.hash,
        &secret.hint,
        secret.created_at,
        secret.expires_at,
        mac,
    ];
    if tx.run(sql, values).await? == 0 { Err(Error::Referenced) } else { Ok(()) }
}

/// The client of this id.
///
/// # Errors
/// The database cannot be read.
pub async fn get(ctx: &Ctx, tx: &mut Tx, id: &ClientId) -> Result<Option<StoredClient>, Error> {
    let sql = "SELECT * FROM api_clients WHERE environment_id = $1 AND id = $2";
    tx.one(sql, args![&ctx.environment, id]).await?.as_ref().map(read).transpose()
}

/// All clients of the environment, oldest first.
///
/// # Errors
/// The database cannot be read.
pub async fn list(ctx: &Ctx, tx: &mut Tx) -> Result<Vec<StoredClient>, Error> {
    let sql = "SELECT * FROM api_clients WHERE environment_id = $1 ORDER BY id";
    tx.all(sql, args![&ctx.environment]).await?.iter().map(read).collect()
}

/// A client's secrets, oldest first, those that have ended among them.
///
/// # Errors
/// The database cannot be read.
pub async fn secrets(ctx: &Ctx, tx: &mut Tx, id: &ClientId) -> Result<Vec<StoredSecret>, Error> {
    let sql = "SELECT * FROM api_client_secrets WHERE environment_id = $1 AND client_id = $2 ORDER BY id";
    tx.all(sql, args![&ctx.environment, id]).await?.iter().map(read_secret).collect()
}

/// Ends one of a client's secrets.
///
/// # Errors
/// The database cannot be written.
pub async fn end_secret(ctx: &Ctx, tx: &mut Tx, id: &ClientSecretId, at: Timestamp, mac: &[u8]) -> Result<bool, Error> {
    let sql = "UPDATE api_client_secrets SET expires_at = $3, mac = $4 WHERE environment_id = $1 AND id = $2";
    Ok(tx.run(sql, args![&ctx.environment, id, at, mac]).await? == 1)
}

/// Removes the environment's secrets that ended before `before`. Gives the client of each.
///
/// # Errors
/// The database cannot be written.
pub async fn purge_secrets(ctx: &Ctx, tx: &mut Tx, before: Timestamp) -> Result<Vec<ClientId>, Error> {
    let sql = "DELETE FROM api_client_secrets WHERE environment_id = $1 AND expires_at < $2 RETURNING client_id";
    let gone = tx.all(sql, args![&ctx.environment, before]).await?;
    gone.iter().map(|row| row.fit("api_client_secrets", |row| row.parsed("client_id"))).collect()
}

/// Gives a client another version, which makes every token issued so far worthless; false if there is no such client.
///
/// # Errors
/// The database cannot be written.
pub async fn set_version(ctx: &Ctx, tx: &mut Tx, id: &ClientId, version: i64, mac: &[u8]) -> Result<bool, Error> {
    let sql = "UPDATE api_clients SET version = $3, mac = $4 WHERE environment_id = $1 AND id = $2";
    Ok(tx.run(sql, args![&ctx.environment, id, version, mac]).await? == 1)
}

/// Removes a client with its secrets; false if there is none.
///
/// # Errors
/// The database cannot be written.
pub async fn delete(ctx: &Ctx, tx: &mut Tx, id: &ClientId) -> Result<bool, Error> {
    let sql = "DELETE FROM api_clients WHERE environment_id = $1 AND id = $2";
    Ok(tx.run(sql, args![&ctx.environment, id]).await? == 1)
}

pub(crate) fn read(row: &Row) -> Result<StoredClient, Error> {
    row.fit("api_clients", |row| {
        let client = ApiClient {
            id: row.parsed("id")?,
            environment: row.parsed("environment_id")?,
            name: row.text("name")?.into(),
            scopes: row.json("scopes")?,
            version: row.integer("version")?,
            created_at: row.timestamp("created_at")?,
        };
        Ok(StoredClient { client, mac: row.optional_bytes("mac")?.map(ToOwned::to_owned) })
    })
}

pub(crate) fn read_secret(row: &Row) -> Result<StoredSecret, Error> {
    row.fit("api_client_secrets", |row| {
        let secret = ClientSecret {
            id: row.parsed("id")?,
            client: row.parsed("client_id")?,
            hash: row.hash("hash")?,
            hint: row.text("hint")?.into(),
            created_at: row.timestamp("created_at")?,
            expires_at: row.optional_timestamp("expires_at")?,
        };
        Ok(StoredSecret { secret, mac: row.optional_bytes("mac")?.map(ToOwned::to_owned) })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{doors, fixture};

    fn client(ctx: &Ctx) -> ApiClient {
        ApiClient {
            id: ClientId::parse("skc_1").unwrap(),
            environment: ctx.environment.clone(),
            name: "shell".into(),
            scopes: vec!["accounts:secrets".into()],
            version: 1,
            created_at: fixture::now(),
        }
    }

    fn secret(client: &ApiClient, n: u8) -> ClientSecret {
        ClientSecret {
            id: ClientSecretId::parse(&format!("sks_{n}")).unwrap(),
            client: client.id.clone(),
            hash: [n; 32],
            hint: "abcd".into(),
            created_at: fixture::now(),
            expires_at: None,
        }
    }

    #[tokio::test]
    async fn secrets_end_one_by_one_and_versions_are_set() {
        let db = fixture::two_environments().await;
        let ours = &db.ours;
        let mut tx = db.store.write().await.unwrap();
        let client = client(ours);
        insert(ours, &mut tx, &client, b"mac").await.unwrap();
        for n in 1..=2 {
            add_secret(ours, &mut tx, &secret(&client, n), b"mac").await.unwrap();
        }
        let first = secret(&client, 1).id;
        assert!(end_secret(ours, &mut tx, &first, fixture::now(), b"ended").await.unwrap());
        let found: Vec<_> = secrets(ours, &mut tx, &client.id).await.unwrap();
        let ends: Vec<_> = found.iter().map(|s| (s.secret.expires_at, s.mac.as_deref().unwrap())).collect();
        assert_eq!(ends, [(Some(fixture::now()), &b"ended"[..]), (None, b"mac")]);
        assert!(set_version(ours, &mut tx, &client.id, 2, b"two").await.unwrap());
        let (found, hashes) = doors::client_with_secrets(&mut tx, &client.id).await.unwrap().unwrap();
        assert_eq!((found.client.version, found.mac.as_deref()), (2, Some(&b"two"[..])));
        assert_eq!((hashes.len(), hashes[1].secret.hash), (2, [2; 32]));
        assert!(delete(ours, &mut tx, &client.id).await.unwrap());
        assert!(doors::client(&mut tx, &client.id).await.unwrap().is_none());
    }

    #[tokio::test]
    async fn a_stranger_finds_and_changes_nothing() {
        let db = fixture::two_environments().await;
        let stranger = &db.theirs;
        let mut tx = db.store.write().await.unwrap();
        let client = client(&db.ours);
        insert(&db.ours, &mut tx, &client, b"mac").await.unwrap();
        add_secret(&db.ours, &mut tx, &secret(&client, 1), b"mac").await.unwrap();
        assert!(get(stranger, &mut tx, &client.id).await.unwrap().is_none());
        assert!(list(stranger, &mut tx).await.unwrap().is_empty());
        assert!(secrets(stranger, &mut tx, &client.id).await.unwrap().is_empty());
        assert!(!end_secret(stranger, &mut tx, &secret(&client, 1).id, fixture::now(), b"mac").await.unwrap());
        assert!(!set_version(stranger, &mut tx, &client.id, 2, b"mac").await.unwrap());
        assert!(!delete(stranger, &mut tx, &client.id).await.unwrap());
        assert_eq!(get(&db.ours, &mut tx, &client.id).await.unwrap().unwrap().client, client);
        let planted = add_secret(stranger, &mut tx, &secret(&client, 2), b"mac").await.unwrap_err();
        assert!(matches!(planted, Error::Referenced));
    }
}
