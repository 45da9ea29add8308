//! MCP configs: which connections and tools a user's server shows.

use super::{Reply, everything, one, rows, said};
use anyhow::Result;
use clap::Subcommand;
use serde::{Deserialize, Serialize};
use serde_json::json;
use valetkey_app::{App, configs};
use valetkey_domain::Ctx;
use valetkey_domain::config::Mapping;

#[derive(Subcommand, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verb {
    /// Make one
    Create {
        /// What to call it
        name: String,
        /// What it is for
        #[arg(long, default_value = "")]
        description: String,
        /// A connection and its tools: MY_GMAIL, or MY_GMAIL=tool,tool; may be given several times
        #[arg(long = "connection", required = true)]
        connections: Vec<String>,
    },
    /// All of them
    List,
    /// One, with its tools
    Get {
        /// Its name
        name: String,
    },
    /// Remove one, with its instances
    Delete {
        /// Its id (cfg_...)
        id: String,
    },
}

/// Carries a verb out.
///
/// # Errors
/// The use case's own, in its words.
pub(super) async fn perform(app: &App, ctx: &Ctx, verb: Verb) -> Result<Reply> {
    match verb {
        Verb::Create { name, description, connections } => {
            let mappings = connections.iter().map(|text| mapping(text)).collect();
            let made = configs::create(app, ctx, configs::New { name, description, mappings }).await?;
            Ok(one(json!({"name": made.name, "id": made.id, "mcp_server_url": configs::server_url(app, &made)})))
        }
        Verb::List => {
            let found = configs::list(app, ctx, &configs::Filter::default(), &everything()).await?;
            Ok(rows(found.items.iter().map(|c| {
                let connections: Vec<_> = c.mappings.iter().map(|m| m.connection_name.as_str()).collect();
                json!({"name": c.name, "id": c.id, "connections": connections, "description": c.description})
            })))
        }
        Verb::Get { name } => {
            let found = configs::by_name(app, ctx, &name).await?;
            let connections: Vec<_> = found.mappings.iter().map(mapped).collect();
            Ok(one(json!({
                "name": found.name, "id": found.id, "description": found.description, "connections": connections,
            })))
        }
        Verb::Delete { id } => {
            configs::delete(app, ctx, &id.try_into()?).await?;
            Ok(said("deleted, with its instances"))
        }
    }
}

/// As [`mapping`] reads it.
fn mapped(mapping: &Mapping) -> String {
    match mapping.tools.as_slice() {
        [] => mapping.connection_name.to_string(),
        tools => format!("{}={}", mapping.connection_name, tools.join(",")),
    }
}

/// `MY_GMAIL` or `MY_GMAIL=tool,tool`.
fn mapping(text: &str) -> configs::NewMapping {
    let (connection, tools) = text.split_once('=').unwrap_or((text, ""));
    let tools = tools.split(',').map(str::trim).filter(|tool| !tool.is_empty()).map(str::to_owned).collect();
    configs::NewMapping { connection: connection.to_owned(), tools }
}
