//! What a server serves of remote MCP servers: it differs from user to user, so it is no part of what is compiled once.

use super::sets::{RemoteMapping, ServedTool, ToolSet};
use super::toolset::{Served, definition};
use crate::accounts;
use crate::connections::{self, Wired};
use crate::upstream::{self, Missing};
use crate::{App, Error, Result};
use bytes::Bytes;
use futures::future::join_all;
use serde_json::Value;
use std::collections::HashSet;
use std::sync::Arc;
use valetkey_connectors::Tool;
use valetkey_domain::Ctx;
use valetkey_domain::account::{Owner, Status};
use valetkey_domain::session::Access;

/// The tools that a server lists to its user.
pub struct Listing {
    /// The definitions as a JSON array in MCP's words.
    pub tools: Bytes,
    /// The connections whose tools could not be had just now, and why.
    pub missing: Vec<String>,
}

/// The tools that a server lists to its user: those that are compiled, then those of each remote server, in the developer's
/// order. One that cannot be asked costs its own tools only.
///
/// # Errors
/// A list can't be written.
pub async fn listed(app: &App, ctx: &Ctx, served: &Served) -> Result<Listing> {
    let set = &served.set;
    if set.remotes.is_empty() {
        return Ok(Listing { tools: set.listed.clone(), missing: Vec::new() });
    }
    let lists = join_all(set.remotes.iter().map(|mapping| of_mapping(app, ctx, served, mapping))).await;
    let (mut missing, mut names, mut definitions) = (Vec::new(), HashSet::new(), Vec::new());
    for (mapping, list) in set.remotes.iter().zip(lists) {
        let tools = match list {
            Ok(tools) => tools,
            Err(why) => {
                missing.push(format!("{}: {why}", mapping.mapping.connection_name));
                continue;
            }
        };
        for tool in tools {
            let name = &tool.definition.name;
            // A name that another connection has already stays that one's.
            if set.find(name).is_none() && names.insert(name.clone()) {
                definitions.push(definition(&tool.definition));
            } else {
                tracing::warn!(tool = name, "left out of an MCP server: another connection has a tool of its name");
            }
        }
    }
    Ok(Listing { tools: joined(&set.listed, &definitions)?, missing })
}

/// The tool of this name of a remote server, if the server that was opened serves one. Where its user has still to sign in,
/// or its list can't be had, any name that it may serve is one: the call says what to do.
///
/// # Errors
/// The database cannot be read.
pub async fn find(app: &App, ctx: &Ctx, served: &Served, name: &str) -> Result<Option<ServedTool>> {
    for mapping in served.set.remotes.iter().filter(|mapping| mapping.is_named(name)) {
        let Some((wired, known)) = known(app, ctx, served, mapping).await? else { continue };
        let tool = match known {
            Ok(known) => known.find(name).filter(|tool| mapping.serves(tool)).cloned(),
            Err(Missing::SignIn) => Some(upstream::stub(name)),
            Err(Missing::Later(why)) => {
                tracing::warn!(connection = %mapping.mapping.connection_name, why, "a tool can't be looked up");
                return Err(Error::new(
                    valetkey_domain::Kind::Unavailable,
                    format!("the tools of connection '{}' can't be listed: {why}", mapping.mapping.connection_name),
                ));
            }
        };
        let tool =
            tool.filter(|tool| mapping.allows(&tool.definition.name) || upstream::is_sign_in(tool, &mapping.prefix));
        let found =
            |tool| ServedTool { tool, connector: wired.connector.clone(), connection: wired.connection.id.clone() };
        if let Some(tool) = tool {
            return Ok(Some(found(tool)));
        }
    }
    Ok(None)
}

/// A server's tools as its whitelist leaves them, or the one to sign in by.
async fn of_mapping(
    app: &App,
    ctx: &Ctx,
    served: &Served,
    mapping: &RemoteMapping,
) -> std::result::Result<Vec<Arc<Tool>>, String> {
    match known(app, ctx, served, mapping).await {
        Ok(None) => Err("it is switched off".to_owned()),
        Ok(Some((_, Ok(known)))) => Ok(known
            .tools
            .iter()
            .filter(|tool| mapping.allows(&tool.definition.name) && mapping.serves(tool))
            .cloned()
            .collect()),
        Ok(Some((wired, Err(Missing::SignIn)))) => Ok(vec![upstream::sign_in_tool(&wired, &mapping.prefix)]),
        Ok(Some((_, Err(Missing::Later(why))))) => Err(why),
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "a remote server's tools can't be listed");
            Err("its account can't be read".to_owned())
        }
    }
}

type Found = (Wired, std::result::Result<Arc<upstream::Known>, Missing>);

/// What is known of a mapping's tools for the server's user; nothing where the connection is off.
async fn known(app: &App, ctx: &Ctx, served: &Served, mapping: &RemoteMapping) -> Result<Option<Found>> {
    let connection = connections::get(app, ctx, &mapping.mapping.connection).await?;
    if !connection.enabled {
        return Ok(None);
    }
    let account = accounts::find(app, ctx, &connection.id, &Owner::of(served.identifier().clone())).await?;
    let wired = Wired::with(mapping.connector.clone(), connection);
    let Some(remote) = &mapping.connector.remote else { return Ok(None) };
    let known = match account.filter(|account| account.status == Status::Active) {
        Some(account) => upstream::tools(app, ctx, &wired, remote, &account).await,
        None => Err(Missing::SignIn),
    };
    Ok(Some((wired, known)))
}

/// A JSON array with more at its end.
fn joined(array: &Bytes, more: &[Value]) -> Result<Bytes> {
    let more = serde_json::to_vec(more).map_err(Error::internal)?;
    let (Some((_, front)), Some(back)) = (array.split_last(), more.get(1..)) else { return Ok(array.clone()) };
    let between: &[u8] = if front.len() > 1 && back.len() > 1 { b"," } else { b"" };
    Ok([front, between, back].concat().into())
}

impl RemoteMapping {
    /// Whether a name can be one of its tools'.
    pub(super) fn is_named(&self, name: &str) -> bool {
        name.strip_prefix(self.prefix.as_str()).is_some_and(|rest| rest.starts_with('_'))
    }

    /// Whether its whitelist has a tool, under the name that it is served by or its whole name.
    pub(super) fn allows(&self, name: &str) -> bool {
        let remote = self.connector.remote.as_ref();
        let short = |listed: &String| remote.and_then(|remote| remote.served_as(&self.prefix, listed));
        let tools = &self.mapping.tools;
        tools.is_empty() || tools.iter().any(|listed| listed == name || short(listed).as_deref() == Some(name))
    }

    /// Whether a tool is served at all: to who may only read, one that says of itself that it does.
    fn serves(&self, tool: &Tool) -> bool {
        self.access == Access::Full || tool.definition.effect.read_only()
    }
}

impl ToolSet {
    /// Whether a tool of this name is served from this connection by a remote server.
    pub(super) fn serves_remote(&self, name: &str, connection: &valetkey_domain::id::ConnectionId) -> bool {
        let named =
            |mapping: &&RemoteMapping| mapping.is_named(name) && (mapping.allows(name) || name.ends_with("_sign_in"));
        self.remotes.iter().filter(named).any(|mapping| mapping.mapping.connection == *connection)
    }
}
