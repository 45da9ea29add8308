//! API clients: made and rotated by the operator. What they get for their secrets is in [`tokens`](super::tokens).

use crate::{App, Error, Result};
use serde_json::Map;
use std::time::Duration;
use valetkey_core::keyring::{DoorRow, RowMacs};
use valetkey_core::rights;
use valetkey_domain::client::{ApiClient, ClientSecret};
use valetkey_domain::ctx::Actor;
use valetkey_domain::id::{ClientId, ClientSecretId};
use valetkey_domain::member::Right;
use valetkey_domain::name::plain;
use valetkey_domain::{Ctx, Kind, Secret, Timestamp};
use valetkey_storage::Tx;
use valetkey_storage::clients::{self as rows, StoredSecret};
use valetkey_vault::random;

pub use valetkey_core::rights::SECRETS_SCOPE;

/// The client that [`shell`] uses.
const SHELL_CLIENT: &str = "local-shell";

/// How long a shell's secret or token lasts.
pub(super) const SHELL_LIFE: Duration = Duration::from_secs(12 * 3600);

/// How many shells' secrets live at a time.
const SHELL_SECRETS: usize = 3;

/// A client with a secret that is shown this once.
pub struct Issued {
    /// The client.
    pub client: ApiClient,
    /// The secret, which nothing keeps.
    pub secret: Secret<str>,
    /// The secret's id, to end it by.
    pub secret_id: ClientSecretId,
}

/// Makes a client with a first secret.
///
/// # Errors
/// The name is empty, too long, or holds what nobody sees.
pub async fn create(app: &App, ctx: &Ctx, name: &str, scopes: Vec<String>) -> Result<Issued> {
    plain(name, 100, "a client's name").map_err(Error::invalid)?;
    let client = ApiClient {
        id: ClientId::new(app.core.clock.as_ref(), app.core.rng.as_ref()),
        environment: ctx.environment.clone(),
        name: name.to_owned(),
        scopes,
        version: 1,
        created_at: app.core.now(),
    };
    let (secret, row) = new_secret(app, &client.id, None)?;
    let macs = app.core.keyring.row_macs().await?;
    let mut tx = app.core.change(ctx).await?;
    rows::insert(ctx, &mut tx, &client, &macs.of(DoorRow::Client(&client))?).await?;
    rows::add_secret(ctx, &mut tx, &row, &macs.of(DoorRow::Secret(&row))?).await?;
    tx.record("client.created", client.id.as_str(), Map::new()).await?.commit().await?;
    Ok(Issued { client, secret, secret_id: row.id })
}

/// Gives a client another secret; the earlier ones go on until they are ended.
///
/// # Errors
/// There is no such client.
pub async fn rotate(app: &App, ctx: &Ctx, id: &ClientId, expires_at: Option<Timestamp>) -> Result<Issued> {
    let macs = app.core.keyring.row_macs().await?;
    let mut tx = app.core.change(ctx).await?;
    let client = checked(ctx, &mut tx, &macs, id).await?;
    let (secret, row) = new_secret(app, id, expires_at)?;
    rows::add_secret(ctx, &mut tx, &row, &macs.of(DoorRow::Secret(&row))?).await?;
    tx.record("client.secret_added", id.as_str(), Map::new()).await?.commit().await?;
    Ok(Issued { client, secret, secret_id: row.id })
}

/// Ends every secret of a client but the newest, and with them the tokens they were exchanged for.
///
/// # Errors
/// There is no such client.
pub async fn expire(app: &App, ctx: &Ctx, id: &ClientId) -> Result<u64> {
    let macs = app.core.keyring.row_macs().await?;
    let mut tx = app.core.change(ctx).await?;
    let client = checked(ctx, &mut tx, &macs, id).await?;
    let ended = keep_newest_secrets(app, ctx, &mut tx, &macs, id, 1).await?;
    let raised = ApiClient { version: client.version + 1, ..client };
    rows::set_version(ctx, &mut tx, id, raised.version, &macs.of(DoorRow::Client(&raised))?).await?;
    tx.record("client.secrets_expired", id.as_str(), Map::new()).await?.commit().await?;
    Ok(ended)
}

/// A secret for a shell on this machine: on a client of its own, for twelve hours, and no more than three at a time.
///
/// # Errors
/// `public_url` is not on this machine: secrets of a server that others reach are made on purpose.
pub async fn shell(app: &App, ctx: &Ctx) -> Result<Issued> {
    let client = of_shells(app, ctx).await?.id;
    let issued = rotate(app, ctx, &client, Some(app.core.now() + SHELL_LIFE)).await?;
    let macs = app.core.keyring.row_macs().await?;
    let mut tx = app.core.change(ctx).await?;
    checked(ctx, &mut tx, &macs, &client).await?;
    if keep_newest_secrets(app, ctx, &mut tx, &macs, &client, SHELL_SECRETS).await? > 0 {
        tx.record("client.secrets_expired", client.as_str(), Map::new()).await?.commit().await?;
    }
    Ok(issued)
}

/// The client that shells on this machine share.
///
/// # Errors
/// `public_url` is not on this machine.
pub(super) async fn of_shells(app: &App, ctx: &Ctx) -> Result<ApiClient> {
    if !app.core.settings.on_this_machine() {
        let message = "this server's public_url is not on this machine: make a client with `valetkey client create`";
        return Err(Error::new(Kind::FailedPrecondition, message));
    }
    match list(app, ctx).await?.into_iter().find(|client| client.name == SHELL_CLIENT) {
        Some(client) => Ok(client),
        None => Ok(create(app, ctx, SHELL_CLIENT, vec![SECRETS_SCOPE.to_owned()]).await?.client),
    }
}

/// Whether the client that asks is still there, and its token with it; or the member. Who else asks is.
///
/// # Errors
/// The database cannot be read.
pub async fn stands(app: &App, ctx: &Ctx) -> Result<bool> {
    match &ctx.actor {
        Actor::Client(id, version) => Ok(rights::client(&app.core, ctx, id, *version).await?.is_some()),
        Actor::Member(id) => {
            Ok(rights::member(&app.core, id).await?.is_some_and(|member| member.role.may(Right::Develop)))
        }
        _ => Ok(true),
    }
}

/// All clients of the environment.
///
/// # Errors
/// The database cannot be read.
pub async fn list(app: &App, ctx: &Ctx) -> Result<Vec<ApiClient>> {
    let found = rows::list(ctx, &mut app.core.store.glance().await?).await?;
    Ok(found.into_iter().map(|found| found.client).collect())
}

/// The client of this id.
///
/// # Errors
/// There is no such client.
pub async fn get(app: &App, ctx: &Ctx, id: &ClientId) -> Result<ApiClient> {
    let found = rows::get(ctx, &mut app.core.store.glance().await?, id).await?;
    found.map(|found| found.client).ok_or_else(|| unknown(id))
}

/// The client that is to be changed, alone, if its row is as this server wrote it: a change would make another's ours.
async fn checked(ctx: &Ctx, tx: &mut Tx, macs: &RowMacs, id: &ClientId) -> Result<ApiClient> {
    tx.alone("api_clients").await?;
    let found = rows::get(ctx, tx, id).await?.ok_or_else(|| unknown(id))?;
    macs.check(DoorRow::Client(&found.client), found.mac.as_deref())?;
    Ok(found.client)
}

/// Ends every live secret of a client but the newest few, and says how many.
async fn keep_newest_secrets(
    app: &App,
    ctx: &Ctx,
    tx: &mut Tx,
    macs: &RowMacs,
    id: &ClientId,
    keep: usize,
) -> Result<u64> {
    let now = app.core.now();
    let live = rows::secrets(ctx, tx, id).await?.into_iter().rev().skip(keep);
    let mut ended = 0;
    for StoredSecret { secret, .. } in live.filter(|found| found.secret.expires_at.is_none_or(|end| now < end)) {
        let secret = ClientSecret { expires_at: Some(now), ..secret };
        rows::end_secret(ctx, tx, &secret.id, now, &macs.of(DoorRow::Secret(&secret))?).await?;
        ended += 1;
    }
    Ok(ended)
}

/// Clients are the operator's alone, who is told how to find the right one.
fn unknown(id: &ClientId) -> Error {
    Error::new(Kind::NotFound, format!("API client '{id}' not found; `valetkey client list` shows all"))
}

/// Removes a client: its secrets and its tokens stop at once.
///
/// # Errors
/// There is no such client.
pub async fn delete(app: &App, ctx: &Ctx, id: &ClientId) -> Result<()> {
    let mut tx = app.core.change(ctx).await?;
    if !rows::delete(ctx, &mut tx, id).await? {
        return Err(unknown(id));
    }
    tx.record("client.deleted", id.as_str(), Map::new()).await?.commit().await?;
    Ok(())
}

/// Whether the caller may read users' tokens. The operator may not: no command prints one.
///
/// # Errors
/// `PERMISSION_DENIED`, saying which scope the client lacks.
pub(crate) async fn may_read_secrets(app: &App, ctx: &Ctx) -> Result<()> {
    if rights::reads_secrets(&app.core, ctx).await? {
        return Ok(());
    }
    Err(Error::new(Kind::PermissionDenied, format!("this API client may not read tokens: it lacks '{SECRETS_SCOPE}'")))
}

fn new_secret(app: &App, client: &ClientId, expires_at: Option<Timestamp>) -> Result<(Secret<str>, ClientSecret)> {
    let secret = random::bearer("vks_")?;
    let row = ClientSecret {
        id: ClientSecretId::new(app.core.clock.as_ref(), app.core.rng.as_ref()),
        client: client.clone(),
        hash: valetkey_vault::sha256(secret.bytes()),
        hint: secret.expose().chars().rev().take(4).collect::<Vec<_>>().into_iter().rev().collect(),
        created_at: app.core.now(),
        expires_at,
    };
    Ok((secret, row))
}
