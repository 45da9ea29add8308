//! Environments: made at first start, by the operator later.

use crate::{App, Error, Result, doors, journal};
use serde_json::Map;
use valetkey_domain::Kind;
use valetkey_domain::environment::Environment;
use valetkey_domain::id::EnvironmentId;
use valetkey_storage::environments as rows;

/// The name of the one that a first start makes.
pub const FIRST: &str = "development";

/// Makes an environment.
///
/// # Errors
/// The name is taken or empty.
pub async fn create(app: &App, name: &str) -> Result<Environment> {
    if name.is_empty() || name.chars().count() > 100 || name.trim() != name {
        return Err(Error::invalid("an environment's name has 1 to 100 characters and no blank at its ends"));
    }
    let environment = Environment {
        id: EnvironmentId::new(app.clock.as_ref(), app.rng.as_ref()),
        name: name.to_owned(),
        created_at: app.now(),
    };
    let mut tx = app.store.write().await?;
    rows::insert(&mut tx, &environment).await.map_err(|error| match error.kind() {
        Kind::AlreadyExists => Error::new(Kind::AlreadyExists, format!("there is an environment '{name}' already")),
        _ => error.into(),
    })?;
    let ctx = doors::operator(app, &environment.id);
    journal::fact(app, &ctx, &mut tx, "environment.created", environment.id.as_str(), Map::new()).await?;
    tx.commit().await?;
    Ok(environment)
}

/// All environments, in the order they were made.
///
/// # Errors
/// The database cannot be read.
pub async fn list(app: &App) -> Result<Vec<Environment>> {
    Ok(rows::all(&mut app.store.read().await?).await?)
}

/// The environment of this name.
///
/// # Errors
/// There is none.
pub async fn by_name(app: &App, name: &str) -> Result<Environment> {
    if let Some(found) = rows::by_name(&mut app.store.read().await?, name).await? {
        return Ok(found);
    }
    let known: Vec<_> = list(app).await?.into_iter().map(|environment| environment.name).collect();
    Err(Error::new(Kind::NotFound, format!("environment '{name}' not found; there are: {}", known.join(", "))))
}

/// The first start's environment, made if the database has none at all.
///
/// # Errors
/// The database cannot be read or written.
pub async fn ensure_first(app: &App) -> Result<Environment> {
    match list(app).await?.into_iter().next() {
        Some(environment) => Ok(environment),
        None => create(app, FIRST).await,
    }
}
