//! What an instance's URL serves: the tools of its config, compiled once for each version of it.
//!
//! Every request reads the instance and its config's version, so that a deleted instance, a rotated URL and an edited
//! config are followed by the very next request; what is kept in memory is only what a version can never change.

pub use super::sets::{ServedTool, ToolSet};
use super::{configs, instances};
use crate::entrance::doors;
use crate::{App, Error, Result};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;
use valetkey_connectors::{Catalog, Connector};
use valetkey_domain::config::{Mapping, McpConfig};
use valetkey_domain::id::ConfigId;
use valetkey_domain::instance::McpInstance;
use valetkey_domain::tool::MAX_NAME;
use valetkey_domain::{Ctx, Kind};

/// An instance with its tools.
#[derive(Clone)]
pub struct Served {
    /// The instance.
    pub instance: McpInstance,
    /// Its tools.
    pub set: Arc<ToolSet>,
}

/// What the MCP URL that ends in this token serves.
///
/// # Errors
/// `NOT_FOUND` in the same words for a forgery, a rotated URL and a deleted instance; the database cannot be read.
pub async fn open(app: &App, token: &str) -> Result<(Ctx, Served)> {
    let (ctx, instance, version) = doors::instance_url(app, token).await?;
    let set = cached(app, &ctx, &instance.config, version).await?;
    Ok((ctx, Served { instance, set }))
}

/// Whether a server that was opened is still there, at the same URL, and serves this tool on the same connection.
///
/// # Errors
/// The database cannot be read.
pub async fn still(app: &App, ctx: &Ctx, served: &Served, tool: &ServedTool) -> Result<bool> {
    let before = &served.instance;
    let now = match instances::get(app, ctx, &before.id).await {
        Ok(now) => now,
        Err(error) if error.kind() == Kind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    if now.url_generation != before.url_generation || now.identifier != before.identifier {
        return Ok(false);
    }
    let version = configs::get(app, ctx, &now.config).await?.version;
    let set = cached(app, ctx, &now.config, version).await?;
    let found = set.find(&tool.tool.definition.name);
    Ok(found.is_some_and(|found| found.connection == tool.connection))
}

/// The tools of a config, compiled once for its version however many ask for them at once.
async fn cached(app: &App, ctx: &Ctx, config: &ConfigId, version: i64) -> Result<Arc<ToolSet>> {
    let compiling = compiled(app, ctx, config);
    app.sets.0.try_get_with((config.clone(), version), compiling).await.map_err(|error: Arc<Error>| {
        // Each who waited gets an error of its own with the same words.
        Error::new(error.kind(), error.message()).with_code(error.code()).because(error)
    })
}

/// Compiles the tools of a config as it is now. If it was edited since its version was read, who asked for that version
/// gets the newer one; nobody asks for it any more.
async fn compiled(app: &App, ctx: &Ctx, config: &ConfigId) -> Result<Arc<ToolSet>> {
    let config = configs::get(app, ctx, config).await?;
    let held = app.clone();
    let compiling = app.core.tasks.spawn_blocking(move || compile(&held.core.catalog, config));
    Ok(Arc::new(compiling.await.map_err(Error::internal)??))
}

/// Compiles the tools of a config. What cannot be served is left out and reported, never the whole list.
fn compile(catalog: &Catalog, config: McpConfig) -> Result<ToolSet> {
    let mut offered: Vec<ServedTool> = Vec::new();
    for mapping in &config.mappings {
        match catalog.connector(&mapping.connector) {
            Some(connector) => offered.extend(of_mapping(&connector, mapping)),
            None => {
                let (config, connector) = (&config.name, &mapping.connector);
                tracing::warn!(%config, connector, "left out of an MCP config: its connector is not loaded");
            }
        }
    }
    let offered = unambiguous(offered, &config);
    let listed: Vec<Value> = offered.iter().map(|served| definition(&served.tool.definition)).collect();
    let listed = serde_json::to_vec(&listed).map_err(Error::internal)?.into();
    let tools = offered.into_iter().map(|served| (served.tool.definition.name.clone(), served)).collect();
    Ok(ToolSet { config, listed, tools })
}

fn of_mapping(connector: &Arc<Connector>, mapping: &Mapping) -> Vec<ServedTool> {
    let served = |name: String| {
        let tool = connector.tools.get(&name).filter(|tool| servable(&tool.definition));
        if tool.is_none() {
            tracing::warn!(tool = name, connection = %mapping.connection_name, "left out of an MCP server: no such tool, or it has no name or schema that a client takes");
        }
        let (tool, connector) = (tool?.clone(), connector.clone());
        Some(ServedTool { tool, connector, connection: mapping.connection.clone() })
    };
    configs::exposed(connector, mapping).into_iter().filter_map(served).collect()
}

/// A config in which two connections expose one tool is refused when it is made. Should a later catalogue bring such a
/// case about, neither is served: a call could not tell whose account is meant.
fn unambiguous(offered: Vec<ServedTool>, config: &McpConfig) -> Vec<ServedTool> {
    let mut times: HashMap<String, u32> = HashMap::new();
    for served in &offered {
        *times.entry(served.tool.definition.name.clone()).or_default() += 1;
    }
    let once = |served: &ServedTool| {
        let name = &served.tool.definition.name;
        let once = times.get(name) == Some(&1);
        if !once {
            tracing::warn!(tool = name, config = %config.name, "left out of an MCP config: two of its connections expose it");
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

/// A tool in MCP's words.
fn definition(tool: &valetkey_domain::tool::Tool) -> Value {
    let mut definition = json!({
        "name": tool.name,
        "title": tool.title,
        "description": tool.description,
        "inputSchema": tool.input_schema,
        "annotations": {
            "title": tool.title,
            "readOnlyHint": tool.effect.read_only(),
            "destructiveHint": tool.effect.destructive(),
            // Only of reading is it known that a second call adds nothing.
            "idempotentHint": tool.effect.read_only(),
            "openWorldHint": true,
        },
    });
    if let (Some(schema), Some(members)) = (&tool.output_schema, definition.as_object_mut()) {
        members.insert("outputSchema".into(), schema.clone());
    }
    definition
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
