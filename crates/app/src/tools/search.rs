//! Tools by what somebody wants done, with how far one user is with each.

use super::offer::Offer;
use super::users;
use crate::{App, Error, Result};
use std::cmp::Reverse;
use std::collections::HashSet;
use std::sync::Arc;
use valetkey_connectors::Connector;
use valetkey_connectors::search::{Hit, Index};
use valetkey_domain::Ctx;
use valetkey_domain::account::Status;
use valetkey_domain::id::AccountId;
use valetkey_domain::name::{ConnectionName, Identifier};

/// A tool that fits a search.
#[derive(Clone, Debug)]
pub struct FoundTool {
    /// The tool.
    pub offer: Offer,
    /// How well it fits, beside the others of the same answer.
    pub score: f64,
    /// The user's connections for it. One on which the user never had an account is left out.
    pub connections: Vec<Readiness>,
}

/// Whether a tool can be called through one connection of a user.
#[derive(Clone, Debug)]
pub struct Readiness {
    /// The connection's name.
    pub connection: ConnectionName,
    /// The user's account on it.
    pub account: AccountId,
    /// Whether it can be used.
    pub state: State,
}

/// How far a user is with a connection, the farther the greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// The user has still to sign in, or somebody ended it.
    NeedsConnection,
    /// The sign-in worked once and has ended.
    NeedsReauth,
    /// A call can be made.
    Ready,
}

/// The tools that fit a query best, at most so many, the best first, and none twice: of a connector and its aliases, which
/// have the same tools under names of their own, the one through which the user is farthest, else that on which the
/// environment has a connection.
///
/// # Errors
/// The database cannot be read.
pub async fn search(
    app: &App,
    ctx: &Ctx,
    query: &str,
    user: Option<&Identifier>,
    most: usize,
) -> Result<Vec<FoundTool>> {
    let index = index(app).await?;
    let asked = query.to_owned();
    let searching = app.core.tasks.spawn_blocking(move || index.search(&asked, most));
    let hits = searching.await.map_err(Error::internal)?;
    let standing = match user {
        Some(user) => users::standing(app, ctx, user).await?,
        None => Vec::new(),
    };
    let aliases: Vec<_> = app.core.catalog.connectors().filter(|one| one.alias_of.is_some()).collect();
    let repeated = |hit: &Hit| aliases.iter().any(|alias| alias.repeated(&hit.tool.definition.name).is_some());
    let enabled = if hits.iter().any(repeated) { users::enabled(app, ctx).await? } else { HashSet::new() };
    let readiness = |offer: Offer| {
        let its = standing.iter().filter(|(connection, _)| connection.connector == offer.connector.slug);
        let connections = its.map(|(connection, account)| Readiness {
            connection: connection.name.clone(),
            account: account.id.clone(),
            state: State::of(&account.status),
        });
        (connections.collect::<Vec<_>>(), offer)
    };
    let found = |hit: Hit| {
        let reached = |(connections, offer): &(Vec<Readiness>, Offer)| {
            let farthest = connections.iter().map(|one| one.state).max();
            Reverse((farthest, enabled.contains(&offer.connector.slug)))
        };
        // Of equals the first: the original.
        let (connections, offer) = offers(&hit, &aliases).map(readiness).min_by_key(reached)?;
        Some(FoundTool { connections, offer, score: hit.score })
    };
    Ok(hits.into_iter().filter_map(found).collect())
}

/// A tool that was found, and those by which aliases repeat it.
fn offers(hit: &Hit, aliases: &[Arc<Connector>]) -> impl Iterator<Item = Offer> {
    let own = Offer { connector: Arc::clone(&hit.connector), tool: Arc::clone(&hit.tool) };
    let repeated = aliases.iter().filter_map(|alias| {
        let tool = alias.repeated(&hit.tool.definition.name)?;
        Some(Offer { connector: Arc::clone(alias), tool: Arc::clone(tool) })
    });
    std::iter::once(own).chain(repeated)
}

async fn index(app: &App) -> Result<Arc<Index>> {
    let mut kept = app.searched.0.lock().await;
    let revision = app.core.catalog.revision();
    if let Some((_, index)) = kept.as_ref().filter(|(of, _)| *of == revision) {
        return Ok(Arc::clone(index));
    }
    let held = app.clone();
    let making = app.core.tasks.spawn_blocking(move || Arc::new(Index::of(held.core.catalog.connectors())));
    let made = making.await.map_err(Error::internal)?;
    *kept = Some((revision, Arc::clone(&made)));
    Ok(made)
}

impl State {
    fn of(status: &Status) -> Self {
        match status {
            Status::Active => Self::Ready,
            Status::Expired(_) => Self::NeedsReauth,
            Status::PendingAuth | Status::PendingVerification | Status::Disconnected => Self::NeedsConnection,
        }
    }
}

#[cfg(test)]
mod tests;
