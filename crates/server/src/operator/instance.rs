//! MCP instances: one user's server.

use super::reply::{Reply, all, message, one, rows};
use anyhow::Result;
use clap::Subcommand;
use serde::{Deserialize, Serialize};
use serde_json::json;
use valetkey_app::App;
use valetkey_app::servers::instances;
use valetkey_domain::Ctx;
use valetkey_domain::instance::McpInstance;

#[derive(Subcommand, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verb {
    /// A user's instance on a config, made if there is none; prints its URL
    Ensure {
        /// The config's name
        config: String,
        /// The user
        identifier: String,
        /// The instance's name
        #[arg(long)]
        name: Option<String>,
    },
    /// All instances, or one user's
    List {
        /// The user
        #[arg(long)]
        identifier: Option<String>,
    },
    /// One instance, with its URL
    Get {
        /// Its id (inst_...)
        id: String,
    },
    /// How far an instance's user has signed in, with links
    Auth {
        /// Its id (inst_...)
        id: String,
    },
    /// Give an instance another URL, when the one it has is known to somebody else: that one stops at once
    RotateUrl {
        /// Its id (inst_...)
        id: String,
    },
    /// Remove an instance: its URL stops at once
    Delete {
        /// Its id (inst_...)
        id: String,
    },
}

/// Carries a verb out.
///
/// # Errors
/// The use case's own, in its words.
pub(super) async fn perform(app: &App, ctx: &Ctx, verb: Verb) -> Result<Reply> {
    match verb {
        Verb::Ensure { config, identifier, name } => {
            let made = instances::ensure(app, ctx, instances::Ensure { config, identifier, name }).await?;
            instance_with_url(app, ctx, &made).await
        }
        Verb::Get { id } => instance_with_url(app, ctx, &instances::get(app, ctx, &id.try_into()?).await?).await,
        Verb::List { identifier } => {
            let filter = instances::Filter { identifier, ..instances::Filter::default() };
            let found = all!(|page| instances::list(app, ctx, &filter, &page));
            Ok(rows(
                found
                    .iter()
                    .map(|i| json!({"id": i.id, "config": i.config_name, "identifier": i.identifier, "name": i.name})),
            ))
        }
        Verb::Auth { id } => {
            let states = instances::auth_state(app, ctx, &id.try_into()?, true).await?;
            Ok(rows(states.iter().map(|state| {
                let link = state.link.as_ref().map(|link| link.url.clone());
                json!({"connection": state.connection.name, "status": state.status.name(), "link": link})
            })))
        }
        Verb::RotateUrl { id } => {
            instance_with_url(app, ctx, &instances::rotate_url(app, ctx, &id.try_into()?).await?).await
        }
        Verb::Delete { id } => {
            instances::delete(app, ctx, &id.try_into()?).await?;
            Ok(message("deleted: its URL answers 404 now"))
        }
    }
}

async fn instance_with_url(app: &App, ctx: &Ctx, instance: &McpInstance) -> Result<Reply> {
    let url = instances::url(app, ctx, instance).await?;
    Ok(one(json!({
        "id": instance.id, "config": instance.config_name, "identifier": instance.identifier, "name": instance.name,
        "url": url.expose(),
    })))
}
