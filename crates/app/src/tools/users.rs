//! A user's tools: those that the user's accounts serve, each with its account, and those that some connection could
//! bring.

use super::offer::{Offer, of};
use super::scope::Scope;
use super::{pages, remote};
use crate::accounts::{self, Filter};
use crate::{App, Error, Listed, Page, Result, connections};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use valetkey_domain::Ctx;
use valetkey_domain::account::{ConnectedAccount, Status};
use valetkey_domain::connection::Connection;
use valetkey_domain::id::{AccountId, ConnectionId};
use valetkey_domain::name::Identifier;

/// How many connections a filter may name.
const MOST_CONNECTIONS: usize = 100;

/// A tool and the account that would serve it.
#[derive(Clone, Debug)]
pub struct Scoped {
    /// The tool.
    pub offer: Offer,
    /// The account.
    pub account: AccountId,
}

/// The tools that a user's accounts serve, account by account. An account that needs its user again (EXPIRED, or not
/// verified yet) serves its tools too, for a call then says what to do, unless the user has an ACTIVE one for the app: two
/// tools of one name are more than most models take.
///
/// # Errors
/// The filter names a connection that is not there, or the page token is none.
pub async fn scoped(app: &App, ctx: &Ctx, user: &Identifier, scope: &Scope, page: &Page) -> Result<Listed<Scoped>> {
    check(app, page)?;
    let wanted = wanted(app, ctx, &scope.connections).await?;
    let serving = serving(app, ctx, user).await?;
    let remote = remote::of_accounts(app, ctx, &serving, scope).await?;
    let mut kept: HashMap<String, Arc<[Offer]>> = HashMap::new();
    let mut runs: Vec<(usize, AccountId, Arc<[Offer]>)> = Vec::new();
    let mut count = 0;
    for (connection, account) in serving {
        if !wanted.is_empty() && !wanted.contains(&connection.id) {
            continue;
        }
        let slug = connection.connector;
        let offers = match remote.offers.get(&account.id) {
            Some(its) => Arc::clone(its),
            None => kept.entry(slug.clone()).or_insert_with(|| offers(app, &slug, scope)).clone(),
        };
        count += offers.len();
        runs.push((count, account.id, offers));
    }
    let item = |at: usize| {
        let run = runs.partition_point(|(end, ..)| *end <= at);
        let (end, account, offers) = runs.get(run)?;
        let offer = offers.get((at + offers.len()).checked_sub(*end)?)?.clone();
        Some(Scoped { offer, account: account.clone() })
    };
    Ok(pages::of(count, item, |one| key(&one.account, one.offer.name()), page))
}

/// The tools that some enabled connection of the environment could bring, ordered by name: what a user may have once
/// signed in. What a remote server has is known only once the user is, so of those there are the user's own.
///
/// # Errors
/// The page token is none.
pub async fn available(app: &App, ctx: &Ctx, user: &Identifier, page: &Page) -> Result<Listed<Offer>> {
    if page.after.as_deref().is_some_and(|token| token != pages::START && !may_be_a_tool(app, token)) {
        return Err(no_token());
    }
    let remote = remote::of_accounts(app, ctx, &serving(app, ctx, user).await?, &Scope::default()).await?;
    let slugs = enabled(app, ctx).await?;
    let mut offers: Vec<Offer> = slugs.iter().flat_map(|slug| offers(app, slug, &Scope::default()).to_vec()).collect();
    offers.extend(remote.offers.values().flat_map(|its| its.to_vec()));
    offers.sort_by(|one, other| one.name().cmp(other.name()));
    offers.dedup_by(|one, other| one.name() == other.name());
    Ok(pages::of(offers.len(), |at| offers.get(at).cloned(), |offer| offer.name().to_owned(), page))
}

/// The connectors that the environment has an enabled connection on.
pub(super) async fn enabled(app: &App, ctx: &Ctx) -> Result<HashSet<String>> {
    let mut slugs = HashSet::new();
    let mut page = Page { size: pages::MOST, after: None };
    loop {
        let listed = connections::list(app, ctx, &connections::Filter::default(), &page).await?;
        slugs.extend(listed.items.into_iter().filter(|one| one.enabled).map(|one| one.connector));
        match listed.next {
            Some(next) => page.after = Some(next),
            None => return Ok(slugs),
        }
    }
}

/// A user's accounts that were connected once and not ended, on enabled connections, in the order of their ids.
pub(super) async fn standing(app: &App, ctx: &Ctx, user: &Identifier) -> Result<Vec<(Connection, ConnectedAccount)>> {
    let filter = Filter { identifier: Some(user.to_string()), ..Filter::default() };
    let first = Page { size: pages::MOST, after: None };
    let accounts = accounts::list(app, ctx, &filter, &first).await?.items;
    let mut known: BTreeMap<ConnectionId, Connection> = BTreeMap::new();
    let mut standing = Vec::with_capacity(accounts.len());
    for account in accounts {
        let connection = match known.get(&account.connection) {
            Some(connection) => connection.clone(),
            None => connections::get(app, ctx, &account.connection).await?,
        };
        known.insert(connection.id.clone(), connection.clone());
        if connection.enabled {
            standing.push((connection, account));
        }
    }
    Ok(standing)
}

async fn serving(app: &App, ctx: &Ctx, user: &Identifier) -> Result<Vec<(Connection, ConnectedAccount)>> {
    let mut all = standing(app, ctx, user).await?;
    let active = |(_, account): &&(Connection, ConnectedAccount)| account.status == Status::Active;
    let working: HashSet<String> =
        all.iter().filter(active).map(|(connection, _)| connection.connector.clone()).collect();
    all.retain(|(connection, account)| match account.status {
        Status::Active => true,
        Status::Expired(_) | Status::PendingVerification => !working.contains(&connection.connector),
        Status::PendingAuth | Status::Disconnected => false,
    });
    Ok(all)
}

/// The connections of these names.
async fn wanted(app: &App, ctx: &Ctx, names: &[String]) -> Result<HashSet<ConnectionId>> {
    if names.len() > MOST_CONNECTIONS {
        let count = names.len();
        let message = format!("filter.connection_names has {count} names, and may have {MOST_CONNECTIONS} at most");
        return Err(Error::invalid(message));
    }
    let mut wanted = HashSet::new();
    for name in names {
        wanted.insert(connections::by_name(app, ctx, name).await?.id);
    }
    Ok(wanted)
}

/// A connector's tools that a scope leaves, ordered by name.
fn offers(app: &App, slug: &str, scope: &Scope) -> Arc<[Offer]> {
    let provided = scope.providers.is_empty() || scope.providers.iter().any(|one| one.eq_ignore_ascii_case(slug));
    let Some(connector) = app.core.catalog.connector(slug).filter(|_| provided) else { return Arc::default() };
    let names: HashSet<&str> = scope.names.iter().map(String::as_str).collect();
    let mut offers = of(&connector);
    offers.retain(|offer| names.is_empty() || names.contains(offer.name()));
    offers.sort_by(|one, other| one.name().cmp(other.name()));
    offers.into()
}

/// Sorts as the list does: a blank comes before all that ids have.
fn key(account: &AccountId, tool: &str) -> String {
    format!("{account} {tool}")
}

fn check(app: &App, page: &Page) -> Result<()> {
    let known = |token: &str| match token.split_once(' ') {
        Some((account, tool)) => AccountId::parse(account).is_ok() && may_be_a_tool(app, tool),
        None => token == pages::START,
    };
    if page.after.as_deref().is_none_or(known) { Ok(()) } else { Err(no_token()) }
}

/// Whether a tool can have this name: a shipped one, or one of a remote server, which may have gone since it was listed.
pub(super) fn may_be_a_tool(app: &App, name: &str) -> bool {
    let catalog = &app.core.catalog;
    let remote = || name.starts_with("c-") || catalog.remote_of(name).is_some();
    pages::is_name(name) && (catalog.tool(name).is_some() || remote())
}

fn no_token() -> Error {
    Error::invalid("page_token is none that this list gave: leave it out for the first page")
}
