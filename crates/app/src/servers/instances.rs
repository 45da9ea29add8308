//! MCP instances: a config for one user, with a URL of its own, and how far that user has signed in.

use crate::consent::{Life, Link, LinkOptions, links_for};
use crate::servers::configs;
use crate::{App, Error, Listed, Page, Result, accounts, connections};
use futures::future::{try_join, try_join_all};
use serde_json::Map;
use valetkey_domain::account::{ConnectedAccount, Owner, Status};
use valetkey_domain::config::{Mapping, McpConfig};
use valetkey_domain::connection::Connection;
use valetkey_domain::id::{ConfigId, InstanceId};
use valetkey_domain::instance::McpInstance;
use valetkey_domain::name::{ConfigName, Identifier, InstanceName};
use valetkey_domain::{Ctx, Secret};
use valetkey_storage::instances::{self as rows, OnConfig};
use valetkey_storage::{Tx, accounts as account_rows, configs as config_rows, grants};

pub use valetkey_storage::accounts::Standing;
pub use valetkey_storage::instances::Filter;

/// What the journal calls it when a URL is shown.
const URL_SHOWN: &str = "instance.url_shown";

/// Which instance is wanted.
pub struct Ensure {
    /// The config's name.
    pub config: String,
    /// The user.
    pub identifier: String,
    /// The instance's name; if none, the user's oldest on the config, or a new one with a derived name.
    pub name: Option<String>,
}

/// What to change of an instance; what is absent stays.
pub struct Change {
    /// A new name.
    pub name: Option<String>,
    /// The name of another config to serve.
    pub config: Option<String>,
}

/// An instance as it is shown to its app.
pub struct InstanceView {
    /// Its config.
    pub config: McpConfig,
    /// The user's accounts on the config's connections, as far as there are any.
    pub accounts: Vec<Standing>,
    /// Its URL, which is a credential.
    pub url: Secret<str>,
}

/// How far a user has signed in on one connection of an instance.
pub struct ConnectionState {
    /// The connection.
    pub connection: Connection,
    /// The user's account on it, if there is one yet.
    pub account: Option<ConnectedAccount>,
    /// Its status; PENDING_AUTH while there is no account.
    pub status: Status,
    /// A fresh link to sign in with, if links were asked for.
    pub link: Option<Link>,
}

/// The user's instance on a config, made if there is none. Calling it again gives the same one.
///
/// # Errors
/// No such config; an identifier or name that breaks its rule.
pub async fn ensure(app: &App, ctx: &Ctx, wanted: Ensure) -> Result<McpInstance> {
    let identifier = Identifier::parse(&wanted.identifier)?;
    let name = wanted.name.as_deref().map(InstanceName::parse).transpose()?;
    let OnConfig { config, instance, .. } =
        find_on_config(app, ctx, &mut app.core.store.glance().await?, &wanted.config, &identifier, name.as_ref())
            .await?;
    if let Some(existing) = instance {
        return Ok(existing);
    }
    let mut tx = app.core.change(ctx).await?;
    rows::alone_for(&mut tx, &config, &identifier).await?;
    let OnConfig { config, config_name, instance } =
        find_on_config(app, ctx, &mut tx, &wanted.config, &identifier, name.as_ref()).await?;
    if let Some(existing) = instance {
        return Ok(existing);
    }
    let instance = fresh(app, ctx, (config, config_name), identifier, name)?;
    rows::insert(ctx, &mut tx, &instance).await?;
    let mut tx = tx.record("instance.created", instance.id.as_str(), Map::new()).await?;
    rows::count_in(ctx, &mut tx).await?;
    tx.commit().await?;
    Ok(instance)
}

/// The instance of this id.
///
/// # Errors
/// There is none in this environment.
pub async fn get(app: &App, ctx: &Ctx, id: &InstanceId) -> Result<McpInstance> {
    let found = rows::get(ctx, &mut app.core.store.glance().await?, id).await?;
    found.ok_or_else(|| Error::not_found("MCP instance", id))
}

/// A page of the environment's instances.
///
/// # Errors
/// The database cannot be read.
pub async fn list(app: &App, ctx: &Ctx, filter: &Filter, page: &Page) -> Result<Listed<McpInstance>> {
    Ok(rows::list(ctx, &mut app.core.store.read().await?, filter, page).await?)
}

/// The instances of users whose name begins so, by name, so many of them; none at all in an environment that has so few that
/// [`list`] finds inside of names as quickly.
///
/// # Errors
/// The database cannot be read.
pub async fn beginning(app: &App, ctx: &Ctx, name: &str, size: u32) -> Result<Option<Vec<McpInstance>>> {
    Ok(rows::beginning(ctx, &mut app.core.store.read().await?, name, size).await?)
}

/// Renames an instance or puts it on another config, whose tools its URL then has: the URL stays.
///
/// # Errors
/// No such instance or config; nothing to change; a name that breaks its rule or that this user has already.
pub async fn update(app: &App, ctx: &Ctx, id: &InstanceId, change: Change) -> Result<McpInstance> {
    let mut instance = get(app, ctx, id).await?;
    if let Some(name) = &change.name {
        instance.name = InstanceName::parse(name)?;
    }
    if let Some(config) = &change.config {
        let config = configs::by_name(app, ctx, config).await?;
        (instance.config, instance.config_name) = (config.id, config.name);
    }
    if change.name.is_none() && change.config.is_none() {
        return Err(Error::invalid("nothing to change: give name or config_name"));
    }
    instance.updated_at = app.core.now();
    let mut tx = app.core.change(ctx).await?;
    if !rows::update(ctx, &mut tx, &instance).await? {
        return Err(Error::not_found("MCP instance", id));
    }
    if change.config.is_some() {
        grants::end_of_instance(ctx, &mut tx, id).await?;
    }
    tx.record("instance.updated", id.as_str(), Map::new()).await?.commit().await?;
    Ok(instance)
}

/// Gives an instance another URL; every earlier one stops at once, and what it was signed in to stays.
///
/// # Errors
/// There is none in this environment.
pub async fn rotate_url(app: &App, ctx: &Ctx, id: &InstanceId) -> Result<McpInstance> {
    let mut tx = app.core.change(ctx).await?;
    if !rows::raise_url_generation(ctx, &mut tx, id, app.core.now()).await? {
        return Err(Error::not_found("MCP instance", id));
    }
    grants::end_of_instance(ctx, &mut tx, id).await?;
    tx.record("instance.url_rotated", id.as_str(), Map::new()).await?.commit().await?;
    get(app, ctx, id).await
}

/// Removes an instance; its URL stops at once. The user's accounts stay.
///
/// # Errors
/// There is none in this environment.
pub async fn delete(app: &App, ctx: &Ctx, id: &InstanceId) -> Result<()> {
    let mut tx = app.core.change(ctx).await?;
    if !rows::delete(ctx, &mut tx, id).await? {
        return Err(Error::not_found("MCP instance", id));
    }
    tx.record("instance.deleted", id.as_str(), Map::new()).await?.commit().await?;
    Ok(())
}

/// The instance's URL, which is a credential: the journal records that it was shown before it is.
///
/// # Errors
/// The url key cannot be had, or the journal cannot be written.
pub async fn url(app: &App, ctx: &Ctx, instance: &McpInstance) -> Result<Secret<str>> {
    let token = app.core.keyring.url_mint(instance).await?;
    app.core.journal.fact_now(ctx, URL_SHOWN, instance.id.as_str(), Map::new()).await?;
    Ok(absolute(app, &token))
}

/// The URLs of a list's instances, in their order. Each showing is recorded for its instance, and all of the list's
/// records are committed together, before any URL is given.
///
/// # Errors
/// As for [`url()`].
pub async fn urls(app: &App, ctx: &Ctx, instances: &[McpInstance]) -> Result<Vec<Secret<str>>> {
    let mut tokens = Vec::with_capacity(instances.len());
    for instance in instances {
        tokens.push(app.core.keyring.url_mint(instance).await?);
    }
    // The writer commits whatever waits for it at once.
    let journal = &app.core.journal;
    try_join_all(instances.iter().map(async |one| journal.fact_now(ctx, URL_SHOWN, one.id.as_str(), Map::new()).await))
        .await?;
    Ok(tokens.iter().map(|token| absolute(app, token)).collect())
}

fn absolute(app: &App, token: &Secret<str>) -> Secret<str> {
    Secret::from(app.core.settings.public(&format!("/mcp/v1/{}", token.expose())))
}

/// What is shown of an instance beside itself. The URL is in it, so the journal records that first.
///
/// # Errors
/// Its config is gone, and it with it; or as for [`url()`].
pub async fn view(app: &App, ctx: &Ctx, instance: &McpInstance) -> Result<InstanceView> {
    let mut tx = app.core.store.read().await?;
    let config = config_rows::get(ctx, &mut tx, &instance.config).await?;
    let config = config.ok_or_else(|| Error::not_found("MCP config", &instance.config))?;
    let accounts = account_rows::standings(ctx, &mut tx, &config.id, &instance.identifier).await?;
    drop(tx);
    Ok(InstanceView { config, accounts, url: url(app, ctx, instance).await? })
}

/// How far the user has signed in, one entry for each connection of the config. With links, missing accounts are made
/// (PENDING_AUTH) and every entry gets a link, all in one commit; without, nothing is made.
///
/// # Errors
/// No such instance; a connection that can't be signed in to yet says what it lacks.
pub async fn auth_state(app: &App, ctx: &Ctx, id: &InstanceId, with_links: bool) -> Result<Vec<ConnectionState>> {
    let instance = get(app, ctx, id).await?;
    let config = configs::get(app, ctx, &instance.config).await?;
    config_states(app, ctx, &config, &instance.identifier, with_links).await
}

/// The same for any config and any user, whether or not they have an instance.
///
/// # Errors
/// As for [`auth_state`].
pub async fn config_states(
    app: &App,
    ctx: &Ctx,
    config: &McpConfig,
    identifier: &Identifier,
    with_links: bool,
) -> Result<Vec<ConnectionState>> {
    if !with_links {
        return connection_states(app, ctx, &config.mappings, identifier).await;
    }
    let wishes = LinkOptions { config_verify_url: config.options.user_verify_url.clone(), ..LinkOptions::default() };
    // One connection may be there twice, each time with other tools.
    let mut mapped: Vec<Connection> = Vec::with_capacity(config.mappings.len());
    for mapping in &config.mappings {
        if mapped.iter().all(|connection| connection.id != mapping.connection) {
            mapped.push(connections::get(app, ctx, &mapping.connection).await?);
        }
    }
    let links = links_for(app, ctx, &mapped, &Owner::of(identifier.clone()), Life::Chat, &wishes).await?;
    let state = |mapping: &Mapping| {
        let mut all = mapped.iter().zip(&links);
        let (connection, (account, link)) = all.find(|(connection, _)| connection.id == mapping.connection)?;
        let (account, status) = (Some(account.clone()), account.status.clone());
        Some(ConnectionState { connection: connection.clone(), account, status, link: Some(link.clone()) })
    };
    Ok(config.mappings.iter().filter_map(state).collect())
}

/// How far a user has signed in on these connections, without links: nothing is made.
///
/// # Errors
/// One of the connections is no more.
async fn connection_states(
    app: &App,
    ctx: &Ctx,
    mappings: &[Mapping],
    identifier: &Identifier,
) -> Result<Vec<ConnectionState>> {
    let mut states = Vec::with_capacity(mappings.len());
    for mapping in mappings {
        let connection = connections::get(app, ctx, &mapping.connection).await?;
        let account = accounts::find(app, ctx, &connection.id, &Owner::of(identifier.clone())).await?;
        let status = account.as_ref().map_or(Status::PendingAuth, |account| account.status.clone());
        states.push(ConnectionState { connection, account, status, link: None });
    }
    Ok(states)
}

/// The same for who opens a server, which is asked for at every opening: what was read within the last second does, where it
/// says that the account can be used.
///
/// # Errors
/// One of the connections is no more.
pub async fn recent_connection_states(
    app: &App,
    ctx: &Ctx,
    mappings: &[Mapping],
    identifier: &Identifier,
) -> Result<Vec<ConnectionState>> {
    let owner = Owner::of(identifier.clone());
    let one = async |mapping: &Mapping| {
        let id = &mapping.connection;
        let (connection, mut account) =
            try_join(connections::get_recent(app, ctx, id), accounts::find_recent(app, ctx, id, &owner)).await?;
        if account.as_ref().is_none_or(|account| account.status != Status::Active) {
            account = accounts::find(app, ctx, id, &owner).await?;
        }
        let status = account.as_ref().map_or(Status::PendingAuth, |account| account.status.clone());
        Ok::<_, Error>(ConnectionState { connection, account, status, link: None })
    };
    try_join_all(mappings.iter().map(one)).await
}

async fn find_on_config(
    app: &App,
    ctx: &Ctx,
    tx: &mut Tx,
    config: &str,
    identifier: &Identifier,
    name: Option<&InstanceName>,
) -> Result<OnConfig> {
    match rows::find_on_config(ctx, tx, config, identifier, name).await? {
        Some(found) => Ok(found),
        None => Err(configs::unknown(ctx, &mut app.core.store.glance().await?, config).await?),
    }
}

fn fresh(
    app: &App,
    ctx: &Ctx,
    (config, config_name): (ConfigId, ConfigName),
    identifier: Identifier,
    name: Option<InstanceName>,
) -> Result<McpInstance> {
    let id = InstanceId::new(app.core.clock.as_ref(), app.core.rng.as_ref());
    // The id's own tail keeps a derived name apart from any that the developer gives.
    let name = match name {
        Some(name) => name,
        None => InstanceName::parse(id.as_str())?,
    };
    Ok(McpInstance {
        id,
        environment: ctx.environment.clone(),
        config,
        config_name,
        name,
        identifier,
        url_generation: 1,
        created_at: app.core.now(),
        updated_at: app.core.now(),
        last_used_at: None,
    })
}
