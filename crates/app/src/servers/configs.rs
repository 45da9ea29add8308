//! MCP configs: which connections and tools a per-user server exposes.

use super::{graces, options};
use crate::connections::{self, Wired, imports};
use crate::entrance::sessions::StaticUrl;
use crate::{App, Error, Listed, Page, Result};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;
use valetkey_connectors::{Connector, nearest};
use valetkey_core::failpoint::{Failpoint, reach};
use valetkey_core::journal;
use valetkey_domain::config::{Mapping, McpConfig, Options, check_description};
use valetkey_domain::grace::Grace;
use valetkey_domain::id::ConfigId;
use valetkey_domain::name::ConfigName;
use valetkey_domain::{Ctx, Kind};
use valetkey_storage::closings::{self, Target};
use valetkey_storage::{Tx, config_versions, configs as rows, grants, tool_definitions};

pub use valetkey_storage::configs::Filter;

/// The most connections that one config may have (the wire's rule).
pub const MAX_MAPPINGS: usize = 25;

/// A config to be made.
#[derive(Default)]
pub struct New {
    /// Its name.
    pub name: String,
    /// What it is for; may be empty.
    pub description: String,
    /// Its connections and their whitelists.
    pub mappings: Vec<NewMapping>,
    /// What it says beside them.
    pub options: Options,
}

/// One connection of a config, by name.
pub struct NewMapping {
    /// The connection's exact name.
    pub connection: String,
    /// The whitelisted tools; empty means all of that connection.
    pub tools: Vec<String>,
}

/// Makes a config.
///
/// # Errors
/// A name that breaks its rule or is taken; a description that is too long; an unknown connection or tool (the nearest
/// real one is named); a connection that is being removed; a tool that two mappings would expose, for then nothing says
/// whose account a call means; a limit that is too low or too high, or a tool wanting the user's word that no connection of
/// it has.
pub async fn create(app: &App, ctx: &Ctx, new: New) -> Result<McpConfig> {
    check_description(&new.description).map_err(Error::invalid)?;
    let mappings = resolve(app, ctx, &new.mappings).await?;
    options::check(app, ctx, &mappings, &new.options).await?;
    let config = McpConfig {
        id: ConfigId::new(app.core.clock.as_ref(), app.core.rng.as_ref()),
        environment: ctx.environment.clone(),
        uuid: uuid::Builder::from_random_bytes(app.core.rng.next_u128().to_be_bytes()).into_uuid(),
        name: ConfigName::parse(&new.name)?,
        description: new.description,
        mappings,
        options: new.options,
        version: 1,
        created_at: app.core.now(),
        updated_at: app.core.now(),
    };
    let mut tx = app.core.change(ctx).await?;
    none_is_closing(ctx, &mut tx, &config.mappings).await?;
    if let Some(existing) = rows::by_name(ctx, &mut tx, config.name.as_str()).await? {
        return Err(already_exists(&existing));
    }
    rows::insert(ctx, &mut tx, &config).await?;
    let tx = tx.record("config.created", config.id.as_str(), Map::new()).await?;
    reach(Failpoint::ConfigWritten);
    tx.commit().await?;
    reach(Failpoint::ConfigCommitted);
    Ok(config)
}

/// The config of this id.
///
/// # Errors
/// There is none in this environment.
pub async fn get(app: &App, ctx: &Ctx, id: &ConfigId) -> Result<McpConfig> {
    let found = rows::get(ctx, &mut app.core.store.read().await?, id).await?;
    found.ok_or_else(|| Error::not_found("MCP config", id))
}

/// What a server is made of.
#[derive(Default)]
pub(super) struct ServerParts {
    /// The connections and whitelists.
    pub(super) mappings: Vec<Mapping>,
    /// What is said beside them.
    pub(super) options: Options,
    /// What can be called though it is not listed any more, the newest first.
    pub(super) graces: Vec<(Grace, Mapping)>,
}

/// What the servers of a config are made of at a version.
///
/// # Errors
/// There is no such version of a config in this environment.
pub(super) async fn at(app: &App, ctx: &Ctx, id: &ConfigId, version: i64) -> Result<ServerParts> {
    let mut tx = app.core.store.read().await?;
    let mappings = config_versions::mappings(ctx, &mut tx, id, version).await?;
    let kept = config_versions::get(ctx, &mut tx, id, version).await?;
    let (mappings, kept) = mappings.zip(kept).ok_or_else(|| Error::not_found("MCP config", id))?;
    let graces = graces::with_mappings(ctx, &mut tx, &kept.options.graces).await?;
    Ok(ServerParts { mappings, options: kept.options, graces })
}

/// What can be called at a config's instances though it is not listed any more, the newest first: each with its connection.
///
/// # Errors
/// The database cannot be read.
pub async fn graces(app: &App, ctx: &Ctx, config: &McpConfig) -> Result<Vec<(Grace, Mapping)>> {
    let found = graces::with_mappings(ctx, &mut app.core.store.read().await?, &config.options.graces).await?;
    Ok(found.into_iter().filter(|(grace, _)| grace.until > app.core.now()).collect())
}

/// The config of this name.
///
/// # Errors
/// There is none in this environment; the nearest is suggested.
pub async fn by_name(app: &App, ctx: &Ctx, name: &str) -> Result<McpConfig> {
    let mut tx = app.core.store.read().await?;
    match rows::by_name(ctx, &mut tx, name).await? {
        Some(found) => Ok(found),
        None => Err(unknown(ctx, &mut tx, name).await?),
    }
}

/// What is said of a name that no config has.
pub(crate) async fn unknown(ctx: &Ctx, tx: &mut Tx, name: &str) -> Result<Error> {
    let names = rows::names(ctx, tx).await?;
    Ok(Error::not_found("MCP config", name).meant(nearest(name, names.iter().map(ConfigName::as_str))))
}

/// A page of the environment's configs.
///
/// # Errors
/// The database cannot be read.
pub async fn list(app: &App, ctx: &Ctx, filter: &Filter, page: &Page) -> Result<Listed<McpConfig>> {
    Ok(rows::list(ctx, &mut app.core.store.read().await?, filter, page).await?)
}

/// Changes description and mappings; none means unchanged. Running agents see the new list at their next call.
///
/// # Errors
/// As for [`create`]; no such config; or somebody else changed it meanwhile.
pub async fn update(
    app: &App,
    ctx: &Ctx,
    id: &ConfigId,
    description: Option<String>,
    mappings: Option<Vec<NewMapping>>,
) -> Result<McpConfig> {
    let config = get(app, ctx, id).await?;
    edit(app, ctx, config, Edit { description, mappings, ..Edit::default() }).await
}

/// What is changed of a config; what is absent stays.
#[derive(Default)]
pub struct Edit {
    /// What it is for.
    pub description: Option<String>,
    /// Its connections and their whitelists.
    pub mappings: Option<Vec<NewMapping>>,
    /// What it says beside them.
    pub options: Option<Options>,
    /// How long instances may call what it takes out; at once is the end if it says nothing. Zero ends also the graces that
    /// earlier edits gave.
    pub grace: Option<Duration>,
}

/// Changes a config that was read a moment ago, as one version. Running agents find it so at their next call; session tokens
/// keep to the version that they were made under.
///
/// # Errors
/// As for [`create`]; a grace that is too short or too long; or somebody else changed it meanwhile.
pub async fn edit(app: &App, ctx: &Ctx, config: McpConfig, edit: Edit) -> Result<McpConfig> {
    // One that was taken before there was a rule stays until it is changed.
    if let Some(description) = edit.description.as_ref().filter(|description| **description != config.description) {
        check_description(description).map_err(Error::invalid)?;
    }
    let changed = edit.options.as_ref().filter(|options| **options != config.options);
    let detail = changed.map_or_else(Map::new, |options| journal::detail([("options", json!(options))]));
    save(app, ctx, config, edit, detail).await
}

/// Changes a config that was read a moment ago; the record of it says `detail`.
///
/// # Errors
/// As for [`update`].
pub(super) async fn save(
    app: &App,
    ctx: &Ctx,
    mut config: McpConfig,
    Edit { description, mappings, options, grace }: Edit,
    mut detail: Map<String, Value>,
) -> Result<McpConfig> {
    let (before, asked) = (config.clone(), graces::asked(grace, app.core.now())?);
    config.description = description.unwrap_or(config.description);
    let remapped = mappings.is_some();
    if let Some(mappings) = mappings {
        config.mappings = resolve(app, ctx, &mappings).await?;
    }
    if let Some(options) = options.filter(|options| *options != before.options) {
        options::check(app, ctx, &config.mappings, &options).await?;
        config.options = options;
    }
    let now = app.core.now();
    config.updated_at = now;
    detail.extend(graces::settle(&before, &mut config, asked, now)?);
    let mut tx = app.core.change(ctx).await?;
    if remapped {
        none_is_closing(ctx, &mut tx, &config.mappings).await?;
    }
    if !rows::update(ctx, &mut tx, &config).await? {
        return Err(Error::new(
            Kind::Aborted,
            format!("MCP config '{}' was changed meanwhile: try again", config.name),
        ));
    }
    if before.options.hold_changes != config.options.hold_changes {
        // What is there when it begins is what is accepted.
        tool_definitions::forget(ctx, &mut tx, &config.id).await?;
    }
    if before.options.sign_in && !config.options.sign_in {
        grants::end_of_config(ctx, &mut tx, &config.id).await?;
    }
    let tx = tx.record("config.updated", config.id.as_str(), detail).await?;
    reach(Failpoint::ConfigWritten);
    tx.commit().await?;
    reach(Failpoint::ConfigCommitted);
    get(app, ctx, &config.id).await
}

/// Removes a config with its mappings and instances; their URLs stop at once.
///
/// # Errors
/// There is none in this environment.
pub async fn delete(app: &App, ctx: &Ctx, id: &ConfigId) -> Result<()> {
    let mut tx = app.core.change(ctx).await?;
    if !rows::delete(ctx, &mut tx, id).await? {
        return Err(Error::not_found("MCP config", id));
    }
    let tx = tx.record("config.deleted", id.as_str(), Map::new()).await?;
    reach(Failpoint::ConfigWritten);
    tx.commit().await?;
    reach(Failpoint::ConfigCommitted);
    Ok(())
}

/// The static MCP URL of a config, for clients with a session token.
#[must_use]
pub fn server_url(app: &App, config: &McpConfig) -> String {
    StaticUrl::Config(config.uuid.to_string()).url(app)
}

/// The names of the tools that a mapping exposes, in the developer's order or, for all, the connector's.
#[must_use]
pub(super) fn exposed(connector: &Connector, mapping: &Mapping) -> Vec<String> {
    match (&connector.remote, mapping.tools.is_empty()) {
        (_, false) => mapping.tools.clone(),
        // Whatever it lists: no other mapping can have any of it.
        (Some(remote), true) => vec![format!("{}_…", remote.prefix(&connector.slug, mapping.connection_name.as_str()))],
        (None, true) => connector.tools.keys().cloned().collect(),
    }
}

async fn resolve(app: &App, ctx: &Ctx, mappings: &[NewMapping]) -> Result<Vec<Mapping>> {
    if mappings.len() > MAX_MAPPINGS {
        let count = mappings.len();
        return Err(Error::invalid(format!(
            "an MCP config has at most {MAX_MAPPINGS} connections, this one has {count}"
        )));
    }
    let mut resolved = Vec::with_capacity(mappings.len());
    let mut exposed_by: HashMap<String, String> = HashMap::new();
    for mapping in mappings {
        let (mapping, tools) = resolve_one(app, ctx, mapping).await?;
        for tool in tools {
            let name = mapping.connection_name.to_string();
            if let Some(other) = exposed_by.insert(tool.clone(), name.clone()) {
                return Err(twice(&tool, &other, &name));
            }
        }
        resolved.push(mapping);
    }
    Ok(resolved)
}

/// Refuses connections that are being removed: the removal would have to wait for the config. Whoever begins one looks for
/// configs under the same lock, so that one of the two sees the other.
async fn none_is_closing(ctx: &Ctx, tx: &mut Tx, mappings: &[Mapping]) -> Result<()> {
    // In one order, so that nobody waits in a circle.
    let all: BTreeMap<&str, &Mapping> = mappings.iter().map(|one| (one.connection.as_str(), one)).collect();
    for (id, mapping) in all {
        tx.alone(id).await?;
        if closings::of(ctx, tx, &Target::Connection(mapping.connection.clone())).await?.is_some() {
            let message = format!("connection '{}' is being removed: map another one", mapping.connection_name);
            return Err(Error::new(Kind::FailedPrecondition, message));
        }
    }
    Ok(())
}

async fn resolve_one(app: &App, ctx: &Ctx, mapping: &NewMapping) -> Result<(Mapping, Vec<String>)> {
    let connection = connections::by_name(app, ctx, &mapping.connection).await.map_err(|error| match error.kind() {
        Kind::NotFound => Error::invalid(error.message().to_owned()),
        _ => error,
    })?;
    let wired = Wired::of(app, connection)?;
    let (prefix, imported) = (wired.tool_prefix(), wired.has_imported());
    let known: Vec<_> =
        { imports::known(app, ctx, &wired).await? }.iter().map(|tool| tool.definition.name.clone()).collect();
    let Wired { connection, connector, .. } = wired;
    for tool in mapping.tools.iter().filter(|_| connector.remote.is_none()) {
        if !known.contains(tool) {
            return Err(unknown_tool(app, (&connector, &known), connection.name.as_str(), tool));
        }
    }
    if let Some(prefix) = prefix.as_deref().filter(|_| !imported) {
        named(prefix, connection.name.as_str(), &mapping.tools)?;
    }
    let mapping = Mapping {
        connection: connection.id,
        connection_name: connection.name,
        connector: connection.connector,
        tools: mapping.tools.clone(),
    };
    let tools = match prefix.filter(|_| imported && mapping.tools.is_empty()) {
        Some(prefix) => vec![format!("{prefix}_…")],
        None => exposed(&connector, &mapping),
    };
    Ok((mapping, tools))
}

/// What a remote server has, it says for each account; a whitelist names its tools as they are called here. One that is
/// not there is served to nobody.
fn named(prefix: &str, connection: &str, tools: &[String]) -> Result<()> {
    let begins = |tool: &str| tool.strip_prefix(prefix).is_some_and(|rest| rest.starts_with('_') && rest.len() > 1);
    match tools.iter().find(|tool| !begins(tool)) {
        None => Ok(()),
        Some(tool) => {
            let message = format!(
                "tool not found: the tools of connection '{connection}' are called {prefix}_…, and '{tool}' is not"
            );
            Err(Error::invalid(message))
        }
    }
}

fn unknown_tool(app: &App, (connector, known): (&Connector, &[String]), connection: &str, tool: &str) -> Error {
    let message = format!("tool not found: connection '{connection}' ({}) has no tool '{tool}'", connector.slug);
    match app.core.catalog.tool(tool) {
        Some((owner, _)) => Error::invalid(format!("{message}; map a connection of {} for it", owner.slug)),
        None => Error::invalid(message).meant(nearest(tool, known.iter().map(String::as_str))),
    }
}

fn twice(tool: &str, one: &str, other: &str) -> Error {
    let message = if one == other {
        format!("tool '{tool}' of connection '{one}' is named twice")
    } else {
        format!(
            "tool '{tool}' would be exposed by both '{one}' and '{other}', so that a call could not tell whose account \
             is meant: name the tools of each, without this one twice"
        )
    };
    Error::invalid(message)
}

fn already_exists(existing: &McpConfig) -> Error {
    let message = format!(
        "there is an MCP config '{}' already ({}): list_configs finds it by name, update_config changes it",
        existing.name, existing.id
    );
    Error::new(Kind::AlreadyExists, message)
}
