//! What a server serves of a tool: whether it is listed, can be called a while longer, or why not.

use super::asked;
use super::step::{RemedyPlace, Step, Topic, moment};
use crate::connections::{Wired, imports};
use crate::servers::toolset::ToolSet;
use crate::{App, Result, connections};
use std::sync::Arc;
use valetkey_connectors::{Connector, Tool};
use valetkey_domain::account::Owner;
use valetkey_domain::config::Mapping;
use valetkey_domain::connection::Connection;
use valetkey_domain::grace::Grace;
use valetkey_domain::id::{ConfigId, ConnectionId};
use valetkey_domain::session::Access;
use valetkey_domain::{Ctx, Timestamp};

/// What a call comes to that got so far: these connections of this user, and the tool if one was named.
pub(super) struct Entry {
    pub(super) connections: Vec<Connection>,
    pub(super) owner: Owner,
    pub(super) tool: Option<Arc<Tool>>,
}

pub(super) type FoundEntry = Result<Option<Entry>>;

/// The tools that somebody reaches, and by what.
pub(super) struct Serves<'a> {
    pub(super) config: Option<(&'a ConfigId, &'a str)>,
    pub(super) set: &'a ToolSet,
    pub(super) access: Access,
    /// The moment by which graces are judged; a session token has none.
    pub(super) graces_at: Option<Timestamp>,
}

impl Serves<'_> {
    pub(super) async fn entry(
        &self,
        app: &App,
        ctx: &Ctx,
        owner: Owner,
        tool: Option<&str>,
        steps: &mut Vec<Step>,
    ) -> FoundEntry {
        if let Some((config, _)) = self.config.filter(|_| self.set.options.hold_changes) {
            steps.extend(asked::held(app, ctx, config, tool).await?);
        }
        let (ids, tool): (Vec<_>, _) = match tool {
            None => (self.set.mappings.iter().map(|mapping| mapping.connection.clone()).collect(), None),
            Some(name) => {
                let grace = self.graces_at.and_then(|now| self.set.grace_of(name, now));
                let remote = self.set.remote_mapping(name);
                if let Some((grace, connection)) = grace
                    && self.set.find(name).is_none()
                    && remote.is_none_or(|(_, listed)| !listed)
                {
                    return self.in_grace(app, ctx, owner, (name, grace, connection), steps).await;
                }
                if let Some((mapping, listed)) = remote {
                    if !listed {
                        steps.push(self.unlisted(name, mapping));
                        return Ok(None);
                    }
                    return self.of_remote(app, ctx, owner, (name, mapping), steps).await;
                }
                let Some((connector, tool)) = of_catalogue(app, name, steps).await else { return Ok(None) };
                let Some(served) = self.set.find(name) else {
                    steps.push(self.left_out(&connector, &tool));
                    return Ok(None);
                };
                steps.push(Step::fine(Topic::Tool, format!("{name} is on the whitelist.")));
                steps.extend(self.set.wants_word(served).map(|_| self.asks(name)));
                (vec![served.connection.clone()], Some(tool))
            }
        };
        let mut connections = Vec::with_capacity(ids.len());
        for id in ids {
            connections.push(connections::get(app, ctx, &id).await?);
        }
        Ok(Some(Entry { connections, owner, tool }))
    }

    /// A tool of a remote server, which only that server can say to be there.
    async fn of_remote(
        &self,
        app: &App,
        ctx: &Ctx,
        owner: Owner,
        (name, mapping): (&str, &Mapping),
        steps: &mut Vec<Step>,
    ) -> FoundEntry {
        let connection = connections::get(app, ctx, &mapping.connection).await?;
        if let Ok(wired) = Wired::of(app, connection.clone())
            && wired.has_imported()
        {
            return self.imported(app, ctx, owner, (name, &wired), steps).await;
        }
        let words = format!("{name} is one of {}'s, if its server lists it for this user.", mapping.connection_name);
        steps.push(Step::fine(Topic::Tool, words));
        if self.set.options.approvals.tools.iter().any(|tool| tool == name) {
            steps.push(self.asks(name));
        } else if self.set.options.approvals.destructive {
            steps.push(Step::care(
                Topic::Approval,
                format!("If its server says that {name} may destroy, the user is asked before each call."),
            ));
        }
        Ok(Some(Entry { connections: vec![connection], owner, tool: None }))
    }

    /// A tool that a custom provider has by import, if it has it.
    async fn imported(
        &self,
        app: &App,
        ctx: &Ctx,
        owner: Owner,
        (name, wired): (&str, &Wired),
        steps: &mut Vec<Step>,
    ) -> FoundEntry {
        let of = &wired.connection.name;
        let Some(tool) = imports::tools(app, ctx, wired).await?.find(name).cloned() else {
            let step = Step::stops(Topic::Tool, format!("The provider of {of} has no tool {name}."));
            let mend = "Import a document that has it, and choose it there.";
            steps.push(step.mended(RemedyPlace::Elsewhere, mend));
            return Ok(None);
        };
        steps.push(Step::fine(Topic::Tool, format!("{name} is one of {of}'s.")));
        if self.set.options.approvals.want(name, tool.definition.effect.destructive()) {
            steps.push(self.asks(name));
        }
        Ok(Some(Entry { connections: vec![wired.connection.clone()], owner, tool: Some(tool) }))
    }

    /// A tool that is not listed any more and can still be called.
    async fn in_grace(
        &self,
        app: &App,
        ctx: &Ctx,
        owner: Owner,
        (name, grace, connection): (&str, &Grace, &ConnectionId),
        steps: &mut Vec<Step>,
    ) -> FoundEntry {
        let at = self.config.map_or(RemedyPlace::Elsewhere, |(id, _)| RemedyPlace::Config(id.clone()));
        let words = format!(
            "{name} was taken out of the config: it is not listed, and can be called until {} by who knows of it.",
            moment(grace.until)
        );
        let mend = "Put it back into the config, or have the agents list their tools again before then.";
        steps.push(Step::care(Topic::Tool, words).mended(at, mend));
        let served = self.graces_at.and_then(|now| self.set.in_grace(name, now));
        let asks =
            served.map_or_else(|| grace.approvals.want(name, false), |served| self.set.wants_word(served).is_some());
        steps.extend(asks.then(|| self.asks(name)));
        let connection = connections::get(app, ctx, connection).await?;
        Ok(Some(Entry { connections: vec![connection], owner, tool: served.map(|served| served.tool.clone()) }))
    }

    /// The connection's whitelist leaves this tool out.
    fn unlisted(&self, name: &str, mapping: &Mapping) -> Step {
        let at = self.config.map_or(RemedyPlace::Elsewhere, |(id, _)| RemedyPlace::Config(id.clone()));
        let config = self.config.map_or("the connection", |(_, name)| name);
        let words = format!("{name} is not on the whitelist of {} in {config}.", mapping.connection_name);
        Step::stops(Topic::Tool, words).mended(at, "Add it to the tools of that connection.")
    }

    /// The user is asked before each call of this tool.
    fn asks(&self, name: &str) -> Step {
        let config = self.config.map_or("the connection", |(_, name)| name);
        Step::care(Topic::Approval, format!("{config} wants the user's word for each call of {name}."))
    }

    /// Why a tool that there is isn't served.
    fn left_out(&self, connector: &Connector, tool: &Tool) -> Step {
        let name = &tool.definition.name;
        let at = self.config.map_or(RemedyPlace::Elsewhere, |(id, _)| RemedyPlace::Config(id.clone()));
        let config = self.config.map_or("the connection", |(_, name)| name);
        let stops = |words: String| Step::stops(Topic::Tool, words);
        if self.access == Access::ReadOnly && !tool.definition.effect.read_only() {
            return stops(format!("{name} changes something, and the session token lets its holder only read."))
                .mended(RemedyPlace::Elsewhere, "Ask for a session token with full access.");
        }
        let of_app: Vec<_> = self.set.mappings.iter().filter(|one| one.connector == connector.slug).collect();
        let listing = |one: &&&Mapping| one.tools.is_empty() || one.tools.contains(name);
        let listed = of_app.iter().filter(listing).count();
        let Some(first) = of_app.first() else {
            return stops(format!("{config} has no connection of {}.", connector.display_name))
                .mended(at, format!("Add a connection of {} to it.", connector.display_name));
        };
        match listed {
            0 => self.unlisted(name, first),
            1 => stops(format!("{name} is listed in {config}, but has no name or schema that MCP clients take."))
                .mended(RemedyPlace::Elsewhere, "Its connector's file has to be mended."),
            _ => stops(format!(
                "Two connections of {config} show {name}, so a call could not tell whose account is meant."
            ))
            .mended(at, "Name the tools of each connection, without this one twice."),
        }
    }
}

/// The tool of this name; else what is said of it is pushed.
pub(super) async fn of_catalogue(app: &App, name: &str, steps: &mut Vec<Step>) -> Option<(Arc<Connector>, Arc<Tool>)> {
    let found = app.core.catalog.tool(name);
    if found.is_none() {
        let step = Step::stops(Topic::Tool, format!("There is no tool {name}."));
        // Without all of them a name is suggested from fewer.
        connections::compile_all(app).await.ok();
        let near = app.core.catalog.nearest_tool(name);
        steps.push(match near {
            Some(near) => step.mended(RemedyPlace::Elsewhere, format!("Did you mean {near}?")),
            None => step.mended(RemedyPlace::Elsewhere, "valetkey tool list shows all."),
        });
    }
    found
}
