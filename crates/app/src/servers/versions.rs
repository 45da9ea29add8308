//! The versions of an MCP config: what each of them had, what lies between two, and the way back to one.

use super::configs;
use crate::{App, Error, Result};
use serde_json::json;
use std::time::Duration;
use valetkey_core::journal;
use valetkey_domain::config::{Mapping, McpConfig, Options};
use valetkey_domain::ctx::Actor;
use valetkey_domain::id::ConfigId;
use valetkey_domain::{Ctx, Kind};
use valetkey_storage::config_versions as rows;

pub use valetkey_storage::config_versions::Kept;

/// A config as it was at a version.
#[derive(Clone, Debug)]
pub struct Version {
    /// Its number, its description, and when it was made.
    pub kept: Kept,
    /// Its connections and their whitelists, without those whose connection is gone.
    pub mappings: Vec<Mapping>,
}

/// What lies between two versions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// The description before and after, if it changed.
    pub description: Option<(String, String)>,
    /// What was said beside the connections before and after, if it changed.
    pub options: Option<(Options, Options)>,
    /// What became of each connection on which something changed, in the order of the later version.
    pub connections: Vec<Changed>,
}

/// What became of a connection in a config.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// Its name.
    pub connection: String,
    /// What happened to it as a whole.
    pub how: ChangeKind,
    /// The tools that are new.
    pub added: Vec<String>,
    /// The tools that are gone.
    pub removed: Vec<String>,
}

/// What happened to a connection as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// It came.
    Added,
    /// It went.
    Removed,
    /// It shows all its tools now, where some were named.
    ToAll,
    /// It shows named tools now, where all were shown.
    FromAll,
    /// Other tools are named.
    Tools,
}

impl ChangeKind {
    /// The same in words, behind a connection's name.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::ToAll => "shows all its tools now",
            Self::FromAll => "shows only named tools now",
            Self::Tools => "other tools",
        }
    }
}

/// The versions of a config, newest first: so many of those before a number, or of all.
///
/// # Errors
/// There is no such config in this environment.
pub async fn list(app: &App, ctx: &Ctx, id: &ConfigId, before: Option<i64>, size: u32) -> Result<Vec<Kept>> {
    configs::get(app, ctx, id).await?;
    Ok(rows::list(ctx, &mut app.core.store.read().await?, id, before, size).await?)
}

/// One version.
///
/// # Errors
/// There is no such version of a config in this environment.
pub async fn get(app: &App, ctx: &Ctx, id: &ConfigId, version: i64) -> Result<Version> {
    let mut tx = app.core.store.read().await?;
    let kept = rows::get(ctx, &mut tx, id, version).await?;
    let mappings = rows::mappings(ctx, &mut tx, id, version).await?;
    let found = kept.zip(mappings).map(|(kept, mappings)| Version { kept, mappings });
    found.ok_or_else(|| Error::not_found("version of this MCP config", version))
}

/// What lies between two versions.
#[must_use]
pub fn difference(before: &Version, after: &Version) -> Difference {
    let (old, new) = (&before.kept.description, &after.kept.description);
    let of = |all: &'_ [Mapping], one: &Mapping| all.iter().find(|other| other.connection == one.connection).cloned();
    let there = after.mappings.iter().filter_map(|new| changed(of(&before.mappings, new).as_ref(), Some(new)));
    let gone = before.mappings.iter().filter(|old| of(&after.mappings, old).is_none());
    Difference {
        description: (old != new).then(|| (old.clone(), new.clone())),
        options: (before.kept.options != after.kept.options)
            .then(|| (before.kept.options.clone(), after.kept.options.clone())),
        connections: there.chain(gone.filter_map(|old| changed(Some(old), None))).collect(),
    }
}

fn changed(before: Option<&Mapping>, after: Option<&Mapping>) -> Option<Changed> {
    let name = after.or(before)?.connection_name.to_string();
    let tools = |mapping: Option<&Mapping>| mapping.map(|mapping| mapping.tools.clone()).unwrap_or_default();
    let (old, new) = (tools(before), tools(after));
    let how = match (before, after) {
        (None, _) => ChangeKind::Added,
        (_, None) => ChangeKind::Removed,
        _ if old == new => return None,
        _ if new.is_empty() => ChangeKind::ToAll,
        _ if old.is_empty() => ChangeKind::FromAll,
        _ => ChangeKind::Tools,
    };
    let without =
        |all: &[String], others: &[String]| all.iter().filter(|tool| !others.contains(tool)).cloned().collect();
    Some(Changed { connection: name, how, added: without(&new, &old), removed: without(&old, &new) })
}

/// Makes a config what it was at a version, as a version of its own. Running agents see it at their next call.
///
/// # Errors
/// There is no such version; a connection or a tool of it is gone; a grace that is too short or too long; or somebody else
/// changed the config meanwhile.
pub async fn roll_back(
    app: &App,
    ctx: &Ctx,
    id: &ConfigId,
    version: i64,
    grace: Option<Duration>,
) -> Result<McpConfig> {
    roll_back_from(app, ctx, configs::get(app, ctx, id).await?, version, grace).await
}

/// The same of a config as somebody has seen it.
///
/// # Errors
/// As for [`roll_back`].
pub async fn roll_back_from(
    app: &App,
    ctx: &Ctx,
    config: McpConfig,
    version: i64,
    grace: Option<Duration>,
) -> Result<McpConfig> {
    let then = get(app, ctx, &config.id, version).await?;
    if config.version == version {
        let message = format!("MCP config '{}' is at version {version} already", config.name);
        return Err(Error::new(Kind::FailedPrecondition, message));
    }
    if then.kept.connections != then.mappings.len() {
        let message = format!(
            "version {version} of MCP config '{}' has a connection that was deleted since: edit the config instead",
            config.name
        );
        return Err(Error::new(Kind::FailedPrecondition, message));
    }
    // What no API client can say of a config none takes back.
    if matches!(ctx.actor, Actor::Client(..)) && !then.kept.options.guards_as(&config.options) {
        let message = format!(
            "at version {version} MCP config '{}' asked its users for other things than now (their word for tools, their \
             sign-in, where they are confirmed), or held back other tools: that is changed by the command line \
             (valetkey config rollback) and on the dashboard",
            config.name
        );
        return Err(Error::new(Kind::FailedPrecondition, message));
    }
    let mapping = |mapping: Mapping| configs::NewMapping {
        connection: mapping.connection_name.to_string(),
        tools: mapping.tools,
    };
    let mappings = then.mappings.into_iter().map(mapping).collect();
    let detail = journal::detail([("back_to", json!(version))]);
    let edit = configs::Edit {
        description: Some(then.kept.description),
        mappings: Some(mappings),
        options: Some(then.kept.options),
        grace,
    };
    configs::save(app, ctx, config, edit, detail).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{Fixture, fixture};
    use crate::tenancy::environments;

    async fn set(fixture: &Fixture, id: &ConfigId, tools: &[&str]) -> McpConfig {
        let tools = tools.iter().map(|tool| (*tool).to_owned()).collect();
        let mapping = configs::NewMapping { connection: "MY_ACME".into(), tools };
        configs::update(&fixture.app, &fixture.ctx, id, None, Some(vec![mapping])).await.unwrap()
    }

    #[tokio::test]
    async fn versions_are_listed_told_apart_and_brought_back() {
        let fixture = fixture("{rotates: true}").await;
        let (app, ctx) = (&fixture.app, &fixture.ctx);
        let id = fixture.instance().await.0.config;
        set(&fixture, &id, &["acme_list_things"]).await;
        set(&fixture, &id, &["acme_send_thing"]).await;
        configs::update(app, ctx, &id, Some("changed".into()), None).await.unwrap();
        let numbers = |all: Vec<Kept>| all.iter().map(|kept| kept.version).collect::<Vec<_>>();
        assert_eq!(numbers(list(app, ctx, &id, None, 10).await.unwrap()), [4, 3, 2, 1]);
        assert_eq!(numbers(list(app, ctx, &id, Some(4), 2).await.unwrap()), [3, 2]);
        let at = async |version| get(app, ctx, &id, version).await.unwrap();
        let between = |one: &Version, other: &Version| difference(one, other).connections.pop().unwrap();
        assert_eq!(between(&at(1).await, &at(2).await).how, ChangeKind::FromAll);
        let tools = between(&at(2).await, &at(3).await);
        assert_eq!(
            (tools.how, tools.added, tools.removed),
            (ChangeKind::Tools, vec!["acme_send_thing".into()], vec!["acme_list_things".into()])
        );
        let words = difference(&at(3).await, &at(4).await);
        assert_eq!((words.description, words.connections), (Some((String::new(), "changed".into())), vec![]));
        fixture.clock.advance(std::time::Duration::from_secs(1));
        let back = roll_back(app, ctx, &id, 2, None).await.unwrap();
        assert_eq!((back.version, back.description.as_str()), (5, ""));
        assert_eq!(difference(&at(2).await, &at(5).await), Difference::default());
        let mut tx = app.core.store.read().await.unwrap();
        let record =
            valetkey_storage::journal::newest(ctx, &mut tx, Some(id.as_str()), 1).await.unwrap().pop().unwrap();
        drop(tx);
        assert_eq!((record.action.as_str(), &record.detail["back_to"]), ("config.updated", &json!(2)));
        assert_eq!(roll_back(app, ctx, &id, 5, None).await.unwrap_err().kind(), Kind::FailedPrecondition);
        assert_eq!(roll_back(app, ctx, &id, 9, None).await.unwrap_err().kind(), Kind::NotFound);
    }

    #[tokio::test]
    async fn a_description_has_its_length_and_one_from_before_that_rule_stays_and_comes_back() {
        let fixture = fixture("{rotates: true}").await;
        let (app, ctx) = (&fixture.app, &fixture.ctx);
        let id = fixture.instance().await.0.config;
        let long = "é".repeat(valetkey_domain::config::MAX_DESCRIPTION + 1);
        let new = configs::New { name: "new".into(), description: long.clone(), ..configs::New::default() };
        let refused = [
            configs::create(app, ctx, new).await.unwrap_err(),
            configs::update(app, ctx, &id, Some(long.clone()), None).await.unwrap_err(),
        ];
        for error in refused {
            assert_eq!(error.kind(), Kind::InvalidArgument);
            assert!(error.message().contains("at most 4000 characters, this one has 4001"), "{error}");
        }
        let mut tx = app.core.store.write().await.unwrap();
        tx.run("UPDATE mcp_configs SET description = $1", [valetkey_storage::Arg::Text(long.clone())]).await.unwrap();
        tx.commit().await.unwrap();
        let kept = set(&fixture, &id, &["acme_list_things"]).await;
        assert_eq!(kept.description, long);
        configs::update(app, ctx, &id, Some("short".into()), None).await.unwrap();
        assert_eq!(roll_back(app, ctx, &id, kept.version, None).await.unwrap().description, long);
    }

    #[tokio::test]
    async fn a_client_takes_nothing_back_that_it_cannot_say() {
        let fixture = fixture("{rotates: true}").await;
        let (app, ctx) = (&fixture.app, &fixture.ctx);
        let id = fixture.instance().await.0.config;
        set(&fixture, &id, &["acme_list_things"]).await;
        let config = configs::get(app, ctx, &id).await.unwrap();
        let options = Options { hold_changes: true, ..config.options.clone() };
        configs::edit(app, ctx, config, configs::Edit { options: Some(options), ..configs::Edit::default() })
            .await
            .unwrap();
        set(&fixture, &id, &["acme_send_thing"]).await;
        let issued = crate::tenancy::clients::create(app, ctx, "test", vec![]).await.unwrap();
        let client = Ctx { actor: Actor::Client(issued.client.id, issued.client.version), ..ctx.clone() };
        let refused = roll_back(app, &client, &id, 2, None).await.unwrap_err();
        assert!(
            refused.kind() == Kind::FailedPrecondition && refused.message().contains("asked its users"),
            "{refused}"
        );
        assert_eq!(roll_back(app, &client, &id, 3, None).await.unwrap().version, 5);
        assert_eq!(roll_back(app, ctx, &id, 2, None).await.unwrap().version, 6);
    }

    #[tokio::test]
    async fn attack_7_another_environments_versions_are_not_found() {
        let fixture = fixture("{rotates: true}").await;
        let app = &fixture.app;
        let id = fixture.instance().await.0.config;
        let other = environments::create(app, "theirs", None).await.unwrap();
        let theirs = crate::entrance::doors::operator(app, &other.id);
        assert_eq!(list(app, &theirs, &id, None, 9).await.unwrap_err().kind(), Kind::NotFound);
        assert_eq!(get(app, &theirs, &id, 1).await.unwrap_err().kind(), Kind::NotFound);
        assert_eq!(roll_back(app, &theirs, &id, 1, None).await.unwrap_err().kind(), Kind::NotFound);
    }

    #[tokio::test]
    async fn a_version_with_a_connection_that_is_gone_does_not_come_back_without_it() {
        let fixture = fixture("{rotates: true}").await;
        let (app, ctx) = (&fixture.app, &fixture.ctx);
        let id = fixture.instance().await.0.config;
        configs::update(app, ctx, &id, None, Some(vec![])).await.unwrap();
        crate::accounts::delete_connection(app, ctx, &fixture.connection.id).await.unwrap();
        crate::fixture::until(async || get(app, ctx, &id, 1).await.unwrap().mappings.is_empty()).await;
        let refused = roll_back(app, ctx, &id, 1, None).await.unwrap_err();
        assert!(refused.message().contains("was deleted since"), "{refused}");
    }
}
