//! Environments. They are what the other tables are divided by, so nothing here takes a `Ctx`; only the operator and
//! the first start get here.

use crate::row::misfit;
use crate::{Error, Row, Tx, args};
use valetkey_domain::brand::{Brand, Colour};
use valetkey_domain::environment::{Environment, VerifyMode};
use valetkey_domain::id::EnvironmentId;

/// Adds an environment.
///
/// # Errors
/// The name is taken.
pub async fn insert(tx: &mut Tx, environment: &Environment) -> Result<(), Error> {
    let sql = "INSERT INTO environments (id, name, display_name, created_at) VALUES ($1, $2, $3, $4)";
    let Environment { id, name, display_name, created_at, .. } = environment;
    tx.run(sql, args![id, name, display_name.as_deref(), *created_at]).await.map(drop)
}

/// Gives an environment another display name, or none. False if there is no such environment.
///
/// # Errors
/// The database failed.
pub async fn set_display_name(tx: &mut Tx, id: &EnvironmentId, display_name: Option<&str>) -> Result<bool, Error> {
    let sql = "UPDATE environments SET display_name = $2 WHERE id = $1";
    Ok(tx.run(sql, args![id, display_name]).await? == 1)
}

/// All of them, oldest first.
///
/// # Errors
/// The database cannot be read.
pub async fn all(tx: &mut Tx) -> Result<Vec<Environment>, Error> {
    tx.all("SELECT * FROM environments ORDER BY id", []).await?.iter().map(read).collect()
}

/// The one with this id.
///
/// # Errors
/// The database cannot be read.
pub async fn get(tx: &mut Tx, id: &EnvironmentId) -> Result<Option<Environment>, Error> {
    let sql = "SELECT * FROM environments WHERE id = $1";
    tx.one(sql, args![id]).await?.as_ref().map(read).transpose()
}

/// The one with this name.
///
/// # Errors
/// The database cannot be read.
pub async fn by_name(tx: &mut Tx, name: &str) -> Result<Option<Environment>, Error> {
    let sql = "SELECT * FROM environments WHERE name = $1";
    tx.one(sql, args![name]).await?.as_ref().map(read).transpose()
}

/// Says whether apps confirm who signed in, and where. False if there is no such environment.
///
/// # Errors
/// The database failed.
pub async fn set_verification(
    tx: &mut Tx,
    id: &EnvironmentId,
    mode: Option<VerifyMode>,
    url: Option<&str>,
) -> Result<bool, Error> {
    let sql = "UPDATE environments SET user_verify_mode = $2, user_verify_url = $3 WHERE id = $1";
    Ok(tx.run(sql, args![id, mode.map(VerifyMode::as_str), url]).await? == 1)
}

/// Says how the app looks. False if there is no such environment.
///
/// # Errors
/// The database failed.
pub async fn set_brand(tx: &mut Tx, id: &EnvironmentId, brand: &Brand) -> Result<bool, Error> {
    let sql = "UPDATE environments SET brand_colour = $2, brand_logo = $3 WHERE id = $1";
    let colour = brand.colour.map(|colour| colour.to_string());
    Ok(tx.run(sql, args![id, colour, brand.logo.as_deref()]).await? == 1)
}

/// Keeps a logo in the place of the one before. Its hash is in the environment's row, so that nothing else is taken for it.
///
/// # Errors
/// The database failed.
pub async fn put_logo(tx: &mut Tx, id: &EnvironmentId, hash: &str, bytes: &[u8]) -> Result<(), Error> {
    let sql = "INSERT INTO logos (environment_id, hash, bytes) VALUES ($1, $2, $3)
        ON CONFLICT (environment_id) DO UPDATE SET hash = excluded.hash, bytes = excluded.bytes";
    tx.run(sql, args![id, hash, bytes]).await.map(drop)
}

/// Forgets the logo.
///
/// # Errors
/// The database failed.
pub async fn drop_logo(tx: &mut Tx, id: &EnvironmentId) -> Result<(), Error> {
    tx.run("DELETE FROM logos WHERE environment_id = $1", args![id]).await.map(drop)
}

fn colour(text: &str) -> Result<Colour, Error> {
    Colour::parse(text).map_err(|_| misfit("brand_colour", "is no colour"))
}

fn mode(word: &str) -> Result<VerifyMode, Error> {
    VerifyMode::named(word).ok_or_else(|| misfit("user_verify_mode", "is no mode"))
}

fn read(row: &Row) -> Result<Environment, Error> {
    row.fit("environments", |row| {
        Ok(Environment {
            id: row.parsed("id")?,
            name: row.text("name")?.into(),
            display_name: row.optional_text("display_name")?.map(ToOwned::to_owned),
            user_verify_mode: row.optional_text("user_verify_mode")?.map(mode).transpose()?,
            user_verify_url: row.optional_text("user_verify_url")?.map(ToOwned::to_owned),
            brand: Brand {
                colour: row.optional_text("brand_colour")?.map(colour).transpose()?,
                logo: row.optional_text("brand_logo")?.map(ToOwned::to_owned),
            },
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
        let db = fixture::two_environments().await;
        let mut tx = db.store.write().await.unwrap();
        let all = all(&mut tx).await.unwrap();
        assert_eq!(all.len(), 2);
        for one in &all {
            assert_eq!(by_name(&mut tx, &one.name).await.unwrap().as_ref(), Some(one));
            assert_eq!(get(&mut tx, &one.id).await.unwrap().as_ref(), Some(one));
        }
        let named = Environment { display_name: Some("Acme".into()), ..all[0].clone() };
        assert!(set_display_name(&mut tx, &named.id, Some("Acme")).await.unwrap());
        assert_eq!(get(&mut tx, &named.id).await.unwrap(), Some(named.clone()));
        assert!(set_display_name(&mut tx, &named.id, None).await.unwrap());
        assert_eq!(get(&mut tx, &named.id).await.unwrap().as_ref(), Some(&all[0]));
        assert!(!set_display_name(&mut tx, &EnvironmentId::parse("env_none").unwrap(), None).await.unwrap());
        let again = Environment { id: EnvironmentId::parse("env_again").unwrap(), ..all[0].clone() };
        assert_eq!(insert(&mut tx, &again).await.unwrap_err().kind(), Kind::AlreadyExists);
    }
}
