//! Tools: what a connector can do.

use super::connector;
use super::reply::{Reply, one, rows};
use anyhow::Result;
use clap::Subcommand;
use serde::{Deserialize, Serialize};
use serde_json::json;
use valetkey_app::{App, Error};

#[derive(Subcommand, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verb {
    /// All tools, or one connector's
    List {
        /// The connector's slug
        connector: Option<String>,
    },
    /// One tool, with the schema of its arguments
    Get {
        /// Its name, such as gmail_fetch_mails
        name: String,
    },
}

/// Carries a verb out.
///
/// # Errors
/// The use case's own, in its words.
pub(super) fn perform(app: &App, verb: Verb) -> Result<Reply> {
    match verb {
        Verb::List { connector } => {
            if let Some(slug) = &connector {
                connector::of(app, slug)?;
            }
            let wanted = app.catalog().connectors().filter(|c| connector.as_ref().is_none_or(|slug| *slug == c.slug));
            let tools = wanted.flat_map(|c| c.tools.values().cloned().collect::<Vec<_>>());
            Ok(rows(tools.map(|t| {
                let definition = &t.definition;
                json!({"tool": definition.name, "effect": definition.effect, "title": definition.title})
            })))
        }
        Verb::Get { name } => {
            let unknown = || Error::not_found("tool", &name).meant(app.catalog().nearest_tool(&name).as_deref());
            let (connector, tool) = app.catalog().tool(&name).ok_or_else(unknown)?;
            let definition = &tool.definition;
            Ok(one(json!({
                "tool": definition.name, "connector": connector.slug, "effect": definition.effect,
                "description": definition.description, "input_schema": definition.input_schema,
            })))
        }
    }
}
