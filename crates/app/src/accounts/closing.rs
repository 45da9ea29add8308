//! The end of an account, and of a connection with all that hangs on it: here and at the provider.

use super::{Filter, Which, get, list};
use crate::connections::{self, Wired};
use crate::credentials::revoke::{self, AtProvider};
use crate::{App, Error, Page, Result};
use serde_json::{Map, Value, json};
use valetkey_core::journal;
use valetkey_domain::account::ConnectedAccount;
use valetkey_domain::id::ConnectionId;
use valetkey_domain::{Ctx, Kind};
use valetkey_storage::{accounts as rows, connections as connection_rows};

/// Forgets an account's tokens, here and at the provider; the account stays, DISCONNECTED.
///
/// # Errors
/// No such account.
pub async fn disconnect(app: &App, ctx: &Ctx, which: &Which) -> Result<ConnectedAccount> {
    let (connection, account) = get(app, ctx, which).await?;
    let revoked = revoke::at_provider(app, ctx, &Wired::of(app, connection)?, &account).await;
    let mut change = app.core.change(ctx).await?;
    rows::disconnect(ctx, &mut change, &account.id, app.core.now()).await?;
    change.record("account.disconnected", account.id.as_str(), detail(revoked)).await?.commit().await?;
    Ok(get(app, ctx, &Which::Id(account.id)).await?.1)
}

/// Removes an account, and its tokens at the provider.
///
/// # Errors
/// No such account.
pub async fn delete(app: &App, ctx: &Ctx, which: &Which) -> Result<()> {
    let (connection, account) = get(app, ctx, which).await?;
    remove(app, ctx, &Wired::of(app, connection)?, &account).await
}

/// Removes a connection that no config uses, with its accounts.
///
/// # Errors
/// No such connection, or a config still maps it (named in the message).
pub async fn delete_connection(app: &App, ctx: &Ctx, id: &ConnectionId) -> Result<()> {
    let wired = Wired::of(app, connections::get(app, ctx, id).await?)?;
    let name = &wired.connection.name;
    if let Some(config) = connection_rows::used_by(ctx, &mut app.core.store.glance().await?, id).await? {
        let message = format!("connection '{name}' is used by MCP config '{config}': take it out of that config first");
        return Err(Error::new(Kind::FailedPrecondition, message));
    }
    let filter = Filter { connections: vec![name.to_string()], ..Filter::default() };
    loop {
        let page = list(app, ctx, &filter, &Page { size: 100, after: None }).await?;
        if page.items.is_empty() {
            break;
        }
        for account in &page.items {
            remove(app, ctx, &wired, account).await?;
        }
    }
    let mut change = app.core.change(ctx).await?;
    connection_rows::delete(ctx, &mut change, id).await?;
    change.record("connection.deleted", id.as_str(), Map::new()).await?.commit().await
}

async fn remove(app: &App, ctx: &Ctx, wired: &Wired, account: &ConnectedAccount) -> Result<()> {
    let revoked = revoke::at_provider(app, ctx, wired, account).await;
    let mut change = app.core.change(ctx).await?;
    rows::delete(ctx, &mut change, &account.id).await?;
    change.record("account.deleted", account.id.as_str(), detail(revoked)).await?.commit().await
}

fn detail(revoked: AtProvider) -> Map<String, Value> {
    journal::detail([("at_provider", json!(revoked.as_str()))])
}
