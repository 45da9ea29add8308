//! Environments: everything else belongs to exactly one.

use super::{Reply, one, rows};
use anyhow::Result;
use clap::Subcommand;
use serde::{Deserialize, Serialize};
use serde_json::json;
use valetkey_app::{App, environments};
use valetkey_domain::environment::Environment;

#[derive(Subcommand, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verb {
    /// Make one
    Create {
        /// What to call it
        name: String,
    },
    /// All of them
    List,
    /// One
    Get {
        /// Its name
        name: String,
    },
}

/// Carries a verb out.
///
/// # Errors
/// The use case's own, in its words.
pub(super) async fn perform(app: &App, verb: Verb) -> Result<Reply> {
    let row = |e: &Environment| json!({"id": e.id, "name": e.name, "created_at": e.created_at.to_string()});
    match verb {
        Verb::Create { name } => Ok(one(row(&environments::create(app, &name).await?))),
        Verb::Get { name } => Ok(one(row(&environments::by_name(app, &name).await?))),
        Verb::List => Ok(rows(environments::list(app).await?.iter().map(row))),
    }
}
