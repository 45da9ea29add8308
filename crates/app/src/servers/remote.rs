//! What a server serves of remote MCP servers: it differs from user to user, so it is no part of what is compiled once. Nor
//! is what custom providers have by import, of which a developer may import another document at any time.

use super::growing::Growing;
use super::held::{self, New, Sifted};
use super::sets::{RemoteMapping, ServedTool, ToolSet};
use super::toolset::Served;
use crate::accounts;
use crate::connections::imports::{self, Imported};
use crate::connections::{self, Wired};
use crate::upstream::{self, Missing};
use crate::{App, Error, Result};
use bytes::Bytes;
use futures::future::join_all;
use std::sync::Arc;
use std::time::Duration;
use valetkey_connectors::Tool;
use valetkey_core::{AnswerRoom, Limit};
use valetkey_domain::account::{ConnectedAccount, Owner, Status};
use valetkey_domain::config::Mapping;
use valetkey_domain::grace::Grace;
use valetkey_domain::id::ConnectionId;
use valetkey_domain::session::Access;
use valetkey_domain::{Ctx, Kind, Timestamp};

/// How long room for a list is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// The tools that a server lists to its user.
pub struct Listing {
    /// The definitions as a JSON array in MCP's words.
    pub tools: Bytes,
    /// The connections whose tools could not be had just now, and why.
    pub missing: Vec<String>,
}

/// The tools that a server lists to its user: those that are compiled, then those of each remote server, in the developer's
/// order, no more of them than an answer may be long. A server that cannot be asked costs its own tools only.
///
/// # Errors
/// There is no room for it, or a list can't be written.
pub async fn listed(app: &App, ctx: &Ctx, served: &Served) -> Result<Listing> {
    let set = &served.set;
    if set.remotes.is_empty() {
        return Ok(Listing { tools: set.listed.clone(), missing: Vec::new() });
    }
    // All are asked at once, and of what they answer nothing is held but what is kept within its bounds.
    let all = join_all(set.remotes.iter().map(|mapping| asked(app, ctx, served, mapping))).await;
    let room = room(app, ctx, set, &all).await?;
    // Of two who see a server first at the same moment, one looks once more.
    for _ in 0..2 {
        let (listing, new) = assembled(app, ctx, served, &all).await?;
        if written(app, ctx, served, &new).await? {
            return Ok(Listing { tools: room.hold(listing.tools), ..listing });
        }
    }
    Err(held::outrun())
}

/// The list, and what of it a config has still to write down before it is shown.
async fn assembled(app: &App, ctx: &Ctx, served: &Served, all: &[ServerTools]) -> Result<(Listing, Vec<New>)> {
    let set = &served.set;
    let (mut missing, mut unwritten) = (Vec::new(), Vec::new());
    let mut array = Growing::of(&set.listed, app.core.settings.bounds.answer_bytes);
    for (mapping, asked) in set.remotes.iter().zip(all) {
        let of = &mapping.mapping.connection_name;
        let (Sifted { shown, held, new }, cut) = match of_mapping(app, ctx, served, mapping, asked).await {
            Ok(found) => found,
            Err(why) => {
                missing.push(format!("{of}: {why}"));
                continue;
            }
        };
        unwritten.extend(new);
        if cut {
            missing.push(format!("{of}: it lists more tools than are taken of one server, and the last are left out"));
        }
        if !held.is_empty() {
            let count = held.len();
            missing.push(format!("{of}: {count} of its tools are not as they were accepted, and are held back"));
        }
        let own = shown.into_iter().filter(|tool| is_its_own(set, mapping, tool)).collect();
        let weight = asked.as_ref().map_or(0, |(_, weight)| weight.as_ref().map_or(0, |weight| *weight));
        let (back, left_out) = array.with(app, own, weight).await?;
        array = back;
        if left_out > 0 {
            app.core.metrics.refused(Limit::Answer);
            let (most, name) = (array.most, Limit::Answer.name());
            missing.push(format!("{of}: {left_out} of its tools are left out: the list is {most} bytes long ({name})"));
        }
    }
    Ok((Listing { tools: array.ended(), missing }, unwritten))
}

/// Waits for room for a list of what these servers have.
async fn room(app: &App, ctx: &Ctx, set: &ToolSet, all: &[ServerTools]) -> Result<AnswerRoom> {
    let weights = all.iter().flatten().filter_map(|(_, weight)| weight.as_ref().ok());
    let bytes = set.listed.len() + weights.sum::<usize>().min(app.core.settings.bounds.answer_bytes);
    let mut room = AnswerRoom::default();
    room.fit(&app.core.memory, &ctx.environment, bytes, PATIENCE).await.map_err(|full| {
        app.core.metrics.refused(full.limit);
        Error::new(Kind::ResourceExhausted, format!("{full}: wait for calls to end, then try again"))
    })?;
    Ok(room)
}

/// Whatever a server lists, a name of another connection stays that one's.
fn is_its_own(set: &ToolSet, mapping: &RemoteMapping, tool: &Tool) -> bool {
    let name = &tool.definition.name;
    let own = set.find(name).is_none() && set.remote_of(name).is_some_and(|owner| std::ptr::eq(owner, mapping));
    if !own {
        tracing::warn!(tool = name, "left out of an MCP server: another connection has a tool of its name");
    }
    own
}

/// The tool of this name of a remote server, if the server that was opened serves one. Where its user has still to sign in,
/// or its list can't be had, any name that it may serve is one: the call says what to do.
///
/// # Errors
/// The database cannot be read.
pub async fn find(app: &App, ctx: &Ctx, served: &Served, name: &str) -> Result<Option<ServedTool>> {
    let listed = match served.set.remote_of(name) {
        Some(mapping) => of_server(app, ctx, served, mapping, name).await?,
        None => None,
    };
    let graced = served.graces_at(app).and_then(|now| served.set.remote_in_grace(name, now));
    match graced {
        Some((mapping, grace)) if listed.is_none() => {
            match of_server(app, ctx, served, mapping, name).await {
                Ok(found) => Ok(found.map(|tool| ServedTool { grace: Some(grace.clone()), ..tool })),
                // A connection that no config lists can be removed.
                Err(error) if error.kind() == Kind::NotFound => Ok(None),
                Err(error) => Err(error),
            }
        }
        _ => Ok(listed),
    }
}

/// The tool of this name of one server.
async fn of_server(
    app: &App,
    ctx: &Ctx,
    served: &Served,
    mapping: &RemoteMapping,
    name: &str,
) -> Result<Option<ServedTool>> {
    let (wired, account) = match connected(app, ctx, served, mapping).await? {
        Connected::On(wired, account) => (wired, account),
        Connected::Imported(wired, imported) => {
            let tool = imported.find(name).filter(|tool| mapping.serves(tool) && mapping.allows(name)).cloned();
            let (connector, connection) = (wired.connector, wired.connection.id);
            return Ok(tool.map(|tool| ServedTool { tool, connector, connection, grace: None }));
        }
        Connected::Off | Connected::NoTools => return Ok(None),
    };
    let tool = match tools_of(app, ctx, &wired, account.as_deref()).await {
        Ok(known) => known.find(name).filter(|tool| mapping.serves(tool)).cloned(),
        Err(Missing::SignIn) => Some(upstream::unlisted_tool(name)),
        Err(Missing::Later(why)) => {
            tracing::warn!(connection = %mapping.mapping.connection_name, why, "a tool can't be looked up");
            return Err(Error::new(
                Kind::Unavailable,
                format!("the tools of connection '{}' can't be listed: {why}", mapping.mapping.connection_name),
            ));
        }
    };
    let allowed =
        |tool: &Arc<Tool>| mapping.allows(&tool.definition.name) || upstream::is_sign_in(tool, &mapping.prefix);
    let Some(tool) = tool.filter(allowed) else { return Ok(None) };
    // What only stands for a tool was listed by nobody.
    if !tool.is_stand_in() && !is_accepted(app, ctx, served, mapping, &tool).await? {
        let message = format!(
            "tool '{name}' is not as it was accepted, and is held back: the app's developer has to look at it first \
             (valetkey config held)"
        );
        return Err(Error::new(Kind::FailedPrecondition, message));
    }
    Ok(Some(ServedTool { tool, connector: wired.connector, connection: wired.connection.id, grace: None }))
}

/// Whether a tool is as it was accepted.
async fn is_accepted(app: &App, ctx: &Ctx, served: &Served, mapping: &RemoteMapping, tool: &Arc<Tool>) -> Result<bool> {
    let Sifted { held, new, .. } = sifted(app, ctx, served, mapping, vec![tool.clone()]).await?;
    if !written(app, ctx, served, new.as_slice()).await? {
        return Err(held::outrun());
    }
    Ok(held.is_empty())
}

/// Writes down what a config has not seen before; false if somebody else saw a server first.
async fn written(app: &App, ctx: &Ctx, served: &Served, new: &[New]) -> Result<bool> {
    match served.config() {
        Some(config) => held::write(app, ctx, config, new).await,
        None => Ok(true),
    }
}

/// Those of a server's tools that are as they were accepted, where the config asks for that.
async fn sifted(
    app: &App,
    ctx: &Ctx,
    served: &Served,
    mapping: &RemoteMapping,
    tools: Vec<Arc<Tool>>,
) -> Result<Sifted> {
    match served.config().filter(|_| served.set.options.hold_changes) {
        Some(config) => held::sift(app, ctx, config, &mapping.mapping.connection, tools).await,
        None => Ok(Sifted { shown: tools, held: Vec::new(), new: None }),
    }
}

/// What a server lists, as far as it is known once all have been asked: how much, or why nothing.
type ServerTools = std::result::Result<(Connected, std::result::Result<usize, Missing>), String>;

/// Asks a mapping's server. Its tools are not held: they are kept as long as there is room for all that are kept.
async fn asked(app: &App, ctx: &Ctx, served: &Served, mapping: &RemoteMapping) -> ServerTools {
    let connected = connected(app, ctx, served, mapping).await.map_err(|error| unreadable(&error))?;
    let weight = match &connected {
        Connected::Off => return Err("it is switched off".to_owned()),
        Connected::NoTools => Ok(0),
        Connected::Imported(_, imported) => Ok(imported.weight),
        Connected::On(wired, account) => {
            tools_of(app, ctx, wired, account.as_deref()).await.map(|known| known.weight())
        }
    };
    match weight {
        Err(Missing::Later(why)) => Err(why),
        weight => Ok((connected, weight)),
    }
}

/// A server's tools as its whitelist leaves them, or the one to sign in by; and whether the server has more than are taken.
/// Nobody is asked again: a server that hangs would keep all the others waiting.
async fn of_mapping(
    app: &App,
    ctx: &Ctx,
    served: &Served,
    mapping: &RemoteMapping,
    asked: &ServerTools,
) -> std::result::Result<(Sifted, bool), String> {
    let all = |shown| (Sifted { shown, held: Vec::new(), new: None }, false);
    let served_here = |tool: &&Arc<Tool>| mapping.allows(&tool.definition.name) && mapping.serves(tool);
    let (wired, account) = match asked {
        // They are as the developer has imported them.
        Ok((Connected::Imported(_, imported), _)) => {
            return Ok(all(imported.tools.iter().filter(served_here).cloned().collect()));
        }
        Ok((Connected::On(wired, account), Ok(_))) => (wired, account.as_deref()),
        Ok((Connected::On(wired, _), Err(Missing::SignIn))) => {
            return Ok(all(vec![upstream::sign_in_tool(wired, &mapping.prefix)]));
        }
        Ok((_, Err(Missing::Later(why)))) | Err(why) => return Err(why.clone()),
        Ok(_) => return Ok(all(Vec::new())),
    };
    let known = match account {
        Some(account) => upstream::kept_tools(app, wired, account).await,
        None => Err(Missing::SignIn),
    };
    match known {
        Ok(known) => {
            let listed = known.tools.iter().filter(served_here).cloned().collect();
            let sifted = sifted(app, ctx, served, mapping, listed).await.map_err(|error| unreadable(&error))?;
            Ok((sifted, known.cut))
        }
        Err(Missing::SignIn) => Ok(all(vec![upstream::sign_in_tool(wired, &mapping.prefix)])),
        Err(Missing::Later(why)) => Err(why),
    }
}

fn unreadable(error: &Error) -> String {
    tracing::error!(error = error as &dyn std::error::Error, "a remote server's tools can't be listed");
    "what is known of it can't be read".to_owned()
}

/// How a mapping stands for the server's user.
enum Connected {
    /// The connection is off.
    Off,
    /// It is of a custom provider that is no MCP server and has no tools.
    NoTools,
    /// It is of one that has tools by import.
    Imported(Box<Wired>, Arc<Imported>),
    /// It leads to a server, with the user's account if it is signed in.
    On(Box<Wired>, Option<Box<ConnectedAccount>>),
}

async fn connected(app: &App, ctx: &Ctx, served: &Served, mapping: &RemoteMapping) -> Result<Connected> {
    let owner = Owner::of(served.identifier().clone());
    if let Some(connected) = connected_recently(app, ctx, &owner, mapping).await? {
        return Ok(connected);
    }
    let connection = connections::get(app, ctx, &mapping.mapping.connection).await?;
    if !connection.enabled {
        return Ok(Connected::Off);
    }
    let wired = Wired::of(app, connection)?;
    if wired.has_imported() {
        let imported = imports::tools(app, ctx, &wired).await?;
        return Ok(Connected::Imported(Box::new(wired), imported));
    }
    if wired.connector.remote.is_none() {
        return Ok(Connected::NoTools);
    }
    let account = accounts::find(app, ctx, &wired.connection.id, &owner).await?;
    let account = account.filter(|account| account.status == Status::Active);
    Ok(Connected::On(Box::new(wired), account.map(Box::new)))
}

/// The same by what was read within the last second, where the user is signed in by that: what is missing is looked for as it
/// is, and so is a custom provider, which may be another by now.
async fn connected_recently(app: &App, ctx: &Ctx, owner: &Owner, mapping: &RemoteMapping) -> Result<Option<Connected>> {
    if mapping.remote.is_none() {
        return Ok(None);
    }
    let id = &mapping.mapping.connection;
    let Some(connection) = connections::get_recent(app, ctx, id).await.ok().filter(|one| one.enabled) else {
        return Ok(None);
    };
    let account = accounts::find_recent(app, ctx, id, owner).await?;
    let Some(account) = account.filter(|account| account.status == Status::Active) else { return Ok(None) };
    Ok(Some(Connected::On(Box::new(Wired::of(app, connection)?), Some(Box::new(account)))))
}

async fn tools_of(
    app: &App,
    ctx: &Ctx,
    wired: &Wired,
    account: Option<&ConnectedAccount>,
) -> std::result::Result<Arc<upstream::KnownTools>, Missing> {
    match account {
        Some(account) => upstream::tools(app, ctx, wired, account).await,
        None => Err(Missing::SignIn),
    }
}

impl RemoteMapping {
    /// Whether a name can be one of its tools'.
    pub(super) fn is_named(&self, name: &str) -> bool {
        name.strip_prefix(self.prefix.as_str()).is_some_and(|rest| rest.starts_with('_'))
    }

    /// Whether its whitelist has a tool, under the name that it is served by or its whole name.
    pub(super) fn allows(&self, name: &str) -> bool {
        let short = |listed: &String| self.remote.as_ref().and_then(|remote| remote.served_as(&self.prefix, listed));
        let among =
            |tools: &[String]| tools.iter().any(|listed| listed == name || short(listed).as_deref() == Some(name));
        (self.mapping.tools.is_empty() || among(&self.mapping.tools)) && !among(&self.except)
    }

    /// Whether a tool is served at all: to who may only read, one that says of itself that it does.
    fn serves(&self, tool: &Tool) -> bool {
        self.access == Access::Full || tool.definition.effect.read_only()
    }
}

impl ToolSet {
    /// The mapping whose tool has this name, if any can: the one whose names begin with most of it. So what one server lists,
    /// or that it can't be asked, decides nothing of another's names.
    fn remote_of(&self, name: &str) -> Option<&RemoteMapping> {
        self.remotes.iter().filter(|mapping| mapping.is_named(name)).max_by_key(|mapping| mapping.prefix.len())
    }

    /// The connection whose remote server can have a tool of this name, and whether its whitelist allows it.
    pub(crate) fn remote_mapping(&self, name: &str) -> Option<(&Mapping, bool)> {
        self.remote_of(name).map(|mapping| (&mapping.mapping, mapping.allows(name)))
    }

    /// The mapping that a remote server's tool of this name was taken out of and whose grace lets it be called at this moment.
    /// As among those that are listed, it is the one whose names begin with most of it.
    fn remote_in_grace(&self, name: &str, now: Timestamp) -> Option<(&RemoteMapping, &Arc<Grace>)> {
        let least = self.remote_of(name).map_or(0, |listed| listed.prefix.len());
        let standing = self.graced.iter().rev().filter(|graced| graced.grace.until > now);
        let remotes = standing.filter_map(|graced| Some((graced.remote.as_ref()?, &graced.grace)));
        let named = remotes.filter(|(mapping, _)| mapping.is_named(name) && mapping.prefix.len() >= least);
        named.filter(|(mapping, _)| mapping.allows(name)).max_by_key(|(mapping, _)| mapping.prefix.len())
    }

    /// The grace by which a tool of this name can be called at this moment, and on which connection.
    pub(crate) fn grace_of(&self, name: &str, now: Timestamp) -> Option<(&Grace, &ConnectionId)> {
        let own = self.in_grace(name, now).and_then(|served| Some((&**served.grace.as_ref()?, &served.connection)));
        own.or_else(|| self.remote_in_grace(name, now).map(|(mapping, grace)| (&**grace, &mapping.mapping.connection)))
    }

    /// Whether a tool of this name is served from this connection, as far as the config says; `now` is the moment by which
    /// graces are judged, where there are any.
    pub(super) fn serves(&self, name: &str, connection: &ConnectionId, now: Option<Timestamp>) -> bool {
        let found = self.find(name).is_some_and(|found| found.connection == *connection);
        let graced = || now.and_then(|now| self.grace_of(name, now)).is_some_and(|(_, of)| of == connection);
        found || self.serves_remote(name, connection) || graced()
    }

    /// Whether a tool of this name is served from this connection by a remote server.
    fn serves_remote(&self, name: &str, connection: &ConnectionId) -> bool {
        let allows = |mapping: &&RemoteMapping| mapping.allows(name) || name.ends_with("_sign_in");
        self.remote_of(name).filter(allows).is_some_and(|mapping| mapping.mapping.connection == *connection)
    }
}

#[cfg(test)]
mod tests;
