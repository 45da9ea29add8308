//! Data keys, wrapped: one for each environment (empty for what environments share), purpose and generation.

use crate::{Error, Row, Tx, args, meta};
use valetkey_domain::Timestamp;
use valetkey_domain::id::DataKeyId;

/// A data key as it rests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredKey {
    /// Its id.
    pub id: DataKeyId,
    /// The environment's id; empty for a key that environments share.
    pub environment: String,
    /// What it is for, as the vault spells it.
    pub purpose: String,
    /// Raised by every rotation; the highest is the one to seal with.
    pub generation: i64,
    /// The version of the root key that wraps it.
    pub root_version: String,
    /// The key, wrapped.
    pub wrapped: Vec<u8>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Adds a key unless its environment, purpose and generation have one; false if they had.
///
/// # Errors
/// The database cannot be written.
pub async fn insert(tx: &mut Tx, key: &StoredKey) -> Result<bool, Error> {
    let sql = "INSERT INTO data_keys (id, environment_id, purpose, generation, root_version, wrapped, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (environment_id, purpose, generation) DO NOTHING";
    let values = args![
        &key.id,
        &key.environment,
        &key.purpose,
        key.generation,
        &key.root_version,
        &key.wrapped,
        key.created_at,
    ];
    Ok(tx.run(sql, values).await? == 1)
}

/// Adds a key as [`insert`] does, but only while `root` is the one that wraps new keys; false if it was not added.
///
/// # Errors
/// The database cannot be written.
pub async fn insert_under(tx: &mut Tx, key: &StoredKey, root: &str) -> Result<bool, Error> {
    match meta::get(tx, meta::ROOT).await? {
        Some(wraps) if wraps == root => insert(tx, key).await,
        _ => Ok(false),
    }
}

/// Puts a key in the place of the same one wrapped before; false if the row holds another by now.
///
/// # Errors
/// The database cannot be written.
pub async fn rewrap(tx: &mut Tx, was: &StoredKey, root_version: &str, wrapped: &[u8]) -> Result<bool, Error> {
    let sql = "UPDATE data_keys SET root_version = $3, wrapped = $4 WHERE id = $1 AND root_version = $2";
    Ok(tx.run(sql, args![&was.id, &was.root_version, root_version, wrapped]).await? == 1)
}

/// Removes a key: what it sealed never opens again.
///
/// # Errors
/// The database cannot be written.
pub async fn remove(tx: &mut Tx, id: &DataKeyId) -> Result<bool, Error> {
    Ok(tx.run("DELETE FROM data_keys WHERE id = $1", args![id]).await? == 1)
}

/// All keys: those that environments share first, then each environment's, by purpose and generation.
///
/// # Errors
/// The database cannot be read.
pub async fn all(tx: &mut Tx) -> Result<Vec<StoredKey>, Error> {
    let sql = "SELECT * FROM data_keys ORDER BY environment_id, purpose, generation";
    tx.all(sql, []).await?.iter().map(read).collect()
}

/// The key to seal with: the highest generation.
///
/// # Errors
/// The database cannot be read.
pub async fn newest(tx: &mut Tx, environment: &str, purpose: &str) -> Result<Option<StoredKey>, Error> {
    let sql = "SELECT * FROM data_keys WHERE environment_id = $1 AND purpose = $2 ORDER BY generation DESC LIMIT 1";
    tx.one(sql, args![environment, purpose]).await?.as_ref().map(read).transpose()
}

/// The key of this id, to open with.
///
/// # Errors
/// The database cannot be read.
pub async fn get(tx: &mut Tx, id: &DataKeyId) -> Result<Option<StoredKey>, Error> {
    tx.one("SELECT * FROM data_keys WHERE id = $1", args![id]).await?.as_ref().map(read).transpose()
}

/// The ids of all keys of a purpose.
///
/// # Errors
/// The database cannot be read.
pub async fn ids(tx: &mut Tx, purpose: &str) -> Result<Vec<DataKeyId>, Error> {
    let rows = tx.all("SELECT id FROM data_keys WHERE purpose = $1", args![purpose]).await?;
    rows.iter().map(|row| row.fit("data_keys", |row| row.parsed("id"))).collect()
}

/// Whether there is any key at all.
///
/// # Errors
/// The database cannot be read.
pub async fn any(tx: &mut Tx) -> Result<bool, Error> {
    Ok(tx.one("SELECT id FROM data_keys LIMIT 1", []).await?.is_some())
}

fn read(row: &Row) -> Result<StoredKey, Error> {
    row.fit("data_keys", |row| {
        Ok(StoredKey {
            id: row.parsed("id")?,
            environment: row.text("environment_id")?.into(),
            purpose: row.text("purpose")?.into(),
            generation: row.integer("generation")?,
            root_version: row.text("root_version")?.into(),
            wrapped: row.bytes("wrapped")?.into(),
            created_at: row.timestamp("created_at")?,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[tokio::test]
    async fn the_first_of_two_makers_wins_and_the_newest_seals() {
        let db = fixture::two_environments().await;
        let mut tx = db.store.write().await.unwrap();
        assert!(!any(&mut tx).await.unwrap());
        let key = |id: &str, generation| StoredKey {
            id: DataKeyId::parse(id).unwrap(),
            environment: "env_ours".into(),
            purpose: "credential".into(),
            generation,
            root_version: "v".into(),
            wrapped: vec![1],
            created_at: fixture::now(),
        };
        assert!(insert(&mut tx, &key("key_1", 1)).await.unwrap());
        assert!(!insert(&mut tx, &key("key_2", 1)).await.unwrap());
        assert!(insert(&mut tx, &key("key_3", 2)).await.unwrap());
        assert_eq!(newest(&mut tx, "env_ours", "credential").await.unwrap(), Some(key("key_3", 2)));
        assert_eq!(newest(&mut tx, "env_theirs", "credential").await.unwrap(), None);
        assert_eq!(get(&mut tx, &key("key_1", 1).id).await.unwrap(), Some(key("key_1", 1)));
        assert_eq!(ids(&mut tx, "credential").await.unwrap().len(), 2);
        assert!(ids(&mut tx, "url").await.unwrap().is_empty());
        assert!(any(&mut tx).await.unwrap());
    }
}
