//! Environments. They are what the other tables are divided by, so nothing here takes a `Ctx`; only the operator and
//! the first start get here.

use crate::{Error, Row, Tx, args};
use valetkey_domain::environment::Environment;
use valetkey_domain::id::EnvironmentId;

/// Adds an environment.
///
/// # Errors
/// The name is taken.
pub async fn insert(tx: &mut Tx, environment: &Environment) -> Result<(), Error> {
    let sql = "INSERT INTO environments (id, name, created_at) VALUES ($1, $2, $3)";
    tx.run(sql, args![&environment.id, &environment.name, environment.created_at]).await.map(drop)
}

/// All of them, oldest first.
///
/// # Errors
/// The database cannot be read.
pub async fn all(tx: &mut Tx) -> Result<Vec<Environment>, Error> {
    tx.all("SELECT id, name, created_at FROM environments ORDER BY id", []).await?.iter().map(read).collect()
}

/// The one with this id.
///
/// # Errors
/// The database cannot be read.
pub async fn get(tx: &mut Tx, id: &EnvironmentId) -> Result<Option<Environment>, Error> {
    let sql = "SELECT id, name, created_at FROM environments WHERE id = $1";
    tx.one(sql, args![id]).await?.as_ref().map(read).transpose()
}

/// The one with this name.
///
/// # Errors
/// The database cannot be read.
pub async fn by_name(tx: &mut Tx, name: &str) -> Result<Option<Environment>, Error> {
    let sql = "SELECT id, name, created_at FROM environments WHERE name = $1";
    tx.one(sql, args![name]).await?.as_ref().map(read).transpose()
}

fn read(row: &Row) -> Result<Environment, Error> {
    row.fit("environments", |row| {
        Ok(Environment {
            id: row.parsed("id")?,
            name: row.text("name")?.into(),
            created_at: row.timestamp("created_at")?,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
    use valetkey_domain::Kind;

    #[tokio::test]
    async fn are_found_by_name_and_id_and_names_are_unique() {
        let there = fixture::two_environments().await;
        let mut tx = there.store.write().await.unwrap();
        let all = all(&mut tx).await.unwrap();
        assert_eq!(all.len(), 2);
        for one in &all {
            assert_eq!(by_name(&mut tx, &one.name).await.unwrap().as_ref(), Some(one));
            assert_eq!(get(&mut tx, &one.id).await.unwrap().as_ref(), Some(one));
        }
        let again = Environment { id: EnvironmentId::parse("env_again").unwrap(), ..all[0].clone() };
        assert_eq!(insert(&mut tx, &again).await.unwrap_err().kind(), Kind::AlreadyExists);
    }
}
