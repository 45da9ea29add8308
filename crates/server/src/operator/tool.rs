//! Tools: what a connector can do.

use super::connector;
use super::reply::{Reply, one, rows};
use anyhow::Result;
use clap::Subcommand;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;
use valetkey_app::{App, Error};
use valetkey_connectors::Tool;

#[derive(Subcommand, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verb {
    /// All tools, or one connector's
    List {
        /// The connector's slug
        connector: Option<String>,
        /// Show what each costs in a model's context: bytes of its listing, and about how many tokens they are
        #[arg(long)]
        weight: bool,
    },
    /// One tool, with the schema of its arguments
    Get {
        /// Its name, such as gmail_fetch_mails
        name: String,
    },
}

/// About how many bytes of a listing are one token: what tokenizers of the large vendors make of JSON in English.
const BYTES_PER_TOKEN: usize = 4;

/// What tools cost in a context: name, description and schema as `tools/list` has them.
fn weighed(tools: impl Iterator<Item = (&'static str, Arc<Tool>)>) -> Reply {
    let mut all = 0;
    let mut count = 0;
    let mut listed: Vec<Value> = Vec::new();
    for (status, tool) in tools {
        let definition = &tool.definition;
        let shown = json!({
            "name": definition.name, "description": definition.description, "inputSchema": definition.input_schema,
        });
        let bytes = shown.to_string().len();
        all += bytes;
        count += 1;
        let tokens = bytes.div_ceil(BYTES_PER_TOKEN);
        listed.push(json!({"tool": definition.name, "status": status, "bytes": bytes, "tokens": tokens}));
    }
    let note = format!("{count} tools: {all} bytes, about {} tokens", all.div_ceil(BYTES_PER_TOKEN));
    Reply { note: Some(note), ..rows(listed) }
}

/// Carries a verb out.
///
/// # Errors
/// The use case's own, in its words.
pub(super) fn perform(app: &App, verb: Verb) -> Result<Reply> {
    match verb {
        Verb::List { connector, weight } => {
            if let Some(slug) = &connector {
                connector::of(app, slug)?;
            }
            let wanted = app.catalog().connectors().filter(|c| connector.as_ref().is_none_or(|slug| *slug == c.slug));
            let tools = wanted.flat_map(|c| c.tools.values().cloned().map(|t| (c.status(), t)).collect::<Vec<_>>());
            if weight {
                return Ok(weighed(tools));
            }
            Ok(rows(tools.map(|(status, t)| {
                let definition = &t.definition;
                json!({"tool": definition.name, "effect": definition.effect, "status": status, "title": definition.title})
            })))
        }
        Verb::Get { name } => {
            let unknown = || Error::not_found("tool", &name).meant(app.catalog().nearest_tool(&name).as_deref());
            let (connector, tool) = app.catalog().tool(&name).ok_or_else(unknown)?;
            let definition = &tool.definition;
            Ok(one(json!({
                "tool": definition.name, "connector": connector.slug, "effect": definition.effect,
                "status": connector.status(), "description": definition.description, "input_schema": definition.input_schema,
            })))
        }
    }
}
