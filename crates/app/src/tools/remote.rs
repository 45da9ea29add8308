//! The tools that remote servers list for a user's accounts.

use super::offer::Offer;
use super::scope::Scope;
use crate::App;
use crate::connections::Wired;
use crate::upstream;
use futures::future::join_all;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use valetkey_domain::Ctx;
use valetkey_domain::account::ConnectedAccount;
use valetkey_domain::connection::Connection;
use valetkey_domain::id::AccountId;

/// For each account on a remote server the tools that a scope leaves, ordered by name. A server that can't be asked has none
/// for now.
pub(super) async fn of_accounts(
    app: &App,
    ctx: &Ctx,
    accounts: &[(Connection, ConnectedAccount)],
    scope: &Scope,
) -> HashMap<AccountId, Arc<[Offer]>> {
    let is_remote = |connection: &Connection| {
        app.core.catalog.connector(&connection.connector).is_some_and(|connector| connector.remote.is_some())
    };
    let remote = accounts.iter().filter(|(connection, _)| is_remote(connection));
    let listing = remote.map(|(connection, account)| async move {
        (account.id.clone(), of_account(app, ctx, connection, account, scope).await)
    });
    join_all(listing).await.into_iter().collect()
}

async fn of_account(
    app: &App,
    ctx: &Ctx,
    connection: &Connection,
    account: &ConnectedAccount,
    scope: &Scope,
) -> Arc<[Offer]> {
    let slug = &connection.connector;
    let provided = scope.providers.is_empty() || scope.providers.iter().any(|one| one.eq_ignore_ascii_case(slug));
    let named = scope.connections.is_empty()
        || scope.connections.iter().any(|one| one.eq_ignore_ascii_case(connection.name.as_str()));
    let Ok(wired) = Wired::of(app, connection.clone()) else { return Arc::default() };
    let Some(remote) = wired.connector.remote.clone().filter(|_| provided && named) else { return Arc::default() };
    let Ok(known) = upstream::tools(app, ctx, &wired, &remote, account).await else { return Arc::default() };
    let names: HashSet<&str> = scope.names.iter().map(String::as_str).collect();
    let wanted = |name: &str| names.is_empty() || names.contains(name);
    let mut offers: Vec<Offer> = { known.tools.iter() }
        .filter(|tool| wanted(&tool.definition.name))
        .map(|tool| Offer { connector: Arc::clone(&wired.connector), tool: Arc::clone(tool) })
        .collect();
    offers.sort_by(|one, other| one.name().cmp(other.name()));
    offers.into()
}
