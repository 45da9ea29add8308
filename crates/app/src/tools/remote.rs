//! The tools that remote servers list for a user's accounts, and those that custom providers have by import.

use super::offer::Offer;
use super::scope::Scope;
use crate::connections::{Wired, imports};
use crate::upstream;
use crate::{App, Error, Result};
use futures::future::join_all;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;
use valetkey_connectors::Tool;
use valetkey_core::MemoryShare;
use valetkey_domain::account::ConnectedAccount;
use valetkey_domain::connection::Connection;
use valetkey_domain::id::AccountId;
use valetkey_domain::{Ctx, Kind};

/// How long room for the tools of all accounts is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// The tools of a user's accounts on remote servers and on providers with imported tools.
#[derive(Default)]
pub(super) struct OfAccounts {
    pub(super) offers: HashMap<AccountId, Arc<[Offer]>>,
    /// The room that they take until they are shown.
    _room: Option<MemoryShare>,
}

/// For each account on such a one the tools that a scope leaves, ordered by name. A server that can't be asked has none
/// for now, nor has one for whose tools there is no more room: they take no more together than is kept of all.
///
/// # Errors
/// There is no room for them.
pub(super) async fn of_accounts(
    app: &App,
    ctx: &Ctx,
    accounts: &[(Connection, ConnectedAccount)],
    scope: &Scope,
) -> Result<OfAccounts> {
    let remote: Vec<(Wired, &ConnectedAccount)> =
        accounts.iter().filter_map(|(connection, account)| wanted(app, connection, scope).zip(Some(account))).collect();
    if remote.is_empty() {
        return Ok(OfAccounts::default());
    }
    // All are asked at once, and of what they answer nothing is held but what is kept within its bounds.
    let asking = remote.iter().map(|(wired, account)| async move {
        match wired.has_imported() {
            true => imports::tools(app, ctx, wired).await.ok().map(|imported| imported.weight),
            false => upstream::tools(app, ctx, wired, account).await.ok().map(|known| known.weight()),
        }
    });
    let weights = join_all(asking).await;
    let all = weights.iter().flatten().sum::<usize>().min(upstream::MOST_BYTES);
    let room = app.core.memory.to_shape(&ctx.environment, all, PATIENCE).await.map_err(|full| {
        app.core.metrics.refused(full.limit);
        Error::new(Kind::ResourceExhausted, format!("{full}: wait for calls to end, then try again"))
    })?;
    let (mut offers, mut left) = (HashMap::new(), all);
    for ((wired, account), weight) in remote.iter().zip(weights) {
        if weight.is_none() {
            continue;
        }
        match held(app, ctx, wired, account).await {
            Some((weight, _)) if weight > left => {
                let connection = &wired.connection.name;
                tracing::warn!(%connection, weight, "a user's accounts have more tools than are listed at once");
            }
            Some((weight, tools)) => {
                left -= weight;
                offers.insert(account.id.clone(), offered(wired, &tools, scope));
            }
            None => {}
        }
    }
    Ok(OfAccounts { offers, _room: Some(room) })
}

/// What is held of an account's tools, and how much that is. Nobody is asked.
async fn held(app: &App, ctx: &Ctx, wired: &Wired, account: &ConnectedAccount) -> Option<(usize, Vec<Arc<Tool>>)> {
    if wired.has_imported() {
        let imported = imports::tools(app, ctx, wired).await.ok()?;
        return Some((imported.weight, imported.tools.clone()));
    }
    let known = upstream::kept_tools(app, wired, account).await.ok()?;
    Some((known.weight(), known.tools.clone()))
}

/// A connection whose tools no file has, if a scope leaves any of its tools.
fn wanted(app: &App, connection: &Connection, scope: &Scope) -> Option<Wired> {
    let slug = &connection.connector;
    let provided = scope.providers.is_empty() || scope.providers.iter().any(|one| one.eq_ignore_ascii_case(slug));
    let named = scope.connections.is_empty()
        || scope.connections.iter().any(|one| one.eq_ignore_ascii_case(connection.name.as_str()));
    let wired = Wired::of(app, connection.clone()).ok().filter(|wired| wired.tool_prefix().is_some())?;
    (provided && named).then_some(wired)
}

fn offered(wired: &Wired, known: &[Arc<Tool>], scope: &Scope) -> Arc<[Offer]> {
    let names: HashSet<&str> = scope.names.iter().map(String::as_str).collect();
    let wanted = |name: &str| names.is_empty() || names.contains(name);
    let mut offers: Vec<Offer> = { known.iter() }
        .filter(|tool| wanted(&tool.definition.name))
        .map(|tool| Offer { connector: Arc::clone(&wired.connector), tool: Arc::clone(tool) })
        .collect();
    offers.sort_by(|one, other| one.name().cmp(other.name()));
    offers.into()
}
