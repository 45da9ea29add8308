//! The catalogue's tools, by a filter.

use super::offer::Offer;
use super::pages;
use crate::accounts::{self, AccountRef};
use crate::{App, Error, Listed, Page, Result, connections};
use std::collections::HashSet;
use std::sync::Arc;
use valetkey_connectors::{Connector, Tool};
use valetkey_domain::Ctx;
use valetkey_domain::id::AccountId;

/// Which tools a list shows; what is absent or empty filters nothing. Every user of a connection has the same tools, so
/// whose they are is no part of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// A provider's name, in any case; one that nobody has leaves nothing.
    pub provider: Option<String>,
    /// Names of tools; any of them fits.
    pub names: Vec<String>,
    /// Words, between blanks or underscores, that all stand in the tool's name.
    pub query: Option<String>,
    /// The name of a connection, whose app's tools are wanted.
    pub connection: Option<String>,
    /// A connected account, whose app's tools are wanted.
    pub account: Option<AccountId>,
}

/// A page of the tools, ordered by name.
///
/// # Errors
/// There is no such connection or account, or the page token is none.
pub async fn list(app: &App, ctx: &Ctx, filter: &Filter, page: &Page) -> Result<Listed<Offer>> {
    if let Some(token) = page.after.as_deref().filter(|token| *token != pages::START)
        && app.core.catalog.tool(token).is_none()
    {
        return Err(Error::invalid("page_token is none that this list gave: leave it out for the first page"));
    }
    let connector = narrowed(app, ctx, filter).await?;
    let names: HashSet<&str> = filter.names.iter().map(String::as_str).collect();
    let words = words(filter.query.as_deref().unwrap_or_default());
    let shown = |offer: &Offer| {
        let slug = &offer.connector.slug;
        connector.as_ref().is_none_or(|wanted| wanted == slug)
            && filter.provider.as_ref().is_none_or(|provider| provider.eq_ignore_ascii_case(slug))
            && (names.is_empty() || names.contains(offer.name()))
            && words.iter().all(|word| offer.name().contains(word))
    };
    connections::compile_all(app).await?;
    let mut offers: Vec<Offer> = app.core.catalog.connectors().flat_map(|one| of(&one)).filter(shown).collect();
    offers.sort_by(|one, other| one.name().cmp(other.name()));
    Ok(pages::of(offers.len(), |at| offers.get(at).cloned(), |offer| offer.name().to_owned(), page))
}

/// The one connector that a connection or an account leaves.
async fn narrowed(app: &App, ctx: &Ctx, filter: &Filter) -> Result<Option<String>> {
    if let Some(id) = &filter.account {
        let (connection, _) = accounts::get(app, ctx, &AccountRef::Id(id.clone())).await?;
        return Ok(Some(connection.connector));
    }
    match &filter.connection {
        Some(name) => Ok(Some(connections::by_name(app, ctx, name).await?.connector)),
        None => Ok(None),
    }
}

fn words(query: &str) -> Vec<String> {
    let words = query.split(|letter: char| letter == '_' || letter.is_whitespace());
    words.filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
}

/// A connector's tools.
pub(super) fn of(connector: &Arc<Connector>) -> Vec<Offer> {
    let offer = |tool: &Arc<Tool>| Offer { connector: Arc::clone(connector), tool: Arc::clone(tool) };
    connector.tools.values().map(offer).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connections::providers::{self, ProviderFilter};
    use crate::fixture::fixture;
    use futures::future::{BoxFuture, FutureExt as _};

    #[tokio::test]
    async fn attack_77_who_asks_for_all_connectors_keeps_no_async_thread_from_others() {
        let page = Page { size: 5, after: None };
        for which in ["providers", "tools"] {
            let fixture = fixture("{rotates: true}").await;
            let (app, ctx, filter) = (&fixture.app, &fixture.ctx, Filter::default());
            let mut asked: BoxFuture<'_, bool> = match which {
                "providers" => {
                    providers::list(app, ctx, ProviderFilter::All, None, &page).map(|listed| listed.is_ok()).boxed()
                }
                _ => list(app, ctx, &filter, &page).map(|listed| listed.is_ok()).boxed(),
            };
            let compiled = || app.core.catalog.is_compiled();
            assert!(!compiled());
            assert!((&mut asked).now_or_never().is_none());
            assert!(!compiled(), "{which}: compiled on the thread that others' calls need");
            assert!(asked.await && compiled());
        }
    }
}
