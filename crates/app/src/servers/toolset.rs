//! What an MCP URL serves: the tools of its config or connection, compiled once.
//!
//! Every request reads what its URL or its session token stands on, so that a deleted instance, a rotated URL and an
//! edited config are followed by the very next request; what is kept in memory is only what can never change. An
//! instance's URL follows its config; a session token keeps to the version that it was made under.

use super::configs::ServerParts;
use super::sets::{Graced, RemoteMapping, SetSource};
pub use super::sets::{ServedTool, ToolSet};
use super::{configs, instances, read_more};
use crate::entrance::doors;
use crate::entrance::grants::Presented;
use crate::entrance::sessions::StaticUrl;
use crate::{App, Error, Result};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use valetkey_connectors::remote::connection_prefix;
use valetkey_connectors::{Catalog, Connector};
use valetkey_domain::config::{Mapping, Options};
use valetkey_domain::grace::Grace;
use valetkey_domain::id::{ConfigId, ConnectionId, GrantId};
use valetkey_domain::instance::McpInstance;
use valetkey_domain::name::Identifier;
use valetkey_domain::provider::Provider;
use valetkey_domain::session::{Access, Opens, Session};
use valetkey_domain::tool::MAX_NAME;
use valetkey_domain::{Ctx, Kind, Timestamp};

/// A server that somebody came in to, with its tools.
#[derive(Clone)]
pub struct Served {
    /// By what.
    pub by: OpenedBy,
    /// Its tools.
    pub set: Arc<ToolSet>,
    /// The grant of the agent's user, where the config wants its user signed in.
    pub grant: Option<GrantId>,
}

/// By what somebody came in.
#[derive(Clone)]
pub enum OpenedBy {
    /// An instance's URL.
    Instance(McpInstance),
    /// A session token.
    Session(Session),
}

impl Served {
    /// The user whose accounts are used.
    #[must_use]
    pub fn identifier(&self) -> &Identifier {
        match &self.by {
            OpenedBy::Instance(instance) => &instance.identifier,
            OpenedBy::Session(session) => &session.identifier,
        }
    }

    /// The config that it is of, if it is of one.
    #[must_use]
    pub fn config(&self) -> Option<&ConfigId> {
        match &self.by {
            OpenedBy::Instance(instance) => Some(&instance.config),
            OpenedBy::Session(session) => match &session.opens {
                Opens::Config(config, _) => Some(config),
                Opens::Connection(_) => None,
            },
        }
    }

    /// The tool of this name that is part of what was compiled. One that an edit took out with grace can be called at an
    /// instance's URL to its end; a session token keeps to what its version lists.
    #[must_use]
    pub fn find(&self, app: &App, name: &str) -> Option<&ServedTool> {
        self.set.find(name).or_else(|| self.set.in_grace(name, self.graces_at(app)?))
    }

    /// The moment by which graces are judged; none where there are none.
    pub(super) fn graces_at(&self, app: &App) -> Option<Timestamp> {
        matches!(self.by, OpenedBy::Instance(_)).then(|| app.core.now())
    }

    /// Whether a tool of this name can be called on this connection, as far as the config says.
    pub(crate) fn serves(&self, app: &App, name: &str, connection: &ConnectionId) -> bool {
        self.set.serves(name, connection, self.graces_at(app))
    }

    /// The id of what somebody came in by: of the instance, or of the token.
    #[must_use]
    pub fn id(&self) -> &str {
        match &self.by {
            OpenedBy::Instance(instance) => instance.id.as_str(),
            OpenedBy::Session(session) => session.token.as_str(),
        }
    }
}

/// What the MCP URL that ends in this token serves to who has nothing else.
///
/// # Errors
/// `NOT_FOUND` in the same words for a forgery, a rotated URL and a deleted instance; `UNAUTHENTICATED` where the config
/// wants its user signed in; the database cannot be read.
pub async fn open(app: &App, token: &str) -> Result<(Ctx, Served)> {
    open_with(app, token, &Presented { token: None, at: app.now() }).await
}

/// The same to who brings an access token, which counts where the config wants its user signed in.
///
/// # Errors
/// As for [`open`]; `UNAUTHENTICATED` in the same words whatever is wrong with the access token.
pub async fn open_with(app: &App, token: &str, presented: &Presented) -> Result<(Ctx, Served)> {
    let (ctx, instance, version) = doors::instance_url(app, token).await?;
    let set = cached(app, &ctx, SetSource::Config(instance.config.clone(), version), Access::Full, None).await?;
    let grant = match set.options.sign_in {
        true => Some(doors::granted(app, &ctx, &instance, presented).await?),
        false => None,
    };
    Ok((ctx, Served { by: OpenedBy::Instance(instance), set, grant }))
}

/// What a static MCP URL serves to who holds this session token.
///
/// # Errors
/// `UNAUTHENTICATED` in the same words whatever is wrong with the token; the database cannot be read.
pub async fn open_session(app: &App, site: &StaticUrl, bearer: &str) -> Result<(Ctx, Served)> {
    let (ctx, session, connection) = doors::session(app, site, bearer).await?;
    let of = match &session.opens {
        Opens::Config(config, version) => SetSource::Config(config.clone(), *version),
        Opens::Connection(connection) => SetSource::Connection(connection.clone()),
    };
    let set = cached(app, &ctx, of, session.access, connection).await?;
    Ok((ctx, Served { by: OpenedBy::Session(session), set, grant: None }))
}

/// The tools of a config at a version.
///
/// # Errors
/// There is no such version of a config in this environment; the database cannot be read.
pub(crate) async fn of_config(
    app: &App,
    ctx: &Ctx,
    config: &ConfigId,
    version: i64,
    access: Access,
) -> Result<Arc<ToolSet>> {
    cached(app, ctx, SetSource::Config(config.clone(), version), access, None).await
}

/// Whether a server that was opened is still there, by the same URL or token, and serves this tool on the same
/// connection.
///
/// # Errors
/// The database cannot be read.
pub async fn still(app: &App, ctx: &Ctx, served: &Served, tool: &ServedTool) -> Result<bool> {
    match &served.by {
        OpenedBy::Instance(instance) => still_instance(app, ctx, (instance, served), tool).await,
        // What a session serves never changes; only whether it stands.
        OpenedBy::Session(session) => Ok(doors::session_stands(app, session).await?.is_some()),
    }
}

async fn still_instance(
    app: &App,
    ctx: &Ctx,
    (before, old): (&McpInstance, &Served),
    tool: &ServedTool,
) -> Result<bool> {
    let now = match instances::get(app, ctx, &before.id).await {
        Ok(now) => now,
        Err(error) if error.kind() == Kind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    if now.url_generation != before.url_generation || now.identifier != before.identifier {
        return Ok(false);
    }
    let version = configs::get(app, ctx, &now.config).await?.version;
    let set = cached(app, ctx, SetSource::Config(now.config.clone(), version), Access::Full, None).await?;
    // What began without the user's word does not go on where it is wanted by now.
    if set.wants_word(tool).is_some() && old.set.wants_word(tool).is_none() {
        return Ok(false);
    }
    let signed_in = match &old.grant {
        Some(grant) => doors::grant_stands(app, ctx, &now, grant).await?,
        None => false,
    };
    if set.options.sign_in && !signed_in {
        return Ok(false);
    }
    Ok(set.serves(&tool.tool.definition.name, &tool.connection, Some(app.core.now())))
}

/// The tools of a version or connection, compiled once however many ask for them at once.
async fn cached(
    app: &App,
    ctx: &Ctx,
    of: SetSource,
    access: Access,
    connection: Option<Mapping>,
) -> Result<Arc<ToolSet>> {
    // Looked at first: what changes meanwhile is in what the next one asks for.
    let revision = app.core.catalog.revision();
    let compiling = compiled(app, ctx, of.clone(), access, connection);
    app.sets.0.try_get_with((of, access, revision), compiling).await.map_err(|error: Arc<Error>| {
        // Each who waited gets an error of its own with the same words.
        Error::new(error.kind(), error.message()).with_code(error.code()).because(error)
    })
}

async fn compiled(
    app: &App,
    ctx: &Ctx,
    of: SetSource,
    access: Access,
    connection: Option<Mapping>,
) -> Result<Arc<ToolSet>> {
    let (name, config, made) = match of {
        SetSource::Config(config, version) => {
            let made = configs::at(app, ctx, &config, version).await?;
            (config.to_string(), Some((config, version)), made)
        }
        SetSource::Connection(id) => {
            (id.to_string(), None, ServerParts { mappings: connection.into_iter().collect(), ..ServerParts::default() })
        }
    };
    let held = app.clone();
    let compiling = app.core.tasks.spawn_blocking(move || compile(&held.core.catalog, &name, made, access));
    Ok(Arc::new(ToolSet { config, ..compiling.await.map_err(Error::internal)?? }))
}

/// Compiles the tools of some connections. What cannot be served is left out and reported, never the whole list.
fn compile(catalog: &Catalog, of: &str, made: ServerParts, access: Access) -> Result<ToolSet> {
    let ServerParts { mappings, options, graces } = made;
    let (mut offered, mut remotes): (Vec<ServedTool>, Vec<RemoteMapping>) = (Vec::new(), Vec::new());
    for mapping in &mappings {
        match tools_of(catalog, mapping, access) {
            Some(Tools::Own(tools)) => offered.extend(tools),
            Some(Tools::Remote(remote)) => remotes.push(*remote),
            None => {
                let connector = &mapping.connector;
                tracing::warn!(of, connector, "left out of an MCP server: its connector is not loaded");
            }
        }
    }
    let named: HashSet<String> = offered.iter().map(|served| served.tool.definition.name.clone()).collect();
    let graced = graces.into_iter().filter_map(|grace| graced(catalog, grace, &named)).collect();
    let mut offered = unambiguous(offered, of);
    offered.retain(|served| access == Access::Full || served.tool.definition.effect.read_only());
    let mut listed: Vec<Value> = offered.iter().map(|served| definition(&served.tool.definition)).collect();
    listed.extend(beside(&options));
    let listed = serde_json::to_vec(&listed).map_err(Error::internal)?.into();
    let tools = offered.into_iter().map(|served| (served.tool.definition.name.clone(), served)).collect();
    Ok(ToolSet { mappings, options, listed, tools, config: None, remotes, graced })
}

/// The tools of a connection.
enum Tools {
    /// Those of its connector.
    Own(Vec<ServedTool>),
    /// Those that a remote server lists.
    Remote(Box<RemoteMapping>),
}

/// The tools of a mapping; none if its connector is not loaded.
fn tools_of(catalog: &Catalog, mapping: &Mapping, access: Access) -> Option<Tools> {
    let name = mapping.connection_name.as_str();
    let of_remote = |remote, prefix| {
        Tools::Remote(Box::new(RemoteMapping { mapping: mapping.clone(), remote, prefix, access, except: Vec::new() }))
    };
    match catalog.connector(&mapping.connector) {
        Some(connector) => Some(match connector.remote.clone() {
            Some(remote) => {
                let prefix = remote.prefix(&connector.slug, name);
                of_remote(Some(remote), prefix)
            }
            None => Tools::Own(of_mapping(&connector, mapping)),
        }),
        // What is described by API has the tools that its server lists, or that were imported: its row says which.
        None if Provider::is_slug(&mapping.connector) => Some(of_remote(None, connection_prefix(name))),
        None => None,
    }
}

/// What can be called by a grace beside what is listed under these names.
fn graced(catalog: &Catalog, (grace, mapping): (Grace, Mapping), named: &HashSet<String>) -> Option<Graced> {
    let (grace, mut tools, mut remote) = (Arc::new(grace), HashMap::new(), None);
    match tools_of(catalog, &mapping, Access::Full)? {
        Tools::Own(all) => {
            for served in all {
                let name = served.tool.definition.name.clone();
                if !named.contains(&name) && !grace.except.contains(&name) {
                    tools.insert(name, ServedTool { grace: Some(grace.clone()), ..served });
                }
            }
        }
        Tools::Remote(mapping) => remote = Some(RemoteMapping { except: grace.except.clone(), ..*mapping }),
    }
    Some(Graced { grace, tools, remote })
}

fn of_mapping(connector: &Arc<Connector>, mapping: &Mapping) -> Vec<ServedTool> {
    let served = |name: String| {
        let tool = connector.tools.get(&name).filter(|tool| servable(&tool.definition));
        if tool.is_none() {
            tracing::warn!(tool = name, connection = %mapping.connection_name, "left out of an MCP server: no such tool, or it has no name or schema that a client takes");
        }
        let (tool, connector) = (tool?.clone(), connector.clone());
        Some(ServedTool { tool, connector, connection: mapping.connection.clone(), grace: None })
    };
    configs::exposed(connector, mapping).into_iter().filter_map(served).collect()
}

/// A config in which two connections expose one tool is refused when it is made. Should a later catalogue bring such a
/// case about, neither is served: a call could not tell whose account is meant.
fn unambiguous(offered: Vec<ServedTool>, of: &str) -> Vec<ServedTool> {
    let mut times: HashMap<String, u32> = HashMap::new();
    for served in &offered {
        *times.entry(served.tool.definition.name.clone()).or_default() += 1;
    }
    let once = |served: &ServedTool| {
        let name = &served.tool.definition.name;
        let once = times.get(name) == Some(&1);
        if !once {
            tracing::warn!(tool = name, of, "left out of an MCP server: two of its connections expose it");
        }
        once
    };
    offered.into_iter().filter(once).collect()
}

/// Whether clients and model vendors take the tool: name and schema within what all of them allow.
fn servable(tool: &valetkey_domain::tool::Tool) -> bool {
    let named = (1..=MAX_NAME).contains(&tool.name.len())
        && tool.name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    named && tool.input_schema.get("type").and_then(Value::as_str) == Some("object")
}

/// What a list has beside a config's own tools.
#[must_use]
pub fn beside(options: &Options) -> Option<Value> {
    options.cuts_answers().then(read_more::definition)
}

/// A tool in MCP's words, as `tools/list` gives it.
#[must_use]
pub fn definition(tool: &valetkey_domain::tool::Tool) -> Value {
    json!(Definition::of(tool))
}

/// The same as it is written, without a copy of its schemas.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Definition<'a> {
    name: &'a str,
    title: &'a str,
    description: &'a str,
    input_schema: &'a Value,
    annotations: Annotations<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_schema: Option<&'a Value>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Annotations<'a> {
    title: &'a str,
    read_only_hint: bool,
    destructive_hint: bool,
    idempotent_hint: bool,
    open_world_hint: bool,
}

impl<'a> Definition<'a> {
    pub(super) fn of(tool: &'a valetkey_domain::tool::Tool) -> Self {
        Self {
            name: &tool.name,
            title: &tool.title,
            description: &tool.description,
            input_schema: &tool.input_schema,
            annotations: Annotations {
                title: &tool.title,
                read_only_hint: tool.effect.read_only(),
                destructive_hint: tool.effect.destructive(),
                idempotent_hint: tool.hints.idempotent,
                open_world_hint: tool.hints.open_world,
            },
            output_schema: tool.output_schema.as_ref(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::fixture;
    use futures::future::join_all;

    #[tokio::test]
    async fn a_tool_set_is_compiled_once_however_many_ask_at_once() {
        let fixture = fixture("{rotates: true}").await;
        let (_, token) = fixture.instance().await;
        let opened = join_all((0..16).map(|_| open(&fixture.app, &token))).await;
        let sets: Vec<_> = opened.into_iter().map(|opened| opened.unwrap().1.set).collect();
        assert!(sets.iter().all(|set| Arc::ptr_eq(set, &sets[0])));
    }

    #[tokio::test]
    async fn attack_82_what_was_opened_stands_until_it_is_changed() {
        let fixture = fixture("{rotates: true}").await;
        let (app, ctx) = (&fixture.app, &fixture.ctx);
        let (instance, token) = fixture.instance().await;
        let (_, served) = open(app, &token).await.unwrap();
        let tool = served.set.find("acme_list_things").unwrap();
        assert!(still(app, ctx, &served, tool).await.unwrap());
        instances::rotate_url(app, ctx, &instance.id).await.unwrap();
        assert!(!still(app, ctx, &served, tool).await.unwrap());
        instances::delete(app, ctx, &instance.id).await.unwrap();
        assert!(!still(app, ctx, &served, tool).await.unwrap());
    }
}
