//! Connected accounts: found only by whose they are, made idempotently, ended here and at the provider.

mod closing;
mod given;
pub(crate) mod remote_sessions;
mod replaced;
pub(crate) mod used;
mod waiting;

pub use crate::credentials::revoke::AtProvider;
pub use crate::credentials::schemes::{ImportedCredential, ShownCredential};
pub use closing::{Closed, ClosingProgress, closings_due, delete, delete_connection, disconnect, under_way};

use crate::connections::{self, Wired};
use crate::credentials::refresh;
use crate::credentials::schemes::{brought, shown};
use crate::tenancy::clients;
use crate::{App, Error, Listed, Page, Result};
use given::seal;
use replaced::Replaced;
use serde_json::{Map, Value};
use std::time::Duration;
use used::Used;
use valetkey_domain::account::{ConnectedAccount, Owner, Status};
use valetkey_domain::connection::Connection;
use valetkey_domain::id::{AccountId, ConnectionId};
use valetkey_domain::{Ctx, Kind};
use valetkey_storage::{Tx, accounts as rows, approvals, connections as connection_rows};

pub use valetkey_storage::accounts::Filter;
use valetkey_storage::accounts::Subject;

use waiting::Waiting;

/// Tokens are handed to an app with at least this much life in them.
const HANDED_OUT_WITH: Duration = Duration::from_secs(5 * 60);

/// Which account is meant: by its own id, or by connection and owner.
pub enum AccountRef {
    /// By id.
    Id(AccountId),
    /// By the connection's name and whose it is.
    Of(String, Owner),
}

/// The owner's account on a connection, made (PENDING_AUTH) if there is none.
///
/// # Errors
/// The database cannot be read or written.
pub async fn ensure(app: &App, ctx: &Ctx, connection: &Connection, owner: Owner) -> Result<ConnectedAccount> {
    if let Some(existing) = find(app, ctx, &connection.id, &owner).await? {
        return Ok(existing);
    }
    let mut change = app.core.change(ctx).await?;
    let (account, added) = rows::ensure(ctx, &mut change, &fresh(app, ctx, connection, owner)).await?;
    if added {
        change.record("account.created", account.id.as_str(), Map::new()).await?.commit().await?;
    }
    Ok(account)
}

/// The owner's account on a connection, if there is one.
///
/// # Errors
/// The database cannot be read.
pub async fn find(app: &App, ctx: &Ctx, connection: &ConnectionId, owner: &Owner) -> Result<Option<ConnectedAccount>> {
    Ok(rows::find(ctx, &mut app.core.store.glance().await?, connection, owner).await?)
}

/// The same as it was within the last second, if nothing was changed here since: for what every call looks at. Nobody is
/// refused by it.
///
/// # Errors
/// The database cannot be read.
pub(crate) async fn find_recent(
    app: &App,
    ctx: &Ctx,
    connection: &ConnectionId,
    owner: &Owner,
) -> Result<Option<ConnectedAccount>> {
    Ok(rows::find(ctx, &mut app.core.store.recent(), connection, owner).await?)
}

/// The account that is meant, with its connection.
///
/// # Errors
/// `NOT_FOUND` if there is no such account, or no such connection.
pub async fn get(app: &App, ctx: &Ctx, which: &AccountRef) -> Result<(Connection, ConnectedAccount)> {
    match which {
        AccountRef::Id(id) => {
            let found = rows::get(ctx, &mut app.core.store.glance().await?, id).await?;
            let account = found.ok_or_else(|| Error::not_found("connected account", id))?;
            Ok((connections::get(app, ctx, &account.connection).await?, account))
        }
        AccountRef::Of(name, owner) => {
            let connection = connections::by_name(app, ctx, name).await?;
            let account = find(app, ctx, &connection.id, owner).await?.ok_or_else(|| {
                let message = format!("'{}' has no connected account on connection '{name}'", owner.identifier);
                Error::new(Kind::NotFound, message)
            })?;
            Ok((connection, account))
        }
    }
}

/// The same as it was within the last second, if nothing was changed here since; none where that finds none.
///
/// # Errors
/// The database cannot be read.
pub(crate) async fn get_recent(
    app: &App,
    ctx: &Ctx,
    which: &AccountRef,
) -> Result<Option<(Connection, ConnectedAccount)>> {
    let recent = || app.core.store.recent();
    let (connection, account) = match which {
        AccountRef::Id(id) => match rows::get(ctx, &mut recent(), id).await? {
            Some(account) => (connection_rows::get(ctx, &mut recent(), &account.connection).await?, Some(account)),
            None => return Ok(None),
        },
        AccountRef::Of(name, owner) => match connection_rows::by_name(ctx, &mut recent(), name).await? {
            Some(connection) => {
                let account = rows::find(ctx, &mut recent(), &connection.id, owner).await?;
                (Some(connection), account)
            }
            None => return Ok(None),
        },
    };
    Ok(connection.zip(account))
}

/// A page of the environment's accounts.
///
/// # Errors
/// The filter contradicts itself or names a connection that is not there, or the database cannot be read.
pub async fn list(app: &App, ctx: &Ctx, filter: &Filter, page: &Page) -> Result<Listed<ConnectedAccount>> {
    for name in &filter.connections {
        connections::by_name(app, ctx, name).await?;
    }
    Ok(rows::list(ctx, &mut app.core.store.read().await?, filter, page).await?)
}

/// The accounts of users whose name begins so, by name, so many of them; none at all in an environment that has so few that
/// [`list`] finds inside of names as quickly.
///
/// # Errors
/// The database cannot be read.
pub async fn beginning(app: &App, ctx: &Ctx, name: &str, size: u32) -> Result<Option<Vec<ConnectedAccount>>> {
    Ok(rows::beginning(ctx, &mut app.core.store.read().await?, name, size).await?)
}

/// Makes an account, with the credential that the app brings or, without, waiting for consent. What comes back last is that
/// credential.
///
/// # Errors
/// No such connection; the owner has an account on it already; a credential that doesn't fit the connection.
pub async fn create(
    app: &App,
    ctx: &Ctx,
    connection: &str,
    owner: Owner,
    imported: Option<ImportedCredential>,
    api_config: Map<String, Value>,
) -> Result<(Connection, ConnectedAccount, Option<ShownCredential>)> {
    let wired = Wired::of(app, connections::by_name(app, ctx, connection).await?)?;
    let mut account = ConnectedAccount { api_config, ..fresh(app, ctx, &wired.connection, owner) };
    let brought = imported.map(|given| brought(app, &wired, given)).transpose()?;
    account.api_config.extend(brought.iter().flat_map(|brought| brought.api_config.clone()));
    let tokens = seal(app, ctx, &wired, &account, 0, brought.as_ref()).await?;
    let mut change = app.core.change(ctx).await?;
    rows::insert(ctx, &mut change, &account).await.map_err(|error| match error.kind() {
        Kind::AlreadyExists => already_exists(&wired.connection, &account.owner),
        _ => error.into(),
    })?;
    if let Some(tokens) = &tokens {
        store(app, ctx, &mut change, &account.id, (0, tokens, None)).await?;
    }
    change.record("account.created", account.id.as_str(), Map::new()).await?.commit().await?;
    as_stored(app, ctx, &wired, &account.id, brought.is_some()).await
}

/// Changes an account: new tokens if any are given, and `api_config` members over those it has. Tokens of a consent that
/// wait for a person's word about this account are not taken any more then, and end at the provider; so do those that the
/// account had, if the new ones are another person's.
///
/// # Errors
/// No such account.
pub async fn update(
    app: &App,
    ctx: &Ctx,
    which: &AccountRef,
    imported: Option<ImportedCredential>,
    mut api_config: Map<String, Value>,
) -> Result<(Connection, ConnectedAccount, Option<ShownCredential>)> {
    let (connection, account) = get(app, ctx, which).await?;
    let wired = Wired::of(app, connection)?;
    let held = rows::lease(ctx, &mut app.core.store.glance().await?, &account.id).await?;
    let (mut account, over, _) = held.ok_or_else(|| Error::not_found("connected account", &account.id))?;
    let brought = imported.map(|given| brought(app, &wired, given)).transpose()?;
    let replaced = match &brought {
        Some(brought) => Replaced::of(app, ctx, &wired, &account, brought).await?,
        None => Replaced::default(),
    };
    api_config.extend(brought.iter().flat_map(|brought| brought.api_config.clone()));
    // What is sealed is sealed for where the account leads from here on.
    account.api_config.extend(api_config.clone());
    let tokens = seal(app, ctx, &wired, &account, over, brought.as_ref()).await?;
    let mut waiting = match &tokens {
        Some(_) => Waiting::of(app, ctx, &wired, &account).await?,
        None => Waiting::default(),
    };
    let mut change = app.core.change(ctx).await?;
    if let Some(tokens) = &tokens {
        store(app, ctx, &mut change, &account.id, (over, tokens, replaced.by.as_ref())).await?;
        replaced.insert(ctx, &mut change).await?;
        waiting.end(ctx, &mut change).await?;
    }
    if !api_config.is_empty() {
        rows::merge_api_config(ctx, &mut change, &account.id, &api_config, app.core.now()).await?;
    }
    let detail = replaced.told().into_iter().collect();
    let mut change = change.record("account.updated", account.id.as_str(), detail).await?;
    for (authorization, detail) in waiting.told() {
        change = change.record("authorization.thrown_away", authorization.as_str(), detail).await?;
    }
    change.commit().await?;
    replaced.go_on(app, ctx);
    waiting.go_on(app, ctx);
    as_stored(app, ctx, &wired, &account.id, brought.is_some()).await
}

/// An account as it was just stored, with what the app brought: it knows that anyway. A credential that brings access tokens
/// has its first one by then, unless its provider refuses, which the account's status says.
async fn as_stored(
    app: &App,
    ctx: &Ctx,
    wired: &Wired,
    id: &AccountId,
    brought: bool,
) -> Result<(Connection, ConnectedAccount, Option<ShownCredential>)> {
    let which = AccountRef::Id(id.clone());
    let (connection, account) = get(app, ctx, &which).await?;
    if !brought {
        return Ok((connection, account, None));
    }
    let held = match refresh::credential(app, ctx, wired, &account, None).await {
        Ok(opened) => shown(wired, opened),
        Err(refresh::Unusable::Failed(error)) => return Err(error),
        Err(_) => None,
    };
    let (connection, account) = get(app, ctx, &which).await?;
    Ok((connection, account, held))
}

/// The account's credential for the app itself; an access token with at least five minutes of life where it can be renewed.
/// The journal has it before the app does. Refresh tokens and keys of service accounts stay here.
///
/// # Errors
/// The client may not read tokens; no such account. An account without a usable token gives none.
pub async fn auth(
    app: &App,
    ctx: &Ctx,
    which: &AccountRef,
) -> Result<(Connection, ConnectedAccount, Option<ShownCredential>)> {
    clients::may_read_secrets(app, ctx).await?;
    let (connection, account) = get(app, ctx, which).await?;
    if account.status != Status::Active {
        return Ok((connection, account, None));
    }
    let wired = Wired::of(app, connection)?;
    let opened = refresh::credential_lasting(app, ctx, &wired, &account, HANDED_OUT_WITH).await;
    let token = match opened {
        Ok(opened) => shown(&wired, opened),
        Err(refresh::Unusable::SignIn(_)) => None,
        Err(refresh::Unusable::Later(why)) => return Err(Error::new(Kind::Unavailable, why)),
        Err(refresh::Unusable::Refused(why)) => return Err(Error::new(Kind::FailedPrecondition, why)),
        Err(refresh::Unusable::Failed(error)) => return Err(error),
    };
    if token.is_some() {
        used::note(app, ctx, Used::Account(account.id.clone()), account.last_used_at);
    }
    let change = app.core.change(ctx).await?;
    change.record("account.secrets_read", account.id.as_str(), Map::new()).await?.commit().await?;
    let (connection, account) = get(app, ctx, &AccountRef::Id(account.id)).await?;
    Ok((connection, account, token))
}

/// Stores tokens, and whose they are if that is known, over the generation that they were sealed to replace.
async fn store(
    app: &App,
    ctx: &Ctx,
    tx: &mut Tx,
    account: &AccountId,
    (over, tokens, subject): (i64, &rows::Tokens, Option<&rows::Subject>),
) -> Result<()> {
    if rows::store_credential(ctx, tx, account, over, tokens, subject, app.core.now()).await? {
        approvals::signed_in(ctx, tx, account, None).await?;
        return Ok(());
    }
    let message = format!("the tokens of connected account '{account}' were changed at the same time: try again");
    Err(Error::new(Kind::Aborted, message))
}

/// Who signed in at the provider: its name of the person, and its id beside it; empty where it never said.
///
/// # Errors
/// The database cannot be read.
pub async fn signed_in_as(app: &App, ctx: &Ctx, account: &AccountId) -> Result<String> {
    let subject = rows::subject(ctx, &mut app.core.store.glance().await?, account).await?;
    Ok(match subject {
        Some(Subject { id, name: Some(name) }) if name != id => format!("{name} ({id})"),
        Some(Subject { id, .. }) => id,
        None => String::new(),
    })
}

/// An account that is not there yet, waiting for consent.
pub(crate) fn fresh(app: &App, ctx: &Ctx, connection: &Connection, owner: Owner) -> ConnectedAccount {
    ConnectedAccount {
        id: AccountId::new(app.core.clock.as_ref(), app.core.rng.as_ref()),
        environment: ctx.environment.clone(),
        connection: connection.id.clone(),
        owner,
        status: Status::PendingAuth,
        scopes: vec![],
        subject: None,
        credential: None,
        refusal: None,
        api_config: Map::new(),
        created_at: app.core.now(),
        updated_at: app.core.now(),
        last_used_at: None,
    }
}

fn already_exists(connection: &Connection, owner: &Owner) -> Error {
    let message = format!(
        "'{}' has a connected account on connection '{}' already: update it instead",
        owner.identifier, connection.name
    );
    Error::new(Kind::AlreadyExists, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::fixture;
    use serde_json::json;

    #[tokio::test]
    async fn members_put_there_at_once_all_stay() {
        let fixture = fixture("{rotates: true}").await;
        let which = AccountRef::Id(fixture.account.id.clone());
        let put = |n: u32| {
            let members = Map::from_iter([(format!("member-{n}"), json!(n)), ("last".to_owned(), json!(n))]);
            update(&fixture.app, &fixture.ctx, &which, None, members)
        };
        let (a, b, c, d) = tokio::join!(put(1), put(2), put(3), put(4));
        assert!([a, b, c, d].iter().all(Result::is_ok));
        let fixture = fixture.now().await.api_config;
        assert_eq!(fixture.len(), 5, "{fixture:?}");
    }
}
