//! Carries out what the operator asked for: one call of a use case, rendered as rows.

use super::{
    AccountVerb, Asked, ClientVerb, ConfigVerb, ConnectionFlags, ConnectionVerb, ConnectorVerb, Desk, EndpointFlags,
    EnvironmentVerb, InstanceVerb, LogsVerb, Noun, Reply, ToolVerb,
};
use crate::env::Access;
use anyhow::{Context, Result};
use clap::Subcommand;
use serde_json::{Value, json};
use std::sync::Arc;
use valetkey_app::accounts::Which;
use valetkey_app::{App, Page, accounts, clients, configs, connections, doors, environments, instances, journal};
use valetkey_connectors::Connector;
use valetkey_domain::account::{ConnectedAccount, Owner};
use valetkey_domain::client::ApiClient;
use valetkey_domain::config::Mapping;
use valetkey_domain::connection::{Connection, Settings};
use valetkey_domain::environment::Environment;
use valetkey_domain::id::{ClientId, ConnectionId};
use valetkey_domain::instance::McpInstance;
use valetkey_domain::name::{ConnectionName, Identifier};
use valetkey_domain::{Ctx, Secret};

/// How many things a list shows.
const MOST: u32 = 1000;

/// Carries a noun's verb out.
///
/// # Errors
/// The use case's own, in its words.
pub(super) async fn perform(desk: &Desk, noun: Noun) -> Result<Reply> {
    let app = &desk.app;
    match noun {
        Noun::Environment(asked) => environment(app, asked.verb).await,
        Noun::Connector(asked) => connector(app, asked.verb),
        Noun::Tool(asked) => tool(app, asked.verb),
        Noun::Client(asked) => client(desk, &enter(app, &asked).await?, asked.verb).await,
        Noun::Connection(asked) => connection(app, &enter(app, &asked).await?, asked.verb).await,
        Noun::Account(asked) => account(app, &enter(app, &asked).await?, asked.verb).await,
        Noun::Config(asked) => config(app, &enter(app, &asked).await?, asked.verb).await,
        Noun::Instance(asked) => instance(app, &enter(app, &asked).await?, asked.verb).await,
        Noun::Logs(asked) => logs(app, &enter(app, &asked).await?, asked.verb).await,
    }
}

async fn enter<Verb: Subcommand>(app: &App, asked: &Asked<Verb>) -> Result<Ctx> {
    let environment = match &asked.environment {
        Some(name) => environments::by_name(app, name).await?,
        None => environments::ensure_first(app).await?,
    };
    Ok(doors::operator(app, &environment.id))
}

async fn environment(app: &App, verb: EnvironmentVerb) -> Result<Reply> {
    let row = |e: &Environment| json!({"id": e.id, "name": e.name, "created_at": e.created_at.to_string()});
    match verb {
        EnvironmentVerb::Create { name } => Ok(one(row(&environments::create(app, &name).await?))),
        EnvironmentVerb::Get { name } => Ok(one(row(&environments::by_name(app, &name).await?))),
        EnvironmentVerb::List => Ok(rows(environments::list(app).await?.iter().map(row))),
    }
}

fn connector(app: &App, verb: ConnectorVerb) -> Result<Reply> {
    match verb {
        ConnectorVerb::List => Ok(rows(app.catalog.connectors().map(|c| {
            json!({"connector": c.slug, "name": c.display_name, "provider": c.provider_key(), "tools": c.tools.len()})
        }))),
        ConnectorVerb::Get { slug } => {
            let found = connector_of(app, &slug)?;
            Ok(one(json!({
                "connector": found.slug, "name": found.display_name, "provider": found.provider_key(),
                "scopes": found.default_scopes, "tools": found.tools.keys().collect::<Vec<_>>(),
            })))
        }
    }
}

fn connector_of(app: &App, slug: &str) -> Result<Arc<Connector>> {
    app.catalog.connector(slug).ok_or_else(|| {
        let near = app.catalog.nearest_connector(slug).map(|near| format!("; did you mean '{near}'?"));
        anyhow::anyhow!("there is no connector '{slug}'{}", near.unwrap_or_default())
    })
}

fn tool(app: &App, verb: ToolVerb) -> Result<Reply> {
    match verb {
        ToolVerb::List { connector } => {
            if let Some(slug) = &connector {
                connector_of(app, slug)?;
            }
            let wanted = app.catalog.connectors().filter(|c| connector.as_ref().is_none_or(|slug| *slug == c.slug));
            let tools = wanted.flat_map(|c| c.tools.values().cloned().collect::<Vec<_>>());
            Ok(rows(tools.map(|t| {
                let definition = &t.definition;
                json!({"tool": definition.name, "effect": definition.effect, "title": definition.title})
            })))
        }
        ToolVerb::Get { name } => {
            let (connector, tool) = app.catalog.tool(&name).ok_or_else(|| {
                let near = app.catalog.nearest_tool(&name).map(|near| format!("; did you mean '{near}'?"));
                anyhow::anyhow!("tool not found: '{name}'{}", near.unwrap_or_default())
            })?;
            let definition = &tool.definition;
            Ok(one(json!({
                "tool": definition.name, "connector": connector.slug, "effect": definition.effect,
                "description": definition.description, "input_schema": definition.input_schema,
            })))
        }
    }
}

async fn client(desk: &Desk, ctx: &Ctx, verb: ClientVerb) -> Result<Reply> {
    let app = &desk.app;
    match verb {
        ClientVerb::Create { name, no_secrets } => {
            let scopes = if no_secrets { vec![] } else { vec![clients::SECRETS_SCOPE.to_owned()] };
            Ok(issued(&clients::create(app, ctx, &name, scopes).await?))
        }
        ClientVerb::Rotate { id } => Ok(issued(&clients::rotate(app, ctx, &id.try_into()?, None).await?)),
        ClientVerb::Expire { id } => {
            let ended = clients::expire(app, ctx, &id.try_into()?).await?;
            Ok(said(format!("{ended} secrets ended; tokens already issued are worthless")))
        }
        ClientVerb::Delete { id } => {
            clients::delete(app, ctx, &id.try_into()?).await?;
            Ok(said("deleted"))
        }
        ClientVerb::Shell => {
            let issued = clients::shell(app, ctx).await?;
            let access = Access {
                sdk_url: app.settings.sdk(""),
                client_id: issued.client.id.to_string(),
                client_secret: issued.secret.expose().to_owned(),
                ca_bundle: desk.ca_bundle.clone(),
            };
            Ok(one(serde_json::to_value(access)?))
        }
        ClientVerb::List => Ok(rows(clients::list(app, ctx).await?.iter().map(client_row))),
        ClientVerb::Get { id } => {
            let id = ClientId::parse(&id)?;
            let all = clients::list(app, ctx).await?;
            let found = all.iter().find(|client| client.id == id);
            Ok(one(client_row(found.with_context(|| format!("API client '{id}' not found; `client list` shows all"))?)))
        }
    }
}

fn client_row(client: &ApiClient) -> Value {
    json!({
        "client_id": client.id, "name": client.name, "scopes": client.scopes,
        "created_at": client.created_at.to_string(),
    })
}

/// The answer that carries a new secret: the only time it is ever shown.
fn issued(issued: &clients::Issued) -> Reply {
    let row = json!({
        "client_id": issued.client.id, "client_secret": issued.secret.expose(), "name": issued.client.name,
    });
    Reply { note: Some("The secret is shown this once: keep it where your app finds it.".into()), ..one(row) }
}

async fn connection(app: &App, ctx: &Ctx, verb: ConnectionVerb) -> Result<Reply> {
    let page = Page { size: MOST, after: None };
    match verb {
        ConnectionVerb::Create(ConnectionFlags { connector, name, flags }) => {
            let client_secret = flags.client_secret.as_deref().map(Secret::from);
            let settings = settings(Settings::default(), flags);
            let new = connections::New { name, connector, settings, client_secret };
            Ok(one(shown(app, &connections::create(app, ctx, new).await?)))
        }
        ConnectionVerb::Update { name, flags } => {
            let before = connections::by_name(app, ctx, &name).await?;
            let client_secret = flags.client_secret.as_deref().map(Secret::from);
            let settings = Some(settings(before.settings, flags));
            let change = connections::Change { settings, client_secret, enabled: None };
            Ok(one(shown(app, &connections::update(app, ctx, &before.id, change).await?)))
        }
        ConnectionVerb::List => {
            let found = connections::list(app, ctx, &connections::Filter::default(), &page).await?;
            Ok(rows(found.items.iter().map(|c| json!({"name": c.name, "connector": c.connector, "id": c.id}))))
        }
        ConnectionVerb::Get { name } => Ok(one(shown(app, &connections::by_name(app, ctx, &name).await?))),
        ConnectionVerb::Delete { name } => {
            let found = connections::by_name(app, ctx, &name).await?;
            connections::delete(app, ctx, &found.id).await?;
            Ok(said(format!("connection '{name}' and its accounts are deleted")))
        }
    }
}

fn settings(before: Settings, flags: EndpointFlags) -> Settings {
    Settings {
        client_id: flags.client_id.or(before.client_id),
        scopes: if flags.scopes.is_empty() { before.scopes } else { flags.scopes },
        authorize_url: flags.authorize_url.or(before.authorize_url),
        token_url: flags.token_url.or(before.token_url),
        revoke_url: flags.revoke_url.or(before.revoke_url),
        identity_url: flags.identity_url.or(before.identity_url),
        api_base_url: flags.api_base_url.or(before.api_base_url),
    }
}

fn shown(app: &App, connection: &Connection) -> Value {
    let mut row = json!({
        "name": connection.name, "connector": connection.connector, "id": connection.id,
        "client_id": connection.settings.client_id, "client_secret": connection.client_secret.as_ref().map(|_| "set"),
        "redirect_uri": connections::redirect_uri(app, &connection.id),
    });
    if let (Ok(connector), Some(row)) = (connections::connector_of(app, connection), row.as_object_mut()) {
        let scopes = connections::scopes(&connector, connection);
        row.insert("scopes".into(), json!(scopes));
        row.insert("ready".into(), json!(connections::completed(&connector, connection)));
    }
    row
}

async fn account(app: &App, ctx: &Ctx, verb: AccountVerb) -> Result<Reply> {
    match verb {
        AccountVerb::List { identifier } => {
            let filter = accounts::Filter { identifier, ..accounts::Filter::default() };
            let page = Page { size: MOST, after: None };
            let found = accounts::list(app, ctx, &filter, &page).await?;
            let connections = connections::list(app, ctx, &connections::Filter::default(), &page).await?;
            let name = |id: &ConnectionId| connections.items.iter().find(|c| c.id == *id).map(|c| &c.name);
            Ok(rows(found.items.iter().map(|account| account_row(account, name(&account.connection)))))
        }
        AccountVerb::Get { id } => {
            let (connection, account) = accounts::get(app, ctx, &Which::Id(id.try_into()?)).await?;
            Ok(one(account_row(&account, Some(&connection.name))))
        }
        AccountVerb::Link { connection, identifier } => {
            let connection = connections::by_name(app, ctx, &connection).await?;
            let owner = Owner::of(Identifier::parse(&identifier)?);
            let link = accounts::link(app, ctx, &connection, owner).await?;
            Ok(one(json!({"link": link.url, "opens_until": link.expires_at.to_string()})))
        }
        AccountVerb::Disconnect { id } => {
            accounts::disconnect(app, ctx, &Which::Id(id.try_into()?)).await?;
            Ok(said("disconnected: its tokens are gone, here and, where the vendor offers it, there"))
        }
        AccountVerb::Delete { id } => {
            accounts::delete(app, ctx, &Which::Id(id.try_into()?)).await?;
            Ok(said("deleted"))
        }
    }
}

fn account_row(account: &ConnectedAccount, connection: Option<&ConnectionName>) -> Value {
    json!({
        "id": account.id, "identifier": account.owner.identifier, "connection": connection,
        "status": account.status.name(), "reason": account.status.reason(), "subject": account.subject,
    })
}

async fn config(app: &App, ctx: &Ctx, verb: ConfigVerb) -> Result<Reply> {
    match verb {
        ConfigVerb::Create { name, description, connections } => {
            let mappings = connections.iter().map(|text| mapping(text)).collect();
            let made = configs::create(app, ctx, configs::New { name, description, mappings }).await?;
            Ok(one(json!({"name": made.name, "id": made.id, "mcp_server_url": configs::server_url(app, &made)})))
        }
        ConfigVerb::List => {
            let page = Page { size: MOST, after: None };
            let found = configs::list(app, ctx, &configs::Filter::default(), &page).await?;
            Ok(rows(found.items.iter().map(|c| {
                let connections: Vec<_> = c.mappings.iter().map(|m| m.connection_name.as_str()).collect();
                json!({"name": c.name, "id": c.id, "connections": connections, "description": c.description})
            })))
        }
        ConfigVerb::Get { name } => {
            let found = configs::by_name(app, ctx, &name).await?;
            let connections: Vec<_> = found.mappings.iter().map(mapped).collect();
            Ok(one(json!({
                "name": found.name, "id": found.id, "description": found.description, "connections": connections,
            })))
        }
        ConfigVerb::Delete { id } => {
            configs::delete(app, ctx, &id.try_into()?).await?;
            Ok(said("deleted, with its instances"))
        }
    }
}

/// As [`mapping`] reads it.
fn mapped(mapping: &Mapping) -> String {
    match mapping.tools.as_slice() {
        [] => mapping.connection_name.to_string(),
        tools => format!("{}={}", mapping.connection_name, tools.join(",")),
    }
}

/// `MY_GMAIL` or `MY_GMAIL=tool,tool`.
fn mapping(text: &str) -> configs::NewMapping {
    let (connection, tools) = text.split_once('=').unwrap_or((text, ""));
    let tools = tools.split(',').map(str::trim).filter(|tool| !tool.is_empty()).map(str::to_owned).collect();
    configs::NewMapping { connection: connection.to_owned(), tools }
}

async fn instance(app: &App, ctx: &Ctx, verb: InstanceVerb) -> Result<Reply> {
    match verb {
        InstanceVerb::Ensure { config, identifier, name } => {
            let made = instances::ensure(app, ctx, instances::Ensure { config, identifier, name }).await?;
            instance_with_url(app, ctx, &made).await
        }
        InstanceVerb::Get { id } => {
            instance_with_url(app, ctx, &instances::get(app, ctx, &id.try_into()?).await?).await
        }
        InstanceVerb::List { identifier } => {
            let filter = instances::Filter { identifier, ..instances::Filter::default() };
            let found = instances::list(app, ctx, &filter, &Page { size: MOST, after: None }).await?;
            Ok(rows(
                found
                    .items
                    .iter()
                    .map(|i| json!({"id": i.id, "config": i.config_name, "identifier": i.identifier, "name": i.name})),
            ))
        }
        InstanceVerb::Auth { id } => {
            let states = instances::auth_state(app, ctx, &id.try_into()?, true).await?;
            Ok(rows(states.iter().map(|state| {
                let link = state.link.as_ref().map(|link| link.url.clone());
                json!({"connection": state.connection.name, "status": state.status.name(), "link": link})
            })))
        }
        InstanceVerb::Delete { id } => {
            instances::delete(app, ctx, &id.try_into()?).await?;
            Ok(said("deleted: its URL answers 404 now"))
        }
    }
}

async fn instance_with_url(app: &App, ctx: &Ctx, instance: &McpInstance) -> Result<Reply> {
    let url = instances::url(app, ctx, instance).await?;
    Ok(one(json!({
        "id": instance.id, "config": instance.config_name, "identifier": instance.identifier, "name": instance.name,
        "url": url.expose(),
    })))
}

async fn logs(app: &App, ctx: &Ctx, verb: LogsVerb) -> Result<Reply> {
    let LogsVerb::List { limit, subject } = verb;
    let found = journal::newest(app, ctx, subject.as_deref(), limit.min(MOST)).await?;
    Ok(rows(found.iter().map(|record| {
        json!({
            "at": record.at.to_string(), "actor": record.actor, "action": record.action,
            "subject": record.subject, "phase": record.phase, "detail": record.detail,
        })
    })))
}

fn one(row: Value) -> Reply {
    Reply { rows: vec![row], single: true, note: None }
}

fn rows(rows: impl IntoIterator<Item = Value>) -> Reply {
    Reply { rows: rows.into_iter().collect(), ..Reply::default() }
}

fn said(note: impl Into<String>) -> Reply {
    Reply { note: Some(note.into()), ..Reply::default() }
}
