//! MCP configs: which connections and tools a user's server shows.

use super::reply::{PAGE, Reply, all, all_behind, message, moment, one, rows};
use anyhow::{Result, anyhow, ensure};
use clap::Subcommand;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::time::Duration;
use valetkey_app::App;
use valetkey_app::servers::{configs, held, versions};
use valetkey_domain::approval::Approvals;
use valetkey_domain::config::{Mapping, McpConfig, Options};
use valetkey_domain::grace::Grace;
use valetkey_domain::id::ConfigId;
use valetkey_domain::{Ctx, Kind};

#[derive(Subcommand, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verb {
    /// Make a config of connections and their tools
    Create {
        /// What to call it
        name: String,
        /// What it is for
        #[arg(long, default_value = "", hide_default_value = true, value_name = "TEXT")]
        description: String,
        /// A connection and its tools: MY_GMAIL, or MY_GMAIL=tool,tool; may be given several times
        #[arg(long = "connection", required = true, value_name = "NAME[=TOOL,TOOL]")]
        connections: Vec<String>,
    },
    /// All configs
    List,
    /// One config, with its tools
    Get {
        /// Its name or id (cfg_...)
        name: String,
    },
    /// Change what a config is for, or its connections and tools; instances follow at once
    Update {
        /// Its name or id (cfg_...)
        name: String,
        /// What it is for
        #[arg(long, value_name = "TEXT")]
        description: Option<String>,
        /// A connection and its tools, in place of all that it has: MY_GMAIL, or MY_GMAIL=tool,tool; may be given several times
        #[arg(long = "connection", value_name = "NAME[=TOOL,TOOL]")]
        connections: Vec<String>,
        /// How long what this takes out may still be called, unlisted, 5 to 1440; 0 ends all that may [default: not at all]
        #[arg(long, value_name = "MINUTES")]
        grace: Option<u32>,
    },
    /// Say which tools are called only with the user's word, each time; what is not named wants nobody's
    Approvals {
        /// Its name or id (cfg_...)
        name: String,
        /// Every tool that may delete or overwrite
        #[arg(long)]
        destructive: bool,
        /// A tool; may be given several times
        #[arg(long = "tool", value_name = "TOOL")]
        tools: Vec<String>,
    },
    /// Its versions, newest first
    Versions {
        /// Its name or id (cfg_...)
        name: String,
    },
    /// What changed between two versions
    Diff {
        /// Its name or id (cfg_...)
        name: String,
        /// The earlier version [default: the one before]
        #[arg(long, value_name = "VERSION")]
        from: Option<i64>,
        /// The later version [default: the newest]
        #[arg(long, value_name = "VERSION")]
        to: Option<i64>,
    },
    /// Make a config what it was at a version; that makes a version of its own
    Rollback {
        /// Its name or id (cfg_...)
        name: String,
        /// The version
        #[arg(id = "number", value_name = "VERSION")]
        version: i64,
        /// How long what this takes out may still be called, unlisted, 5 to 1440; 0 ends all that may [default: not at all]
        #[arg(long, value_name = "MINUTES")]
        grace: Option<u32>,
    },
    /// Say how long answers may be, what becomes of tools that change and of what remote servers ask, where people are confirmed,
    /// and how agents get in; that makes a version of its own
    Set {
        /// Its name or id (cfg_...)
        name: String,
        /// How many bytes of text an answer gives at once, 2000 to 1000000; the rest is read on. 0: all of it
        #[arg(long, value_name = "BYTES")]
        answer_bytes: Option<u32>,
        /// The same for one tool; may be given several times
        #[arg(long = "tool", value_name = "TOOL=BYTES")]
        tools: Vec<String>,
        /// Whether remote servers' tools are held back that are not as they were accepted
        #[arg(long, value_name = "true|false")]
        hold_changes: Option<bool>,
        /// Where the app confirms people who sign in for this config (user_verify_mode b2b); empty: where the environment does
        #[arg(long, value_name = "URL")]
        user_verify_url: Option<String>,
        /// Whether a user's MCP URL opens only to agents that the user has signed in for, where user_sign_in of the settings says
        #[arg(long, value_name = "true|false")]
        sign_in: Option<bool>,
        /// Whether what remote servers ask their user in the midst of a call is passed on to clients that show it
        #[arg(long, value_name = "true|false")]
        questions: Option<bool>,
    },
    /// Remote servers' tools that are held back; of one tool also what it was, and what it would be
    Held {
        /// Its name or id (cfg_...)
        name: String,
        /// One of them [default: all, without what they say]
        #[arg(long, value_name = "TOOL")]
        tool: Option<String>,
        /// One of its definitions, or how the digest begins [default: the newest]
        #[arg(long, value_name = "DIGEST", requires = "tool")]
        digest: Option<String>,
    },
    /// Accept tools that are held back, as they are now
    Accept {
        /// Its name or id (cfg_...)
        name: String,
        /// One of them [default: all]
        #[arg(long, value_name = "TOOL")]
        tool: Option<String>,
        /// The definition that was looked at, or how it begins
        #[arg(long, value_name = "DIGEST", requires = "tool")]
        digest: Option<String>,
    },
    /// Remove a config, with its instances
    Delete {
        /// Its name or id (cfg_...)
        name: String,
    },
}

/// Carries a verb out.
///
/// # Errors
/// The use case's own, in its words.
pub(super) async fn perform(app: &App, ctx: &Ctx, verb: Verb) -> Result<Reply> {
    match verb {
        Verb::Create { name, description, connections } => {
            let mappings = connections.iter().map(|text| mapping(text)).collect::<Result<_>>()?;
            let made =
                configs::create(app, ctx, configs::New { name, description, mappings, ..configs::New::default() })
                    .await?;
            Ok(one(json!({"name": made.name, "id": made.id, "mcp_server_url": configs::server_url(app, &made)})))
        }
        Verb::List => {
            let found = all!(|page| configs::list(app, ctx, &configs::Filter::default(), &page));
            Ok(rows(found.iter().map(|c| {
                let connections: Vec<_> = c.mappings.iter().map(|m| m.connection_name.as_str()).collect();
                json!({"name": c.name, "id": c.id, "connections": connections, "description": c.description})
            })))
        }
        Verb::Get { name } => get(app, ctx, &find(app, ctx, &name).await?).await,
        Verb::Update { name, description, connections, grace } => {
            let found = find(app, ctx, &name).await?;
            let mappings = connections.iter().map(|text| mapping(text)).collect::<Result<Vec<_>>>()?;
            update(app, ctx, found, (description, mappings, grace)).await
        }
        Verb::Approvals { name, destructive, tools } => {
            let found = find(app, ctx, &name).await?;
            let options = Options { approvals: Approvals { destructive, tools }, ..found.options.clone() };
            let now = edited(app, ctx, found, options).await?;
            Ok(message(format!(
                "MCP config '{}' wants the user's word for {}",
                now.name,
                now.options.approvals.words()
            )))
        }
        Verb::Versions { name } => all_versions(app, ctx, &find(app, ctx, &name).await?).await,
        Verb::Diff { name, from, to } => diff(app, ctx, &find(app, ctx, &name).await?, from, to).await,
        Verb::Rollback { name, version, grace } => {
            let found = find(app, ctx, &name).await?;
            let now = versions::roll_back(app, ctx, &found.id, version, grace.map(minutes)).await?.version;
            Ok(message(format!("MCP config '{}' is what it was at version {version}, as version {now}", found.name)))
        }
        Verb::Set { name, answer_bytes, tools, hold_changes, user_verify_url, sign_in, questions } => {
            let found = find(app, ctx, &name).await?;
            set(app, ctx, found, Said { answer_bytes, tools, hold_changes, user_verify_url, sign_in, questions }).await
        }
        Verb::Held { name, tool, digest } => {
            held_back(app, ctx, &find(app, ctx, &name).await?, tool.as_deref(), digest.as_deref()).await
        }
        Verb::Accept { name, tool, digest } => {
            let found = find(app, ctx, &name).await?;
            let count = held::accept(app, ctx, &found, tool.as_deref(), digest.as_deref()).await?;
            Ok(message(format!("{count} tools are accepted as they are now, in MCP config '{}'", found.name)))
        }
        Verb::Delete { name } => {
            let found = find(app, ctx, &name).await?;
            configs::delete(app, ctx, &found.id).await?;
            Ok(message(format!("MCP config '{}' and its instances are deleted", found.name)))
        }
    }
}

async fn get(app: &App, ctx: &Ctx, found: &McpConfig) -> Result<Reply> {
    let connections: Vec<_> = found.mappings.iter().map(mapped).collect();
    let graces = configs::graces(app, ctx, found).await?;
    let graces: Vec<_> = graces.iter().map(|(grace, mapping)| graced(grace, mapping)).collect();
    Ok(one(json!({
        "name": found.name, "id": found.id, "description": found.description, "connections": connections,
        "answer_bytes": found.options.answer_bytes, "tool_answer_bytes": found.options.tool_answer_bytes,
        "hold_changes": found.options.hold_changes, "approvals": found.options.approvals.words(),
        "user_verify_url": found.options.user_verify_url, "sign_in": found.options.sign_in,
        "questions": found.options.questions, "still_callable": graces,
    })))
}

async fn update(
    app: &App,
    ctx: &Ctx,
    found: McpConfig,
    (description, mappings, grace): (Option<String>, Vec<configs::NewMapping>, Option<u32>),
) -> Result<Reply> {
    let mappings = (!mappings.is_empty()).then_some(mappings);
    let edit = configs::Edit { description, mappings, grace: grace.map(minutes), ..configs::Edit::default() };
    ensure!(
        edit.description.is_some() || edit.mappings.is_some() || edit.grace.is_some(),
        "nothing would change: give --description, --connection or --grace"
    );
    let now = configs::edit(app, ctx, found, edit).await?;
    Ok(message(format!("MCP config '{}' is changed, as version {}", now.name, now.version)))
}

/// What is to be said beside a config's connections; what is absent stays.
struct Said {
    answer_bytes: Option<u32>,
    tools: Vec<String>,
    hold_changes: Option<bool>,
    user_verify_url: Option<String>,
    sign_in: Option<bool>,
    questions: Option<bool>,
}

async fn set(app: &App, ctx: &Ctx, found: McpConfig, said: Said) -> Result<Reply> {
    let mut options = found.options.clone();
    options.answer_bytes = said.answer_bytes.map_or(options.answer_bytes, limit);
    options.hold_changes = said.hold_changes.unwrap_or(options.hold_changes);
    options.sign_in = said.sign_in.unwrap_or(options.sign_in);
    options.questions = said.questions.unwrap_or(options.questions);
    if let Some(url) = said.user_verify_url {
        options.user_verify_url = Some(url).filter(|url| !url.is_empty());
    }
    for text in &said.tools {
        let (tool, bytes) = tool_limit(text)?;
        match limit(bytes) {
            Some(bytes) => options.tool_answer_bytes.insert(tool, bytes),
            None => options.tool_answer_bytes.remove(&tool),
        };
    }
    ensure!(
        options != found.options,
        "nothing would change: give --answer-bytes, --tool, --hold-changes, --user-verify-url, --sign-in or --questions"
    );
    let now = edited(app, ctx, found, options).await?;
    Ok(message(format!("MCP config '{}' is changed, as version {}", now.name, now.version)))
}

/// Saves what a config says beside its connections.
async fn edited(app: &App, ctx: &Ctx, config: McpConfig, options: Options) -> Result<McpConfig> {
    let edit = configs::Edit { options: Some(options), ..configs::Edit::default() };
    Ok(configs::edit(app, ctx, config, edit).await?)
}

async fn all_versions(app: &App, ctx: &Ctx, config: &McpConfig) -> Result<Reply> {
    let found = all_behind!(|before| versions::list(app, ctx, &config.id, before, PAGE), |last| last.version);
    Ok(rows(found.iter().map(|one| {
        let (made, current) = (moment(one.created_at), one.version == config.version);
        json!({"version": one.version, "made": made, "now": current, "connections": one.connections, "description": one.description})
    })))
}

async fn diff(app: &App, ctx: &Ctx, config: &McpConfig, from: Option<i64>, to: Option<i64>) -> Result<Reply> {
    let to = to.unwrap_or(config.version);
    let from = from.unwrap_or(to - 1);
    ensure!(from > 0, "there is nothing before version 1: name two with --from and --to");
    let before = versions::get(app, ctx, &config.id, from).await?;
    let after = versions::get(app, ctx, &config.id, to).await?;
    let difference = versions::difference(&before, &after);
    let words = difference
        .description
        .iter()
        .map(|(old, new)| json!({"what": "description", "how": "changed", "added": [new], "removed": [old]}));
    let connections = difference
        .connections
        .iter()
        .map(|one| json!({"what": one.connection, "how": one.how.words(), "added": one.added, "removed": one.removed}));
    let options = difference
        .options
        .iter()
        .map(|(old, new)| json!({"what": "options", "how": "changed", "added": [json!(new).to_string()], "removed": [json!(old).to_string()]}));
    let found = rows(words.chain(options).chain(connections));
    let same = found.rows.is_empty().then(|| format!("versions {from} and {to} are the same"));
    Ok(Reply { note: same, ..found })
}

/// What waits; of one tool each definition with what it was before.
async fn held_back(
    app: &App,
    ctx: &Ctx,
    config: &McpConfig,
    tool: Option<&str>,
    digest: Option<&str>,
) -> Result<Reply> {
    let row = |one: &held::Waiting| {
        let seen = moment(one.seen_at);
        json!({"tool": one.name, "connection": one.connection, "digest": one.digest, "seen": seen, "new": !one.changed})
    };
    if let Some(tool) = tool {
        let (found, more) = held::looked_at(app, ctx, &config.id, tool, digest).await?;
        let note = (more > 0).then(|| format!("{more} older definitions wait: name one with --digest"));
        let found = rows(found.iter().map(|one| {
            let mut row = row(&one.waiting);
            if let Some(members) = row.as_object_mut() {
                members.extend([("before".to_owned(), json!(one.before)), ("now".to_owned(), json!(one.now))]);
            }
            row
        }));
        return Ok(Reply { note, ..found });
    }
    let waiting = held::waiting(app, ctx, &config.id, None).await?;
    let rest = held::count(app, ctx, &config.id).await? - i64::try_from(waiting.len())?;
    let note = (rest > 0).then(|| format!("{rest} more wait: name a --tool, or accept some first"));
    Ok(Reply { note, ..rows(waiting.iter().map(row)) })
}

/// 0 is none.
fn limit(bytes: u32) -> Option<u32> {
    (bytes > 0).then_some(bytes)
}

/// `tool=bytes`.
fn tool_limit(text: &str) -> Result<(String, u32)> {
    let parts =
        text.split_once('=').and_then(|(tool, bytes)| Some((tool.trim().to_owned(), bytes.trim().parse().ok()?)));
    parts.filter(|(tool, _)| !tool.is_empty()).ok_or_else(|| anyhow!("--tool {text} is not TOOL=BYTES"))
}

/// By its name; or by its id, which no config has for a name unless somebody chose it for one.
async fn find(app: &App, ctx: &Ctx, which: &str) -> Result<McpConfig> {
    let by_name = configs::by_name(app, ctx, which).await;
    let unknown = by_name.as_ref().is_err_and(|error| error.kind() == Kind::NotFound);
    match ConfigId::parse(which) {
        Ok(id) if unknown => Ok(configs::get(app, ctx, &id).await?),
        _ => Ok(by_name?),
    }
}

/// As [`mapping`] reads it.
fn mapped(mapping: &Mapping) -> String {
    match mapping.tools.as_slice() {
        [] => mapping.connection_name.to_string(),
        tools => format!("{}={}", mapping.connection_name, tools.join(",")),
    }
}

/// What was taken out and can still be called.
fn graced(grace: &Grace, of: &Mapping) -> String {
    format!("{}: {}, until {}", of.connection_name, grace.words(), moment(grace.until))
}

fn minutes(minutes: u32) -> Duration {
    Duration::from_secs(u64::from(minutes) * 60)
}

/// `MY_GMAIL` or `MY_GMAIL=tool,tool`. No tools mean all of them, so a list that is there has to name one: a shell's
/// variable that turned out empty opens nothing.
fn mapping(text: &str) -> Result<configs::NewMapping> {
    let Some((connection, tools)) = text.split_once('=') else {
        return Ok(configs::NewMapping { connection: text.to_owned(), tools: vec![] });
    };
    let named = tools.split(',').map(str::trim).filter(|tool| !tool.is_empty());
    let tools: Vec<_> = named.map(str::to_owned).collect();
    ensure!(!tools.is_empty(), "--connection {text} names no tool: leave the = out to allow all of {connection}'s");
    Ok(configs::NewMapping { connection: connection.to_owned(), tools })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_list_of_tools_is_not_all_of_them() {
        assert_eq!(mapping("MY_GMAIL").unwrap().tools, Vec::<String>::new());
        assert_eq!(mapping("MY_GMAIL=a, b,").unwrap().tools, ["a", "b"]);
        for empty in ["MY_GMAIL=", "MY_GMAIL= , "] {
            assert!(mapping(empty).is_err(), "{empty}");
        }
    }
}
