//! Facts about the installation as a whole, by name. No environment has any part in them.

use crate::{Error, Tx, args};

/// The root that wraps new data keys.
pub const ROOT: &str = "root";

/// The installation's id.
pub const INSTALLATION: &str = "installation";

/// A number that counts up while the installation runs; a database whose number is behind was put back.
pub const EPOCH: &str = "epoch";

/// Why this database must not be used yet.
pub const QUARANTINE: &str = "quarantine";

/// When somebody last tried a password of a name that nobody has.
pub const NOBODYS_TRY: &str = "nobodys_try";

/// The fact of this name.
///
/// # Errors
/// The database cannot be read.
pub async fn get(tx: &mut Tx, name: &str) -> Result<Option<String>, Error> {
    let row = tx.one("SELECT value FROM meta WHERE name = $1", args![name]).await?;
    row.map(|row| row.fit("meta", |row| Ok(row.text("value")?.to_owned()))).transpose()
}

/// Sets a fact.
///
/// # Errors
/// The database cannot be written.
pub async fn set(tx: &mut Tx, name: &str, value: &str) -> Result<(), Error> {
    let sql = "INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    tx.run(sql, args![name, value]).await.map(drop)
}

/// Sets a fact unless it is there; gives what is there then.
///
/// # Errors
/// The database cannot be written.
pub async fn ensure(tx: &mut Tx, name: &str, value: &str) -> Result<String, Error> {
    let sql = "INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";
    tx.run(sql, args![name, value]).await?;
    get(tx, name).await?.ok_or_else(|| Error::Defect { message: format!("meta has no {name} after it was set") })
}

/// Forgets a fact.
///
/// # Errors
/// The database cannot be written.
pub async fn forget(tx: &mut Tx, name: &str) -> Result<(), Error> {
    tx.run("DELETE FROM meta WHERE name = $1", args![name]).await.map(drop)
}

/// Counts a number up by one, from nothing to 1, and gives it.
///
/// # Errors
/// The database cannot be written, or the fact is no number.
pub async fn count_up(tx: &mut Tx, name: &str) -> Result<i64, Error> {
    let sql = "INSERT INTO meta (name, value) VALUES ($1, '1')
        ON CONFLICT (name) DO UPDATE SET value = CAST(CAST(meta.value AS BIGINT) + 1 AS TEXT)";
    tx.run(sql, args![name]).await?;
    number(tx, name).await
}

/// A fact that is a number; 0 if it was never counted.
///
/// # Errors
/// The database cannot be read, or the fact is no number.
pub async fn number(tx: &mut Tx, name: &str) -> Result<i64, Error> {
    let text = get(tx, name).await?.unwrap_or_else(|| "0".into());
    text.parse().map_err(|_| crate::row::misfit(name, "is no number").of_row("meta", name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[tokio::test]
    async fn facts_are_set_kept_counted_and_forgotten() {
        let db = fixture::two_environments().await;
        let mut tx = db.store.write().await.unwrap();
        assert_eq!(get(&mut tx, ROOT).await.unwrap(), None);
        assert_eq!(ensure(&mut tx, ROOT, "one").await.unwrap(), "one");
        assert_eq!(ensure(&mut tx, ROOT, "two").await.unwrap(), "one");
        set(&mut tx, ROOT, "two").await.unwrap();
        assert_eq!(get(&mut tx, ROOT).await.unwrap().as_deref(), Some("two"));
        forget(&mut tx, ROOT).await.unwrap();
        assert_eq!(get(&mut tx, ROOT).await.unwrap(), None);
        assert_eq!(number(&mut tx, EPOCH).await.unwrap(), 0);
        assert_eq!((count_up(&mut tx, EPOCH).await.unwrap(), count_up(&mut tx, EPOCH).await.unwrap()), (1, 2));
    }
}
