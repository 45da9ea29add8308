//! Environments: made at first start, by the operator later.

use super::verification;
use crate::{App, Error, Result};
use serde_json::{Map, json};
use valetkey_core::context;
use valetkey_core::journal;
use valetkey_domain::brand::Brand;
use valetkey_domain::environment::{Environment, VerifyMode};
use valetkey_domain::id::EnvironmentId;
use valetkey_domain::name::plain;
use valetkey_domain::{Ctx, Kind};
use valetkey_storage::environments as rows;

/// The name of the one that a first start makes.
pub const FIRST: &str = "development";

/// What is said where somebody else has changed how users are verified.
pub const CHANGED: &str = "how users are verified was changed elsewhere since the form was shown, and nothing was saved: look at \
    what you chose below, and save it again if it is what you want";

/// Makes an environment.
///
/// # Errors
/// The name is taken, or one of the two breaks its rule; the message says which.
pub async fn create(app: &App, name: &str, display_name: Option<&str>) -> Result<Environment> {
    fits("name", name)?;
    display_name.map_or(Ok(()), |display_name| fits("display name", display_name))?;
    let environment = Environment {
        id: EnvironmentId::new(app.core.clock.as_ref(), app.core.rng.as_ref()),
        name: name.to_owned(),
        display_name: display_name.map(ToOwned::to_owned),
        user_verify_mode: None,
        user_verify_url: None,
        brand: Brand::default(),
        created_at: app.core.now(),
    };
    let ctx = context::operator(&app.core, &environment.id);
    let mut tx = app.core.change(&ctx).await?;
    rows::insert(&mut tx, &environment).await.map_err(|error| match error.kind() {
        Kind::AlreadyExists => Error::new(Kind::AlreadyExists, format!("there is an environment '{name}' already")),
        _ => error.into(),
    })?;
    tx.record("environment.created", environment.id.as_str(), Map::new()).await?.commit().await?;
    Ok(environment)
}

/// Gives an environment another display name, the app's name on the consent pages; none takes it away.
///
/// # Errors
/// There is no such environment, or the display name breaks its rule.
pub async fn rename(app: &App, name: &str, display_name: Option<&str>) -> Result<Environment> {
    let environment = by_name(app, name).await?;
    set_display_name(app, &context::operator(&app.core, &environment.id), display_name).await?;
    Ok(Environment { display_name: display_name.map(ToOwned::to_owned), ..environment })
}

async fn set_display_name(app: &App, ctx: &Ctx, display_name: Option<&str>) -> Result<()> {
    display_name.map_or(Ok(()), |display_name| fits("display name", display_name))?;
    let mut tx = app.core.change(ctx).await?;
    if !rows::set_display_name(&mut tx, &ctx.environment, display_name).await? {
        return Err(Error::not_found("environment", ctx.environment.as_str()));
    }
    let detail = journal::detail([("display_name", json!(display_name))]);
    tx.record("environment.updated", ctx.environment.as_str(), detail).await?.commit().await
}

/// Says whether apps confirm who signed in in an environment, and where people go for that; what is none stays.
///
/// # Errors
/// There is no such environment, or the address is no place to send people to.
pub async fn verify_users(app: &App, name: &str, mode: Option<VerifyMode>, url: Option<&str>) -> Result<Environment> {
    let before = by_name(app, name).await?;
    let ctx = context::operator(&app.core, &before.id);
    verify_users_of(app, &ctx, (mode, url), None).await?;
    by_name(app, name).await
}

/// The same of a caller's environment, unless somebody else changed it since it was `seen`.
///
/// # Errors
/// As for [`verify_users`]; it was changed meanwhile.
pub async fn verify_users_of(
    app: &App,
    ctx: &Ctx,
    (mode, url): (Option<VerifyMode>, Option<&str>),
    seen: Option<&Environment>,
) -> Result<()> {
    if let Some(url) = url.filter(|url| !url.is_empty()) {
        verification::checked(url)?;
    }
    let id = &ctx.environment;
    let mut tx = app.core.change(ctx).await?;
    tx.alone(id.as_str()).await?;
    let before = rows::get(&mut tx, id).await?.ok_or_else(|| Error::not_found("environment", id.as_str()))?;
    let state = |of: &Environment| (of.user_verify_mode, of.user_verify_url.clone());
    if seen.is_some_and(|seen| state(seen) != state(&before)) {
        return Err(Error::new(Kind::Aborted, CHANGED));
    }
    let mode = mode.or(before.user_verify_mode);
    let url = match url {
        Some(url) => Some(url.to_owned()).filter(|url| !url.is_empty()),
        None => before.user_verify_url,
    };
    rows::set_verification(&mut tx, id, mode, url.as_deref()).await?;
    let detail = [("user_verify_mode", json!(mode.map(VerifyMode::as_str))), ("user_verify_url", json!(url))];
    tx.record("environment.updated", id.as_str(), journal::detail(detail)).await?.commit().await
}

/// People read both, so neither holds what can't be seen.
pub(super) fn fits(what: &str, text: &str) -> Result<()> {
    plain(text, 100, &format!("an environment's {what}")).map_err(Error::invalid)
}

/// All environments, in the order they were made.
///
/// # Errors
/// The database cannot be read.
pub async fn list(app: &App) -> Result<Vec<Environment>> {
    Ok(rows::all(&mut app.core.store.glance().await?).await?)
}

/// The environment of this name.
///
/// # Errors
/// There is none.
pub async fn by_name(app: &App, name: &str) -> Result<Environment> {
    if let Some(found) = rows::by_name(&mut app.core.store.glance().await?, name).await? {
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
        None => match create(app, FIRST, None).await {
            // Another process starts at this moment too.
            Err(error) if error.kind() == Kind::AlreadyExists => by_name(app, FIRST).await,
            made => made,
        },
    }
}
