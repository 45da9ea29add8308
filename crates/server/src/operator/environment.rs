//! Environments: everything else belongs to exactly one.

use super::reply::{Reply, moment, one, rows};
use anyhow::Result;
use clap::Subcommand;
use serde::{Deserialize, Serialize};
use serde_json::json;
use valetkey_app::App;
use valetkey_app::tenancy::environments;
use valetkey_domain::environment::Environment;

#[derive(Subcommand, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verb {
    /// Make an environment
    Create {
        /// What you call it, such as production
        name: String,
        /// What your app's users read as its name where they consent [default: NAME]
        #[arg(long)]
        display_name: Option<String>,
    },
    /// Change what people read as your app's name where they consent
    Update {
        /// The environment's name
        name: String,
        /// The app's name; without it the environment's own name is shown again
        #[arg(long)]
        display_name: Option<String>,
    },
    /// All environments
    List,
    /// One environment
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
    let row = |e: &Environment| {
        json!({
            "name": e.name, "display_name": e.display_name, "id": e.id, "created_at": moment(e.created_at),
        })
    };
    match verb {
        Verb::Create { name, display_name } => {
            Ok(one(row(&environments::create(app, &name, display_name.as_deref()).await?)))
        }
        Verb::Update { name, display_name } => {
            Ok(one(row(&environments::rename(app, &name, display_name.as_deref()).await?)))
        }
        Verb::Get { name } => Ok(one(row(&environments::by_name(app, &name).await?))),
        Verb::List => Ok(rows(environments::list(app).await?.iter().map(row))),
    }
}
