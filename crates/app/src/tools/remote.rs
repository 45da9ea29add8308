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
    let remote = accounts.iter().filter_map(|(connection, account)| {
        let wired = Wired::of(app, connection.clone()).ok().filter(|wired| wired.connector.remote.is_some())?;
        Some((wired, account))
    });
    let listing = remote
        .map(|(wired, account)| async move { (account.id.clone(), of_account(app, ctx, wired, account, scope).await) });
    join_all(listing).await.into_iter().collect()
}

async fn of_account(app: &App, ctx: &Ctx, wired: Wired, account: &ConnectedAccount, scope: &Scope) -> Arc<[Offer]> {
    let (slug, connection) = (&wired.connection.connector, &wired.connection);
    let provided = scope.providers.is_empty() || scope.providers.iter().any(|one| one.eq_ignore_ascii_case(slug));
    let named = scope.connections.is_empty()
        || scope.connections.iter().any(|one| one.eq_ignore_ascii_case(connection.name.as_str()));
    if !(provided && named) {
        return Arc::default();
    }
    let Ok(known) = upstream::tools(app, ctx, &wired, account).await else { return Arc::default() };
    let names: HashSet<&str> = scope.names.iter().map(String::as_str).collect();
    let wanted = |name: &str| names.is_empty() || names.contains(name);
    let mut offers: Vec<Offer> = { known.tools.iter() }
        .filter(|tool| wanted(&tool.definition.name))
        .map(|tool| Offer { connector: Arc::clone(&wired.connector), tool: Arc::clone(tool) })
        .collect();
    offers.sort_by(|one, other| one.name().cmp(other.name()));
    offers.into()
}
