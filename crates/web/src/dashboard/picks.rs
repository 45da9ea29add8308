//! The tools of a connection as configs have them: those to choose from, and those that are chosen.
//!
//! What a remote MCP server has, it lists to each user who has signed in. Before that its documented tools are known by
//! name, and a config may name any other.

use super::bounded::pretty;
use super::pages::{Exposed, Pick, Preview, ShownTools, ToolPick};
use super::visit::Visit;
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;
use valetkey_app::connections::{Connector, KnownTool, Wired, imports};
use valetkey_app::servers::toolset::{beside, definition};
use valetkey_domain::Ctx;
use valetkey_domain::config::{Mapping, Options};
use valetkey_domain::connection::Connection;
use valetkey_domain::tool::Tool;

/// What is chosen of a connection.
pub(super) struct Picked<'a> {
    /// Its tools, none for all; none at all if the connection is not chosen.
    pub(super) mapping: Option<&'a BTreeSet<String>>,
    /// The tools that are called only with the user's word, of all connections.
    pub(super) asked: &'a [String],
}

/// A connection to choose with its tools; none where nothing of it can be chosen.
pub(super) async fn pick(visit: &Visit, ctx: &Ctx, connection: Connection, picked: &Picked<'_>) -> Option<Pick> {
    let Picked { mapping, asked } = picked;
    let name = connection.name.to_string();
    let asked = |tool: &str| mapping.is_some() && asked.iter().any(|asked| asked == tool);
    let all = mapping.is_none_or(BTreeSet::is_empty);
    let wired = Wired::of(&visit.web.app, connection.clone());
    let known = match &wired {
        Ok(wired) => imports::known(&visit.web.app, ctx, wired).await.ok(),
        Err(_) => None,
    };
    let (Ok(wired), Some(known)) = (wired, known) else {
        // Its connector is not loaded, or its tools can't be read: nothing of it can be chosen, but what is stays as it is.
        let kept = |name: &String| ToolPick { exposed: Exposed::unknown(name), chosen: true, asked: asked(name) };
        let tools = mapping.iter().flat_map(|tools| tools.iter()).map(kept).collect();
        return mapping.map(|_| Pick { connector: connection.connector, chosen: true, all, remote: None, tools, name });
    };
    let documented = wired.documented_tools();
    let remote = documented.as_ref().and_then(|_| wired.tool_prefix());
    let mut offered: Vec<Exposed> = known.iter().map(|tool| exposed(&wired.connector, &tool.definition)).collect();
    offered.extend(documented.iter().flatten().map(|name| Exposed::remote(name)));
    // What is chosen beside those stays: nobody's whitelist becomes another unseen.
    for name in mapping.iter().flat_map(|tools| tools.iter()) {
        if offered.iter().all(|one| one.name != *name) {
            offered.push(unlisted(name, remote.is_some()));
        }
    }
    let tools = offered.into_iter().map(|exposed| ToolPick {
        chosen: mapping.is_some_and(|tools| tools.contains(&exposed.name)),
        asked: asked(&exposed.name),
        exposed,
    });
    let connector = wired.connector.display_name.clone();
    Some(Pick { connector, chosen: mapping.is_some(), all, remote, tools: tools.collect(), name })
}

/// The tools that a config shows of a connection.
pub(super) async fn shown(visit: &Visit, ctx: &Ctx, connection: Connection, mapping: &Mapping) -> ShownTools {
    let connection_name = connection.name.to_string();
    let wired = Wired::of(&visit.web.app, connection).ok();
    let known = match &wired {
        Some(wired) => imports::known(&visit.web.app, ctx, wired).await.ok(),
        None => None,
    };
    let Some((wired, known)) = wired.zip(known) else {
        // Its connector is not loaded, or its tools can't be read: of what is named the names are there.
        let tools = mapping.tools.iter().map(|name| Exposed::unknown(name)).collect();
        return ShownTools { connection: connection_name, as_listed: false, tools };
    };
    let (remote, connector) = (wired.connector.remote.is_some(), &wired.connector);
    let named = |name: &String| match known.iter().find(|tool| tool.definition.name == *name) {
        Some(tool) => exposed(connector, &tool.definition),
        None => unlisted(name, remote),
    };
    let tools: Vec<Exposed> = match mapping.tools.as_slice() {
        [] => known.iter().map(|tool: &Arc<KnownTool>| exposed(connector, &tool.definition)).collect(),
        listed => listed.iter().map(named).collect(),
    };
    ShownTools { connection: connection_name, as_listed: remote && mapping.tools.is_empty(), tools }
}

/// A tool that a config names and that is not among those that are known.
fn unlisted(name: &str, of_server: bool) -> Exposed {
    if of_server { Exposed::remote(name) } else { Exposed::gone(name) }
}

/// A tool as a model sees it.
pub(super) fn exposed(connector: &Connector, tool: &Tool) -> Exposed {
    Exposed {
        name: tool.name.clone(),
        title: tool.title.clone(),
        description: tool.description.clone(),
        effect: tool.effect.as_str(),
        tokens: tokens(tool),
        status: connector.status(),
    }
}

fn tokens(tool: &Tool) -> usize {
    weight(&definition(tool))
}

/// About how many tokens a definition has as clients get it: four characters each, as OpenAI's and Anthropic's rules of thumb
/// say.
fn weight(definition: &Value) -> usize {
    definition.to_string().len().div_ceil(4)
}

/// About how many tokens a list has beside the config's own tools.
pub(super) fn weight_beside(options: &Options) -> usize {
    beside(options).as_ref().map_or(0, weight)
}

/// The tools of a mapping as clients get them, as far as they are known before somebody has signed in.
pub(super) async fn as_listed(visit: &Visit, ctx: &Ctx, connection: Connection, mapping: &Mapping) -> Vec<Value> {
    let Ok(wired) = Wired::of(&visit.web.app, connection) else { return Vec::new() };
    let known = imports::known(&visit.web.app, ctx, &wired).await.unwrap_or_default();
    let shows = |tool: &Tool| mapping.tools.is_empty() || mapping.tools.contains(&tool.name);
    known.iter().map(|tool| &tool.definition).filter(|tool| shows(tool)).map(definition).collect()
}

/// What clients get of a list, or of one tool of it.
pub(super) fn preview(tool: Option<String>, value: &Value) -> Preview {
    let (text, cut) = pretty(value);
    Preview { tool, text, cut }
}
