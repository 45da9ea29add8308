//! The tools that remote servers list for a user's accounts, and those that custom providers have by import.

use super::offer::Offer;
use super::scope::Scope;
use crate::connections::{Wired, imports};
use crate::upstream::{self, Missing};
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
/// for now, nor has one for whose tools there is no more room: they take no more together than is kept of all. But whoever
/// asks for a connection by name is told when its server has nothing to say, and does not take that for a server without tools.
///
/// # Errors
/// There is no room for them; or a connection that the scope names can't be asked.
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
        match weight(app, ctx, wired, account).await {
            Ok(weight) => Ok(Some(weight)),
            Err(missing) => left_out(wired, scope, missing).map(|()| None),
        }
    });
    let weights = join_all(asking).await.into_iter().collect::<Result<Vec<Option<usize>>>>()?;
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
            Ok((weight, tools)) if weight <= left => {
                left -= weight;
                offers.insert(account.id.clone(), offered(wired, &tools, scope));
            }
            Ok(_) => {
                let more = "the user's accounts have more tools than are listed at once: ask for fewer connections";
                left_out(wired, scope, Missing::Later(more.to_owned()))?;
            }
            Err(missing) => left_out(wired, scope, missing)?,
        }
    }
    Ok(OfAccounts { offers, _room: Some(room) })
}

/// Leaves out what a connection has, unless it was asked for by its name. Whose account needs a sign-in has nothing to list.
fn left_out(wired: &Wired, scope: &Scope, missing: Missing) -> Result<()> {
    let Missing::Later(why) = missing else { return Ok(()) };
    let connection = &wired.connection.name;
    if !scope.connections.is_empty() {
        return Err(Error::new(
            Kind::Unavailable,
            format!("connection '{connection}' has no list of tools now: {why}"),
        ));
    }
    tracing::warn!(%connection, why, "a list of tools is without those of a remote server");
    Ok(())
}

/// How much an account's tools are. A remote server that is not known well enough is asked.
async fn weight(
    app: &App,
    ctx: &Ctx,
    wired: &Wired,
    account: &ConnectedAccount,
) -> std::result::Result<usize, Missing> {
    if wired.has_imported() {
        return imports::tools(app, ctx, wired)
            .await
            .map(|imported| imported.weight)
            .map_err(|error| unreadable(&error));
    }
    upstream::tools(app, ctx, wired, account).await.map(|known| known.weight())
}

/// What is held of an account's tools, and how much that is. Nobody is asked.
async fn held(
    app: &App,
    ctx: &Ctx,
    wired: &Wired,
    account: &ConnectedAccount,
) -> std::result::Result<(usize, Vec<Arc<Tool>>), Missing> {
    if wired.has_imported() {
        let imported = imports::tools(app, ctx, wired).await.map_err(|error| unreadable(&error))?;
        return Ok((imported.weight, imported.tools.clone()));
    }
    let known = upstream::kept_tools(app, wired, account).await?;
    Ok((known.weight(), known.tools.clone()))
}

fn unreadable(error: &Error) -> Missing {
    Missing::Later(error.message().to_owned())
}

/// A connection whose tools no file has, if a scope leaves any of its tools.
fn wanted(app: &App, connection: &Connection, scope: &Scope) -> Option<Wired> {
    let slug = &connection.connector;
    let provided = scope.providers.is_empty() || scope.providers.iter().any(|one| one.eq_ignore_ascii_case(slug));
    let named = scope.connections.is_empty()
        || scope.connections.iter().any(|one| one.eq_ignore_ascii_case(connection.name.as_str()));
    server_of(app, connection).filter(|_| provided && named)
}

/// A connection, if its tools are had from a remote server or an imported document.
pub(super) fn server_of(app: &App, connection: &Connection) -> Option<Wired> {
    Wired::of(app, connection.clone()).ok().filter(|wired| wired.tool_prefix().is_some())
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Page;
    use crate::fixture::alone;
    use crate::tools::scoped;
    use crate::upstream::hostile::{Health, connect, of_one_tool, server, slugs};

    #[tokio::test]
    async fn who_asks_for_a_connection_whose_server_is_ill_is_told_and_who_asks_for_all_has_the_others() {
        let [(well, _), (ill, health)] = [of_one_tool(), of_one_tool()];
        health.becomes(Health::FAILS);
        let [well, ill] = [server(well).await, server(ill).await];
        let (app, ctx) = alone(&[&well, &ill]).await;
        let (working, _) = connect(&app, &ctx, &slugs()[0], &well).await;
        let (broken, account) = connect(&app, &ctx, &slugs()[1], &ill).await;
        let page = Page { size: 100, after: None };
        let of = async |names: &[&str]| {
            let connections = names.iter().map(ToString::to_string).collect();
            let scope = Scope { connections, ..Scope::default() };
            scoped(&app, &ctx, &account.owner.identifier, &scope, &page).await.map(|listed| listed.items.len())
        };
        assert_eq!(of(&[]).await.unwrap(), 1);
        assert_eq!(of(&[working.name.as_str()]).await.unwrap(), 1);
        let refused = of(&[working.name.as_str(), broken.name.as_str()]).await.unwrap_err();
        assert_eq!(refused.kind(), Kind::Unavailable);
        assert!(refused.message().contains(broken.name.as_str()), "{}", refused.message());
    }
}
