//! The keys that sign our tokens, shared by all environments.

use crate::row::json_text;
use crate::{Error, Row, Tx, args};
use serde_json::Value;
use valetkey_domain::id::SigningKeyId;
use valetkey_domain::{Sealed, Timestamp};

/// A signing key as it rests.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredSigningKey {
    /// Its id, the `kid` of the tokens it signs.
    pub id: SigningKeyId,
    /// The public half as `/keys` shows it.
    pub public_jwk: Value,
    /// The private half as sealed PEM.
    pub private_sealed: Sealed,
    /// When it was made.
    pub created_at: Timestamp,
    /// Since when it signs no more; never, if none.
    pub retired_at: Option<Timestamp>,
}

/// Adds a key unless a live one is there already; false if one was.
///
/// # Errors
/// The database cannot be written.
pub async fn insert_first(tx: &mut Tx, key: &StoredSigningKey) -> Result<bool, Error> {
    tx.alone("signing_keys").await?;
    let sql = "INSERT INTO signing_keys (id, public_jwk, private_sealed, created_at, retired_at)
        SELECT $1, $2, $3, CAST($4 AS BIGINT), CAST($5 AS BIGINT)
        WHERE NOT EXISTS (SELECT 1 FROM signing_keys WHERE retired_at IS NULL)";
    let values = args![&key.id, json_text(&key.public_jwk)?, &key.private_sealed, key.created_at, key.retired_at];
    Ok(tx.run(sql, values).await? == 1)
}

/// Adds a key that signs from now on; those before it, which this gives, sign no more.
///
/// # Errors
/// The database cannot be written.
pub async fn succeed(tx: &mut Tx, key: &StoredSigningKey) -> Result<Vec<SigningKeyId>, Error> {
    let sql = "UPDATE signing_keys SET retired_at = $1 WHERE retired_at IS NULL RETURNING id";
    let retired = ids(&tx.all(sql, args![key.created_at]).await?)?;
    insert_first(tx, key).await?;
    Ok(retired)
}

/// Puts a private half in the place of the same one sealed before; false if the row holds another by now.
///
/// # Errors
/// The database cannot be written.
pub async fn reseal(tx: &mut Tx, id: &SigningKeyId, was: &Sealed, sealed: &Sealed) -> Result<bool, Error> {
    let sql = "UPDATE signing_keys SET private_sealed = $3 WHERE id = $1 AND private_sealed = $2";
    Ok(tx.run(sql, args![id, was, sealed]).await? == 1)
}

/// Removes the keys that stopped signing before then, and gives which they were.
///
/// # Errors
/// The database cannot be written.
pub async fn forget(tx: &mut Tx, before: Timestamp) -> Result<Vec<SigningKeyId>, Error> {
    ids(&tx.all("DELETE FROM signing_keys WHERE retired_at < $1 RETURNING id", args![before]).await?)
}

/// All keys, newest first.
///
/// # Errors
/// The database cannot be read.
pub async fn all(tx: &mut Tx) -> Result<Vec<StoredSigningKey>, Error> {
    tx.all("SELECT * FROM signing_keys ORDER BY id DESC", []).await?.iter().map(read).collect()
}

fn ids(rows: &[Row]) -> Result<Vec<SigningKeyId>, Error> {
    rows.iter().map(|row| row.fit("signing_keys", |row| row.parsed("id"))).collect()
}

fn read(row: &Row) -> Result<StoredSigningKey, Error> {
    row.fit("signing_keys", |row| {
        Ok(StoredSigningKey {
            id: row.parsed("id")?,
            public_jwk: row.json("public_jwk")?,
            private_sealed: row.sealed("private_sealed")?,
            created_at: row.timestamp("created_at")?,
            retired_at: row.optional_timestamp("retired_at")?,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[tokio::test]
    async fn only_the_first_maker_adds_one() {
        let db = fixture::two_environments().await;
        let mut tx = db.store.write().await.unwrap();
        let key = |id: &str| StoredSigningKey {
            id: SigningKeyId::parse(id).unwrap(),
            public_jwk: serde_json::json!({"kty": "RSA", "kid": id}),
            private_sealed: Sealed(vec![1]),
            created_at: fixture::now(),
            retired_at: None,
        };
        assert!(insert_first(&mut tx, &key("snk_1")).await.unwrap());
        assert!(!insert_first(&mut tx, &key("snk_2")).await.unwrap());
        assert_eq!(all(&mut tx).await.unwrap(), [key("snk_1")]);
    }
}
