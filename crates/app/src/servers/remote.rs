//! What a server serves of remote MCP servers: it differs from user to user, so it is no part of what is compiled once.

use super::held::{self, Sifted};
use super::sets::{RemoteMapping, ServedTool, ToolSet};
use super::toolset::{Served, definition};
use crate::accounts;
use crate::connections::{self, Wired};
use crate::upstream::{self, Missing};
use crate::{App, Error, Result};
use bytes::Bytes;
use futures::future::join_all;
use serde_json::Value;
use std::sync::Arc;
use valetkey_connectors::Tool;
use valetkey_domain::account::{Owner, Status};
use valetkey_domain::config::Mapping;
use valetkey_domain::grace::Grace;
use valetkey_domain::id::ConnectionId;
use valetkey_domain::session::Access;
use valetkey_domain::{Ctx, Kind, Timestamp};

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
    let (mut missing, mut definitions) = (Vec::new(), Vec::new());
    for (mapping, list) in set.remotes.iter().zip(lists) {
        let of = &mapping.mapping.connection_name;
        let Sifted { shown, held } = match list {
            Ok(tools) => tools,
            Err(why) => {
                missing.push(format!("{of}: {why}"));
                continue;
            }
        };
        if !held.is_empty() {
            let count = held.len();
            missing.push(format!("{of}: {count} of its tools are not as they were accepted, and are held back"));
        }
        for tool in shown {
            let name = &tool.definition.name;
            // Whatever this server lists, a name of another connection stays that one's.
            if set.find(name).is_none() && set.remote_of(name).is_some_and(|owner| std::ptr::eq(owner, mapping)) {
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
    let Standing::On(wired, known) = known(app, ctx, served, mapping).await? else { return Ok(None) };
    let tool = match known {
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
    if !tool.is_stand_in() && !sifted(app, ctx, served, mapping, vec![tool.clone()]).await?.held.is_empty() {
        let message = format!(
            "tool '{name}' is not as it was accepted, and is held back: the app's developer has to look at it first \
             (valetkey config held)"
        );
        return Err(Error::new(Kind::FailedPrecondition, message));
    }
    Ok(Some(ServedTool { tool, connector: wired.connector, connection: wired.connection.id, grace: None }))
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
        None => Ok(Sifted { shown: tools, held: Vec::new() }),
    }
}

/// A server's tools as its whitelist leaves them, or the one to sign in by.
async fn of_mapping(
    app: &App,
    ctx: &Ctx,
    served: &Served,
    mapping: &RemoteMapping,
) -> std::result::Result<Sifted, String> {
    let all = |shown| Sifted { shown, held: Vec::new() };
    let listed = match known(app, ctx, served, mapping).await {
        Ok(Standing::Off) => return Err("it is switched off".to_owned()),
        Ok(Standing::NoServer) => return Ok(all(Vec::new())),
        Ok(Standing::On(_, Ok(known))) => {
            let served = |tool: &&Arc<Tool>| mapping.allows(&tool.definition.name) && mapping.serves(tool);
            Ok(known.tools.iter().filter(served).cloned().collect())
        }
        Ok(Standing::On(wired, Err(Missing::SignIn))) => {
            return Ok(all(vec![upstream::sign_in_tool(&wired, &mapping.prefix)]));
        }
        Ok(Standing::On(_, Err(Missing::Later(why)))) => return Err(why),
        Err(error) => Err(error),
    };
    let sifting = async { sifted(app, ctx, served, mapping, listed?).await };
    sifting.await.map_err(|error: Error| {
        tracing::error!(error = &error as &dyn std::error::Error, "a remote server's tools can't be listed");
        "what is known of it can't be read".to_owned()
    })
}

/// How a mapping stands for the server's user.
enum Standing {
    /// The connection is off.
    Off,
    /// It is of a custom provider that is no MCP server.
    NoServer,
    /// What its server lists.
    On(Box<Wired>, std::result::Result<Arc<upstream::Known>, Missing>),
}

async fn known(app: &App, ctx: &Ctx, served: &Served, mapping: &RemoteMapping) -> Result<Standing> {
    let connection = connections::get(app, ctx, &mapping.mapping.connection).await?;
    if !connection.enabled {
        return Ok(Standing::Off);
    }
    let wired = Wired::of(app, connection)?;
    if wired.connector.remote.is_none() {
        return Ok(Standing::NoServer);
    }
    let owner = Owner::of(served.identifier().clone());
    let account = accounts::find(app, ctx, &wired.connection.id, &owner).await?;
    let known = match account.filter(|account| account.status == Status::Active) {
        Some(account) => upstream::tools(app, ctx, &wired, &account).await,
        None => Err(Missing::SignIn),
    };
    Ok(Standing::On(Box::new(wired), known))
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
mod tests {
    use super::*;
    use crate::servers::sets::Graced;
    use std::collections::HashMap;
    use valetkey_connectors::remote::connection_prefix;
    use valetkey_domain::approval::Approvals;
    use valetkey_domain::config::Options;
    use valetkey_domain::name::ConnectionName;

    fn mapping(connection: &str, tools: &[&str]) -> RemoteMapping {
        let mapping = Mapping {
            connection: ConnectionId::parse(&format!("conn_{connection}")).unwrap(),
            connection_name: ConnectionName::parse(connection).unwrap(),
            connector: "acme:1".into(),
            tools: tools.iter().map(|tool| (*tool).to_owned()).collect(),
        };
        RemoteMapping {
            mapping,
            remote: None,
            prefix: connection_prefix(connection),
            access: Access::Full,
            except: vec![],
        }
    }

    #[test]
    fn attack_46_no_server_takes_a_name_that_another_connection_could_have() {
        let remotes = vec![mapping("A", &[]), mapping("A_b", &["c-A_b_x"])];
        let set = ToolSet {
            mappings: vec![],
            listed: Bytes::from("[]"),
            options: Options::default(),
            tools: HashMap::new(),
            config: None,
            remotes,
            graced: vec![],
        };
        let owner = |name: &str| set.remote_of(name).map(|owner| owner.mapping.connection_name.to_string());
        assert_eq!(owner("c-A_x").as_deref(), Some("A"));
        // `A` may list a tool `b_x`, or be down: this one is the other's all the same.
        assert_eq!(owner("c-A_b_x").as_deref(), Some("A_b"));
        assert_eq!((owner("c-A"), owner("c-Ab_x"), owner("c-B_x")), (None, None, None));
        let serves = |name: &str, connection: &str| {
            set.serves_remote(name, &ConnectionId::parse(&format!("conn_{connection}")).unwrap())
        };
        assert!(serves("c-A_x", "A") && serves("c-A_b_x", "A_b"));
        assert!(!serves("c-A_b_x", "A") && !serves("c-A_b_y", "A_b"), "nor what its whitelist leaves out");
    }

    #[test]
    fn attack_46_a_grace_is_for_its_own_servers_names_and_ends() {
        let (now, until) = (Timestamp::from_second(10).unwrap(), Timestamp::from_second(20).unwrap());
        let graced = |connection: &str, tools: &[&str], except: &[&str]| {
            let except: Vec<_> = except.iter().map(|tool| (*tool).to_owned()).collect();
            let remote = RemoteMapping { except: except.clone(), ..mapping(connection, tools) };
            let of = remote.mapping.clone();
            let grace =
                Grace { connection: of.connection, tools: of.tools, except, approvals: Approvals::default(), until };
            Graced { grace: Arc::new(grace), tools: HashMap::new(), remote: Some(remote) }
        };
        let set = ToolSet {
            mappings: vec![],
            listed: Bytes::from("[]"),
            options: Options::default(),
            tools: HashMap::new(),
            config: None,
            remotes: vec![mapping("A", &["c-A_x"]), mapping("A_b_c", &["c-A_b_c_x"])],
            graced: vec![graced("A", &[], &["c-A_x", "c-A_gone"]), graced("A_b", &[], &[])],
        };
        let of = |name: &str, now| set.remote_in_grace(name, now).map(|(of, _)| of.mapping.connection_name.to_string());
        assert_eq!(of("c-A_y", now).as_deref(), Some("A"));
        assert_eq!(of("c-A_b_y", now).as_deref(), Some("A_b"), "though `A` may list a tool `b_y`");
        assert_eq!((of("c-A_x", now), of("c-A_gone", now)), (None, None), "listed, or taken out without");
        assert_eq!(of("c-A_b_c_y", now), None, "a name of a connection that is there");
        assert_eq!(of("c-A_y", until), None);
        let a = ConnectionId::parse("conn_A").unwrap();
        assert!(set.serves("c-A_y", &a, Some(now)));
        assert!(!set.serves("c-A_y", &a, None) && !set.serves("c-A_y", &a, Some(until)), "nor for a session token");
        assert!(!set.serves("c-A_b_y", &a, Some(now)));
    }
}
