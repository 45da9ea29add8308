//! Connections: the catalogue, a form that goes by the connector, and what becomes of a connection.

use super::categories;
use super::forms::is_the_forms;
use super::frame::{Moment, Pager, Section};
use super::pages::{
    Asks, Catalog, ConnectionForm, ConnectionPage, ConnectionRow, Connections, ConnectorCard, ScopeChoice,
};
use super::visit::{Answer, Fields, Posted, Visit};
use axum::extract::Path;
use std::collections::HashMap;
use std::sync::Arc;
use valetkey_app::connections::providers::{self, Entry, ProviderFilter};
use valetkey_app::connections::{self, Auth, AuthKind, ConnectionCredential, Connector, Wired};
use valetkey_app::credentials::{client_trial, service_account_of};
use valetkey_app::{Error, Page, accounts};
use valetkey_domain::connection::{Connection, Settings};
use valetkey_domain::id::ConnectionId;
use valetkey_domain::member::Right;
use valetkey_domain::name::ConnectionName;
use valetkey_domain::{Ctx, Kind, Secret};

/// How many connections a page shows.
const SIZE: u32 = 50;

/// How many apps the catalogue shows; a custom provider beyond them leads to its form itself.
const CUSTOM: u32 = 500;

/// What a route of one connection names.
type Named = Path<HashMap<String, String>>;

/// All connections.
pub(crate) async fn list(visit: Visit) -> Answer {
    let ctx = visit.enter(Right::See)?;
    let query = visit.query("q");
    let filter =
        connections::Filter { query: Some(query.to_owned()).filter(|query| !query.is_empty()), connector: None };
    let listed = connections::list(&visit.web.app, &ctx, &filter, &visit.list_page(SIZE)).await;
    let listed = listed.map_err(|error| visit.fail(&error))?;
    let mut rows = Vec::with_capacity(listed.items.len());
    for connection in &listed.items {
        rows.push(row(&visit, &ctx, connection).await.map_err(|error| visit.fail(&error))?);
    }
    let pager = Pager::of(&listed, &[("q", query)]);
    Ok(visit.page(&Connections { frame: visit.frame(Section::Connections), query: query.to_owned(), rows, pager }))
}

async fn row(visit: &Visit, ctx: &Ctx, connection: &Connection) -> Result<ConnectionRow, Error> {
    let app = &visit.web.app;
    let wired = Wired::of(app, connection.clone()).ok();
    let state = match (connection.enabled, &wired) {
        (_, None) => "connector missing",
        (true, Some(wired)) if wired.is_complete() => "ready",
        (true, Some(_)) => "incomplete",
        (false, Some(_)) if accounts::under_way(app, ctx, &connection.id).await?.is_some() => "being deleted",
        (false, Some(_)) => "disabled",
    };
    Ok(ConnectionRow {
        id: connection.id.to_string(),
        name: connection.name.to_string(),
        connector: wired.map_or_else(|| connection.connector.clone(), |wired| wired.connector.display_name.clone()),
        state,
        updated: Moment::from(connection.updated_at),
    })
}

/// Which app to connect.
pub(crate) async fn catalog(visit: Visit) -> Answer {
    let ctx = visit.enter(Right::Develop)?;
    let (query, kind, category) = (visit.query("q").to_lowercase(), visit.query("kind"), visit.query("category"));
    let (app, page) = (&visit.web.app, Page { size: CUSTOM, after: None });
    let listed =
        providers::list(app, &ctx, ProviderFilter::All, None, &page).await.map_err(|error| visit.fail(&error))?;
    let mut connectors: Vec<_> = listed.items.iter().map(card).collect();
    connectors.retain(|one| one.name.to_lowercase().contains(&query) || one.slug.contains(&query));
    connectors.retain(|one| kind.is_empty() || one.kind == kind);
    connectors.retain(|one| category.is_empty() || one.category == category);
    connectors.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(visit.page(&Catalog {
        frame: visit.frame(Section::Connections),
        query: visit.query("q").to_owned(),
        kind: kind.to_owned(),
        category: category.to_owned(),
        categories: categories::all().collect(),
        groups: grouped(&connectors),
    }))
}

fn card(entry: &Entry) -> ConnectorCard {
    match entry {
        Entry::OfFile(one) => ConnectorCard {
            slug: one.slug.clone(),
            name: one.display_name.clone(),
            kind: if one.remote.is_some() { "remote" } else { "tools" },
            category: categories::of(&one.slug),
            about: match &one.remote {
                Some(_) => "remote MCP server, whose tools it lists".to_owned(),
                None => format!("{} tools, {}", one.tools.len(), one.status()),
            },
        },
        Entry::Custom(one) => ConnectorCard {
            slug: one.slug.clone(),
            name: one.display_name.clone(),
            kind: "custom",
            category: categories::of(&one.slug),
            about: "a custom provider of yours".to_owned(),
        },
    }
}

/// Those whose tools are here come first, for most people look for one of them; then what one has made oneself; then remote
/// servers by what they are about.
fn grouped(connectors: &[ConnectorCard]) -> Vec<(&'static str, Vec<ConnectorCard>)> {
    let of = |fits: &dyn Fn(&&ConnectorCard) -> bool| connectors.iter().filter(fits).cloned().collect::<Vec<_>>();
    let own = [("With tools", of(&|one| one.kind == "tools")), ("Custom providers", of(&|one| one.kind == "custom"))];
    let remote = categories::all().map(|name| (name, of(&|one| one.kind == "remote" && one.category == name)));
    own.into_iter().chain(remote).filter(|(_, cards)| !cards.is_empty()).collect()
}

/// The form of a new connection.
pub(crate) async fn form(visit: Visit, Path(named): Named) -> Answer {
    let ctx = visit.enter(Right::Develop)?;
    let connector = connector(&visit, &ctx, &named).await?;
    Ok(visit.page(&blank(&visit, &connector, &Fields::default())))
}

/// The connector that an address names: one of a file, or a custom provider's.
async fn connector(
    visit: &Visit,
    ctx: &Ctx,
    named: &HashMap<String, String>,
) -> Result<Arc<Connector>, axum::response::Response> {
    let slug = named.get("connector").map_or("", String::as_str);
    let found = connections::connector(&visit.web.app, ctx, slug).await;
    found.map_err(|error| match error.kind() {
        Kind::InvalidArgument => visit.fail(&Error::new(Kind::NotFound, error.message())),
        _ => visit.fail(&error),
    })
}

/// The form as it was sent, or with what the connector suggests.
fn blank(visit: &Visit, connector: &Connector, sent: &Fields) -> ConnectionForm {
    let chosen: Vec<&str> = sent.all("scope").collect();
    let first = !sent.has("name");
    let way = connector.way(None);
    let scopes = connector.scope_words.iter().filter(|_| way.has_scopes()).map(|(scope, words)| ScopeChoice {
        scope: scope.clone(),
        words: words.clone(),
        chosen: if first { connector.default_scopes.contains(scope) } else { chosen.contains(&scope.as_str()) },
    });
    ConnectionForm {
        frame: visit.frame(Section::Connections),
        connector: connector.display_name.clone(),
        slug: connector.slug.clone(),
        name: sent.text("name").to_owned(),
        asks: asks(way),
        client_id: sent.text("client_id").to_owned(),
        scopes: scopes.collect(),
        own_scopes: sent.text("scopes") == "these",
        guide: super::remote_guide::of(connector, way),
        at: "",
        wrong: None,
    }
}

fn asks(way: &Auth) -> Asks {
    let credential = way.connection_credential();
    Asks {
        by_itself: way.registers_by_itself(),
        client: credential == ConnectionCredential::OAuthClient,
        key: credential == ConnectionCredential::ServiceAccountKey,
        redirects: way.kind() == AuthKind::OAuth2,
        tried: way.has_token_endpoint(),
    }
}

/// Who a connection is at the vendor: what was typed, or whom a service account's key names.
fn client_id(way: &Auth, form: &Fields, before: Option<String>) -> Result<Option<String>, Error> {
    match (way.connection_credential(), form.secret("client_secret")) {
        (ConnectionCredential::OAuthClient, _) => Ok(form.some("client_id")),
        (ConnectionCredential::ServiceAccountKey, Some(key)) => service_account_of(&key).map(Some),
        _ => Ok(before),
    }
}

/// Makes it.
pub(crate) async fn create(Path(named): Named, Posted { visit, form }: Posted) -> Answer {
    let ctx = visit.enter(Right::Develop)?;
    let connector = connector(&visit, &ctx, &named).await?;
    match created(&visit, &ctx, &connector, &form).await {
        Ok(connection) => {
            let asks = asks(connector.way(None));
            let registers = asks.redirects && !asks.by_itself;
            let done = if registers { "connection-created" } else { "connection-ready" };
            Ok(visit.go(&format!("/connections/{}", connection.id), done))
        }
        Err(error) if is_the_forms(&error) => {
            let wrong = Some(super::sentence::sentence(error.message()));
            let at = at(&error, &connector, &form);
            Ok(visit.page(&ConnectionForm { wrong, at, ..blank(&visit, &connector, &form) }))
        }
        Err(error) => Err(visit.fail(&error)),
    }
}

/// The field of a new connection that an error is about; empty if it is about none.
fn at(error: &Error, connector: &Connector, form: &Fields) -> &'static str {
    let no_name = |name: String| ConnectionName::parse(&name).is_err();
    let takes_key = connector.way(None).connection_credential() == ConnectionCredential::ServiceAccountKey;
    match form.secret("client_secret") {
        _ if error.kind() == Kind::AlreadyExists || form.some("name").is_some_and(no_name) => "name",
        Some(key) if takes_key => at_key(&key),
        _ => "",
    }
}

/// The field of a service account's key, if it is wrong.
fn at_key(key: &Secret<str>) -> &'static str {
    if service_account_of(key).is_err() { "client_secret" } else { "" }
}

async fn created(visit: &Visit, ctx: &Ctx, connector: &Connector, form: &Fields) -> Result<Connection, Error> {
    let client_id = client_id(connector.way(None), form, None)?;
    let settings = Settings { client_id, scopes: scopes(form), ..Settings::default() };
    let new = connections::New {
        name: form.some("name"),
        connector: connector.slug.clone(),
        settings,
        client_secret: form.secret("client_secret"),
    };
    connections::create(&visit.web.app, ctx, new).await
}

/// None means: what the tools of the MCP configs need.
fn scopes(form: &Fields) -> Vec<String> {
    if form.text("scopes") == "these" { form.all("scope").map(ToOwned::to_owned).collect() } else { Vec::new() }
}

/// One connection.
pub(crate) async fn show(visit: Visit, Path(named): Named) -> Answer {
    let ctx = visit.enter(Right::See)?;
    let connection = find(&visit, &ctx, &named).await?;
    let page = page(&visit, &ctx, &connection, None).await.map_err(|error| visit.fail(&error))?;
    Ok(visit.page(&page))
}

async fn find(
    visit: &Visit,
    ctx: &Ctx,
    named: &HashMap<String, String>,
) -> Result<Connection, axum::response::Response> {
    let id = named.get("id").map_or("", String::as_str);
    let found = match ConnectionId::parse(id) {
        Ok(id) => connections::get(&visit.web.app, ctx, &id).await,
        Err(_) => connections::by_name(&visit.web.app, ctx, id).await,
    };
    found.map_err(|error| visit.fail(&error))
}

async fn page(
    visit: &Visit,
    ctx: &Ctx,
    connection: &Connection,
    wrong: Option<String>,
) -> Result<ConnectionPage, Error> {
    let app = &visit.web.app;
    let wired = Wired::of(app, connection.clone()).ok();
    let scoped = wired.as_ref().filter(|wired| wired.way().has_scopes());
    let asked = scoped.map(Wired::scopes).unwrap_or_default();
    let known = scoped.map(|wired| wired.connector.scope_words.clone()).unwrap_or_default();
    let closing = accounts::under_way(app, ctx, &connection.id).await?;
    let settings = &connection.settings;
    let own = [
        ("Authorize URL", &settings.authorize_url),
        ("Token URL", &settings.token_url),
        ("Revoke URL", &settings.revoke_url),
        ("Identity URL", &settings.identity_url),
        ("API base URL", &settings.api_base_url),
    ];
    let others = asked.iter().filter(|scope| !known.contains_key(scope.as_str()));
    let choice = |scope: &String, words: &str| ScopeChoice {
        scope: scope.clone(),
        words: words.to_owned(),
        chosen: asked.contains(scope),
    };
    Ok(ConnectionPage {
        frame: visit.frame(Section::Connections),
        row: row(visit, ctx, connection).await?,
        slug: connection.connector.clone(),
        asks: wired.as_ref().map(|wired| asks(wired.way())).unwrap_or_default(),
        redirect_uri: connections::redirect_uri(app, &connection.id),
        client_id: settings.client_id.clone().unwrap_or_default(),
        seen: connection.revision,
        has_secret: connection.client_secret.is_some(),
        enabled: connection.enabled,
        closing: closing.map(|closing| (closing.done, closing.left.to_string())),
        scopes: known
            .iter()
            .map(|(scope, words)| choice(scope, words))
            .chain(others.map(|scope| choice(scope, "")))
            .collect(),
        own_scopes: !settings.scopes.is_empty(),
        guide: guide_of(connection, wired.as_ref()),
        own_addresses: own.iter().filter_map(|(label, url)| url.as_ref().map(|url| (*label, url.clone()))).collect(),
        tried: None,
        at: "",
        wrong,
    })
}

/// How its app is registered, also where its file is gone.
fn guide_of(connection: &Connection, wired: Option<&Wired>) -> Vec<super::guide::Block> {
    match wired {
        Some(wired) => super::remote_guide::of(&wired.connector, wired.way()),
        None => super::guide::of(&connection.connector),
    }
}

/// Saves client id, secret and scopes, unless somebody else has changed the connection since the form was shown.
pub(crate) async fn save(Path(named): Named, Posted { visit, form }: Posted) -> Answer {
    let ctx = visit.enter(Right::Develop)?;
    let before = find(&visit, &ctx, &named).await?;
    let (wrong, is_stale) = if form.text("seen") == before.revision.to_string() {
        match saved(&visit, &ctx, &before, &form).await {
            Ok(_) => return Ok(visit.go(&format!("/connections/{}", before.id), "connection-saved")),
            Err(error) if is_the_forms(&error) => (super::sentence::sentence(error.message()), false),
            Err(error) => return Err(visit.fail(&error)),
        }
    } else {
        let words = "This connection was changed elsewhere since the form was shown, and nothing was saved: look at what \
             you typed below, and save it again if it is what you want.";
        (words.to_owned(), true)
    };
    let page = page(&visit, &ctx, &before, Some(wrong)).await.map_err(|error| visit.fail(&error))?;
    let key = form.secret("client_secret").filter(|_| page.asks.key && !is_stale);
    let at = key.map(|key| at_key(&key)).unwrap_or_default();
    Ok(visit.page(&ConnectionPage { at, ..typed_over(page, &form) }))
}

/// The page with what was typed in its form; but for the secret, which is not shown again.
fn typed_over(page: ConnectionPage, form: &Fields) -> ConnectionPage {
    let chosen: Vec<&str> = form.all("scope").collect();
    let scope = |one: ScopeChoice| ScopeChoice { chosen: chosen.contains(&one.scope.as_str()), ..one };
    ConnectionPage {
        client_id: form.text("client_id").to_owned(),
        own_scopes: form.text("scopes") == "these",
        scopes: page.scopes.into_iter().map(scope).collect(),
        ..page
    }
}

async fn saved(visit: &Visit, ctx: &Ctx, before: &Connection, form: &Fields) -> Result<Connection, Error> {
    let wired = Wired::of(&visit.web.app, before.clone())?;
    let client_id = client_id(wired.way(), form, before.settings.client_id.clone())?;
    let settings = Settings { client_id, scopes: scopes(form), ..before.settings.clone() };
    let client_secret = form.secret("client_secret");
    let change = connections::Change { settings: Some(settings), client_secret, enabled: None };
    connections::update(&visit.web.app, ctx, before, change).await
}

/// Enables, disables, tries or deletes it.
pub(crate) async fn change(Path(named): Named, Posted { visit, .. }: Posted) -> Answer {
    let ctx = visit.enter(Right::Develop)?;
    let before = find(&visit, &ctx, &named).await?;
    let app = &visit.web.app;
    let toggle = |enabled| connections::Change { settings: None, client_secret: None, enabled: Some(enabled) };
    let here = format!("/connections/{}", before.id);
    match named.get("change").map(String::as_str) {
        Some("enable") => {
            connections::update(app, &ctx, &before, toggle(true)).await.map_err(|error| visit.fail(&error))?;
            Ok(visit.go(&here, "connection-enabled"))
        }
        Some("disable") => {
            connections::update(app, &ctx, &before, toggle(false)).await.map_err(|error| visit.fail(&error))?;
            Ok(visit.go(&here, "connection-disabled"))
        }
        Some("test") => match client_trial::try_client(app, &ctx, &before).await {
            Ok(trial) => {
                let page = page(&visit, &ctx, &before, None).await.map_err(|error| visit.fail(&error))?;
                let words = super::sentence::sentence(&trial.words);
                Ok(visit.page(&ConnectionPage { tried: Some((trial.known == Some(true), words)), ..page }))
            }
            Err(error) if is_the_forms(&error) => {
                let wrong = Some(super::sentence::sentence(error.message()));
                let page = page(&visit, &ctx, &before, wrong).await.map_err(|error| visit.fail(&error))?;
                Ok(visit.page(&page))
            }
            Err(error) => Err(visit.fail(&error)),
        },
        Some("delete") => {
            accounts::delete_connection(app, &ctx, &before.id).await.map_err(|error| visit.fail(&error))?;
            Ok(visit.go("/connections", "connection-deleted"))
        }
        _ => Err(visit.web.missing(&visit.asked)),
    }
}
