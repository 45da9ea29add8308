//! The tools of the catalogue, or of one account's remote server, by a filter.

use super::account::AccountQuery;
use super::offer::{Offer, of};
use super::remote::{self, OfAccounts};
use super::scope::Scope;
use super::{account, pages, users};
use crate::accounts::{self, AccountRef};
use crate::{App, Error, Listed, Page, Result, connections};
use std::collections::HashSet;
use valetkey_domain::Ctx;
use valetkey_domain::account::ConnectedAccount;
use valetkey_domain::connection::Connection;

/// Which tools a list shows; what is absent or empty filters nothing.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// A provider's name, in any case; one that nobody has leaves nothing.
    pub provider: Option<String>,
    /// Names of tools; any of them fits.
    pub names: Vec<String>,
    /// Words, between blanks or underscores, that all stand in the tool's name.
    pub query: Option<String>,
    /// A connection or an account, whose app's tools are wanted. What a remote server has it lists for an account alone, so
    /// of a connection on one there is nothing without its user.
    pub whose: AccountQuery,
}

/// Where the tools of a list come from.
enum Source {
    /// All connectors.
    Catalogue,
    /// One of them.
    Connector(String),
    /// A remote server, as it lists them for an account.
    Remote(Box<(Connection, ConnectedAccount)>),
}

/// A page of the tools, ordered by name.
///
/// # Errors
/// There is no such connection or account, or the page token is none; or a remote server has no list now.
pub async fn list(app: &App, ctx: &Ctx, filter: &Filter, page: &Page) -> Result<Listed<Offer>> {
    let source = source(app, ctx, &filter.whose).await?;
    let known = |token: &str| match source {
        Source::Remote(_) => users::may_be_a_tool(app, token),
        _ => app.core.catalog.tool(token).is_some(),
    };
    if page.after.as_deref().is_some_and(|token| token != pages::START && !known(token)) {
        return Err(Error::invalid("page_token is none that this list gave: leave it out for the first page"));
    }
    // Its room is held until the page is made.
    let (mut offers, _room): (Vec<Offer>, OfAccounts) = match &source {
        Source::Remote(whose) => remote(app, ctx, whose).await?,
        Source::Connector(slug) => {
            (app.core.catalog.connector(slug).iter().flat_map(of).collect(), OfAccounts::default())
        }
        Source::Catalogue => {
            connections::compile_all(app).await?;
            (app.core.catalog.connectors().flat_map(|one| of(&one)).collect(), OfAccounts::default())
        }
    };
    let names: HashSet<&str> = filter.names.iter().map(String::as_str).collect();
    let words = words(filter.query.as_deref().unwrap_or_default());
    let spoken = |name: &str| words.is_empty() || words.iter().all(|word| name.to_lowercase().contains(word));
    offers.retain(|offer| {
        filter.provider.as_ref().is_none_or(|provider| provider.eq_ignore_ascii_case(&offer.connector.slug))
            && (names.is_empty() || names.contains(offer.name()))
            && spoken(offer.name())
    });
    offers.sort_by(|one, other| one.name().cmp(other.name()));
    Ok(pages::of(offers.len(), |at| offers.get(at).cloned(), |offer| offer.name().to_owned(), page))
}

/// What a connection or an account leaves. All users of an app have the same tools, so whose an account is is looked at only
/// where it is on a remote server.
async fn source(app: &App, ctx: &Ctx, whose: &AccountQuery) -> Result<Source> {
    let is_remote = |connection: &Connection| remote::server_of(app, connection).is_some();
    if let Some(id) = &whose.account {
        let (connection, account) = accounts::get(app, ctx, &AccountRef::Id(id.clone())).await?;
        return Ok(match is_remote(&connection) {
            true => Source::Remote(Box::new((connection, account))),
            false => Source::Connector(connection.connector),
        });
    }
    let Some(name) = &whose.connection else { return Ok(Source::Catalogue) };
    let connection = connections::by_name(app, ctx, name).await?;
    match &whose.identifier {
        Some(_) if is_remote(&connection) => Ok(Source::Remote(Box::new(account::named(app, ctx, whose).await?))),
        _ => Ok(Source::Connector(connection.connector)),
    }
}

/// What a remote server lists for an account; nothing, where the user has to sign in first.
async fn remote(app: &App, ctx: &Ctx, whose: &(Connection, ConnectedAccount)) -> Result<(Vec<Offer>, OfAccounts)> {
    let scope = Scope { connections: vec![whose.0.name.to_string()], ..Scope::default() };
    let listed = remote::of_accounts(app, ctx, std::slice::from_ref(whose), &scope).await?;
    Ok((listed.offers.values().flat_map(|offers| offers.to_vec()).collect(), listed))
}

fn words(query: &str) -> Vec<String> {
    let words = query.split(|letter: char| letter == '_' || letter.is_whitespace());
    words.filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connections::providers::{self, ProviderFilter};
    use crate::fixture::fixture;
    use crate::upstream::hostile::{Health, connect, of_one_tool, server, slugs};
    use futures::future::{BoxFuture, FutureExt as _};
    use valetkey_domain::Kind;
    use valetkey_domain::account::Owner;
    use valetkey_domain::name::Identifier;

    #[tokio::test]
    async fn a_remote_servers_tools_are_listed_where_its_connection_and_a_user_or_an_account_are_named() {
        let (script, _) = of_one_tool();
        let address = server(script).await;
        let (app, ctx) = crate::fixture::alone(&[&address]).await;
        let (connection, account) = connect(&app, &ctx, &slugs()[0], &address).await;
        let bob = Identifier::parse("bob").unwrap();
        let of = |user: Option<&Identifier>| AccountQuery {
            connection: Some(connection.name.to_string()),
            identifier: user.cloned(),
            ..AccountQuery::default()
        };
        let by_id = AccountQuery { account: Some(account.id.clone()), ..AccountQuery::default() };
        let page = |after: Option<&str>| Page { size: 100, after: after.map(str::to_owned) };
        let filtered = async |filter: &Filter, after: Option<&str>| {
            let listed = list(&app, &ctx, filter, &page(after)).await?;
            Ok::<_, Error>(listed.items.iter().map(|offer| offer.name().to_owned()).collect::<Vec<_>>())
        };
        let listed = async |whose: AccountQuery| filtered(&Filter { whose, ..Filter::default() }, None).await;
        let own = listed(of(Some(&account.owner.identifier))).await.unwrap();
        assert!(own.len() == 1 && own[0].ends_with("_one"), "{own:?}");
        assert_eq!(listed(by_id.clone()).await.unwrap(), own);
        assert!(listed(of(None)).await.unwrap().is_empty(), "a connection alone says for nobody what the server has");
        let of_nobody = listed(of(Some(&bob))).await.unwrap_err();
        assert_eq!(of_nobody.kind(), Kind::NotFound);
        accounts::ensure(&app, &ctx, &connection, Owner::of(bob.clone())).await.unwrap();
        assert!(listed(of(Some(&bob))).await.unwrap().is_empty(), "who has to sign in has nothing yet");

        let whose = || by_id.clone();
        for (filter, fits) in [
            (Filter { names: own.clone(), whose: whose(), ..Filter::default() }, true),
            (Filter { names: vec!["none".into()], whose: whose(), ..Filter::default() }, false),
            (Filter { query: Some("ONE".into()), whose: whose(), ..Filter::default() }, true),
            (Filter { query: Some("two".into()), whose: whose(), ..Filter::default() }, false),
            (Filter { provider: Some(connection.connector.to_uppercase()), whose: whose(), ..Filter::default() }, true),
            (Filter { provider: Some("GMAIL".into()), whose: whose(), ..Filter::default() }, false),
        ] {
            assert_eq!(filtered(&filter, None).await.unwrap().len(), usize::from(fits), "{filter:?}");
        }
        let filter = Filter { whose: whose(), ..Filter::default() };
        assert!(filtered(&filter, Some(own[0].as_str())).await.unwrap().is_empty());
        let garbage = filtered(&filter, Some("garbage")).await.unwrap_err();
        assert!(garbage.message().contains("page_token"), "{}", garbage.message());
    }

    #[tokio::test]
    async fn who_names_an_account_whose_server_is_ill_is_told_and_gets_no_empty_list() {
        let (script, health) = of_one_tool();
        health.becomes(Health::FAILS);
        let address = server(script).await;
        let (app, ctx) = crate::fixture::alone(&[&address]).await;
        let (connection, account) = connect(&app, &ctx, &slugs()[0], &address).await;
        let whose = AccountQuery { account: Some(account.id.clone()), ..AccountQuery::default() };
        let filter = Filter { whose, ..Filter::default() };
        let refused = list(&app, &ctx, &filter, &Page { size: 100, after: None }).await.unwrap_err();
        assert_eq!(refused.kind(), Kind::Unavailable);
        assert!(refused.message().contains(connection.name.as_str()), "{}", refused.message());
    }

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
