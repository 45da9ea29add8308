//! Tools of remote servers that a config holds back: it shows the definitions that were there when it first saw the server,
//! and those that a person has accepted since. What a server tells models from then on is one person's decision, not the
//! server's.

use super::configs;
use super::toolset::definition;
use crate::{App, Error, Result};
use serde_json::{Map, Value, json};
use std::cmp::Reverse;
use std::collections::HashSet;
use std::sync::Arc;
use valetkey_connectors::Tool;
use valetkey_core::journal;
use valetkey_domain::config::McpConfig;
use valetkey_domain::id::{ConfigId, ConnectionId};
use valetkey_domain::{Ctx, Kind};
use valetkey_storage::tool_definitions::{self as rows, MOST, Seen};

pub use valetkey_storage::tool_definitions::Waiting;

/// How many are read at once.
const PAGE: i64 = 200;
/// How many are shown, and of how many what they say.
const SHOWN: i64 = 1_000;
const LOOKED_AT: usize = 20;

/// A server's tools as a config leaves them.
pub(super) struct Sifted {
    /// Those that are as they were accepted.
    pub(super) shown: Vec<Arc<Tool>>,
    /// The names of the others.
    pub(super) held: Vec<String>,
    /// What has still to be written down before any of it is shown.
    pub(super) new: Option<New>,
}

/// What a config has not seen of a connection before.
pub(super) struct New {
    connection: ConnectionId,
    /// Whether it has seen nothing of it: then all is accepted.
    first: bool,
    /// The tools with their digests.
    tools: Vec<(Arc<Tool>, String)>,
}

/// What a definition says that waits for a person's word.
#[derive(Clone, Debug)]
pub struct Definition {
    /// Which.
    pub waiting: Waiting,
    /// What a model would be told of the tool, as JSON.
    pub now: String,
    /// What was accepted of it, as JSON; none of one that is new.
    pub before: Option<String>,
}

/// Leaves those tools that are as they were accepted. All that a config sees of a connection first is.
///
/// # Errors
/// The database cannot be read.
pub(super) async fn sift(
    app: &App,
    ctx: &Ctx,
    config: &ConfigId,
    connection: &ConnectionId,
    tools: Vec<Arc<Tool>>,
) -> Result<Sifted> {
    let known = rows::digests(ctx, &mut app.core.store.glance().await?, config, connection).await?;
    let accepted: HashSet<(&str, &str)> =
        known.iter().filter(|(.., accepted)| *accepted).map(|(name, digest, _)| (&**name, &**digest)).collect();
    let written: HashSet<(&str, &str)> = known.iter().map(|(name, digest, _)| (&**name, &**digest)).collect();
    let (mut sifted, mut new) = (Sifted { shown: Vec::new(), held: Vec::new(), new: None }, Vec::new());
    for tool in tools {
        let (name, digest) = (tool.definition.name.as_str(), digest(&tool));
        if known.is_empty() || !written.contains(&(name, &*digest)) {
            new.push((tool.clone(), digest.clone()));
        }
        if known.is_empty() || accepted.contains(&(name, &*digest)) {
            sifted.shown.push(tool);
        } else {
            sifted.held.push(name.to_owned());
        }
    }
    new.truncate(MOST.saturating_sub(known.len()));
    if !new.is_empty() {
        sifted.new = Some(New { connection: connection.clone(), first: known.is_empty(), tools: new });
    }
    Ok(sifted)
}

/// Somebody else saw a server first, at the same moment.
pub(super) fn outrun() -> Error {
    Error::new(Kind::Aborted, "its tools were looked at for the first time just now: list them again")
}

fn digest(tool: &Tool) -> String {
    tool.remote().map(|remote| hex::encode(remote.digest)).unwrap_or_default()
}

impl New {
    /// As it is written down; what each says may be long.
    fn seen(&self, app: &App) -> Vec<Seen> {
        let seen = |(tool, digest): &(Arc<Tool>, String)| Seen {
            connection: self.connection.clone(),
            name: tool.definition.name.clone(),
            digest: digest.clone(),
            accepted: self.first,
            definition: definition(&tool.definition).to_string(),
            seen_at: app.core.now(),
        };
        self.tools.iter().map(seen).collect()
    }

    fn detail(&self, config: &ConfigId, count: u64) -> Map<String, Value> {
        let names: Vec<&str> = self.tools.iter().map(|(tool, _)| &*tool.definition.name).take(20).collect();
        journal::detail([
            ("config", json!(config)),
            ("connection", json!(self.connection)),
            ("count", json!(count)),
            ("tools", json!(names)),
            ("accepted", json!(self.first)),
        ])
    }
}

/// Writes down what is new of all connections, in one change; false, and nothing is written, if one was to be the first that
/// is seen of its connection and is not.
///
/// # Errors
/// The database cannot be written.
pub(super) async fn write(app: &App, ctx: &Ctx, config: &ConfigId, new: &[New]) -> Result<bool> {
    if new.is_empty() {
        return Ok(true);
    }
    let mut change = app.core.change(ctx).await?;
    // Two who see a server at once: one of them is first.
    change.alone(&format!("{config} tools")).await?;
    for one in new.iter().filter(|one| one.first) {
        if !rows::digests(ctx, &mut change, config, &one.connection).await?.is_empty() {
            return Ok(false);
        }
    }
    let mut written = Vec::with_capacity(new.len());
    for one in new {
        let count = rows::insert(ctx, &mut change, config, &one.seen(app)).await?;
        written.extend((count > 0).then(|| one.detail(config, count)));
    }
    let mut written = written.into_iter();
    let Some(first) = written.next() else { return Ok(true) };
    let mut recorded = change.record("tools.seen", config.as_str(), first).await?;
    for detail in written {
        recorded = recorded.record("tools.seen", config.as_str(), detail).await?;
    }
    recorded.commit().await?;
    Ok(true)
}

/// The first of what waits for a person's word in a config, by connection and name: of one tool, or of all. What it says is
/// not read.
///
/// # Errors
/// The database cannot be read.
pub async fn waiting(app: &App, ctx: &Ctx, config: &ConfigId, tool: Option<&str>) -> Result<Vec<Waiting>> {
    let mut tx = app.core.store.glance().await?;
    Ok(rows::waiting(ctx, &mut tx, config, tool, ("", "", ""), SHOWN).await?)
}

/// How many definitions wait in a config.
///
/// # Errors
/// The database cannot be read.
pub async fn count(app: &App, ctx: &Ctx, config: &ConfigId) -> Result<i64> {
    Ok(rows::count_waiting(ctx, &mut app.core.store.glance().await?, config).await?)
}

/// What of a tool was seen last of all that waits in a config.
///
/// # Errors
/// The database cannot be read.
pub async fn last(app: &App, ctx: &Ctx, config: &ConfigId, tool: &str) -> Result<Option<Waiting>> {
    Ok(rows::last_waiting(ctx, &mut app.core.store.glance().await?, config, tool).await?)
}

/// What waits of one tool with what it says, the newest first, and what was accepted last of it; and how many more there are.
/// Few are read, for each may be long: a digest, or how it begins, names one of the others.
///
/// # Errors
/// The database cannot be read.
pub async fn looked_at(
    app: &App,
    ctx: &Ctx,
    config: &ConfigId,
    tool: &str,
    digest: Option<&str>,
) -> Result<(Vec<Definition>, usize)> {
    let mut waiting = all(app, ctx, config, Some(tool)).await?;
    waiting.retain(|one| digest.is_none_or(|wanted| one.digest.starts_with(wanted)));
    waiting.sort_by_key(|one| Reverse(one.seen_at));
    let more = waiting.len().saturating_sub(LOOKED_AT);
    waiting.truncate(LOOKED_AT);
    let mut tx = app.core.store.read().await?;
    let mut looked = Vec::with_capacity(waiting.len());
    for waiting in waiting {
        if let Some((now, before)) = rows::texts(ctx, &mut tx, config, &waiting).await? {
            looked.push(Definition { waiting, now, before });
        }
    }
    Ok((looked, more))
}

/// Accepts what waits: of one tool, or all. Gives how many tools there were.
///
/// # Errors
/// Nothing waits of that tool, or several definitions of it do: then the digest says which.
pub async fn accept(
    app: &App,
    ctx: &Ctx,
    config: &McpConfig,
    tool: Option<&str>,
    digest: Option<&str>,
) -> Result<usize> {
    let mut waits = all(app, ctx, &config.id, tool).await?;
    waits.retain(|one| digest.is_none_or(|wanted| one.digest.starts_with(wanted)));
    if let Some(tool) = tool
        && waits.is_empty()
    {
        let message = format!("MCP config '{}' holds no tool '{tool}' back", config.name);
        return Err(Error::new(Kind::FailedPrecondition, message));
    }
    let mut names = HashSet::new();
    if let Some(twice) = waits.iter().find(|one| !names.insert((&one.connection, &one.name))) {
        let message = format!(
            "several definitions of tool '{}' wait: name the tool and the --digest of the one that you have looked at",
            twice.name
        );
        return Err(Error::new(Kind::FailedPrecondition, message));
    }
    let count = waits.len();
    let mut change = app.core.change(ctx).await?;
    let mut accepted = Vec::with_capacity(count);
    for one in &waits {
        if rows::accept(ctx, &mut change, &config.id, one).await? {
            accepted.push(json!([one.name, one.digest]));
        }
    }
    if accepted.is_empty() {
        return Ok(0);
    }
    let detail = journal::detail([("config", json!(config.id)), ("tools", json!(accepted))]);
    change.record("tools.accepted", config.id.as_str(), detail).await?.commit().await?;
    Ok(count)
}

async fn all(app: &App, ctx: &Ctx, config: &ConfigId, tool: Option<&str>) -> Result<Vec<Waiting>> {
    configs::get(app, ctx, config).await?;
    let mut all: Vec<Waiting> = Vec::new();
    loop {
        let behind = all.last().map_or(("", "", ""), |one| (one.connection.as_str(), &one.name, &one.digest));
        let some = rows::waiting(ctx, &mut app.core.store.glance().await?, config, tool, behind, PAGE).await?;
        let last = some.len() < usize::try_from(PAGE).unwrap_or(0);
        all.extend(some);
        if last {
            return Ok(all);
        }
    }
}

#[cfg(test)]
mod tests;
