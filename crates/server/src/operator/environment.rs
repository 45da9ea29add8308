//! Environments: everything else belongs to exactly one.

use super::reply::{Reply, moment, one, rows};
use anyhow::Result;
use clap::Subcommand;
use serde::{Deserialize, Serialize};
use serde_json::json;
use valetkey_app::App;
use valetkey_app::tenancy::environments;
use valetkey_domain::environment::{Environment, VerifyMode};

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
    /// Change what people read as your app's name where they consent, and whether your app confirms them
    Update {
        /// The environment's name
        name: String,
        /// The app's name; an empty one shows the environment's own name again
        #[arg(long)]
        display_name: Option<String>,
        /// Whether your app says who signed in before it counts: none, b2b, or scalekit_platform, where only members of the
        /// dashboard sign in
        #[arg(long, value_name = "MODE")]
        user_verify_mode: Option<String>,
        /// Where your app does so, unless a link names another page; an empty one forgets it
        #[arg(long, value_name = "URL")]
        user_verify_url: Option<String>,
    },
    /// All environments
    List,
    /// One environment
    Get {
        /// Its name
        name: String,
    },
}

/// A mode by its name, or its name in the API.
fn mode(word: &str) -> Result<VerifyMode> {
    let word = word.to_ascii_lowercase();
    let short = word.strip_prefix("user_verify_mode_").unwrap_or(&word);
    let unknown = || anyhow::anyhow!("there is no mode '{word}': choose none, b2b or scalekit_platform");
    VerifyMode::named(short).ok_or_else(unknown)
}

/// Carries a verb out.
///
/// # Errors
/// The use case's own, in its words.
pub(super) async fn perform(app: &App, verb: Verb) -> Result<Reply> {
    let row = |e: &Environment| {
        json!({
            "name": e.name, "display_name": e.display_name, "user_verify_mode": e.user_verify_mode.map(VerifyMode::as_str),
            "user_verify_url": e.user_verify_url, "id": e.id, "created_at": moment(e.created_at),
        })
    };
    match verb {
        Verb::Create { name, display_name } => {
            Ok(one(row(&environments::create(app, &name, display_name.as_deref()).await?)))
        }
        Verb::Update { name, display_name, user_verify_mode, user_verify_url } => {
            let mode = user_verify_mode.as_deref().map(mode).transpose()?;
            if mode.is_some() || user_verify_url.is_some() {
                environments::verify_users(app, &name, mode, user_verify_url.as_deref()).await?;
            } else if display_name.is_none() {
                environments::rename(app, &name, None).await?;
            }
            if let Some(shown) = &display_name {
                environments::rename(app, &name, Some(shown.as_str()).filter(|shown| !shown.is_empty())).await?;
            }
            Ok(one(row(&environments::by_name(app, &name).await?)))
        }
        Verb::Get { name } => Ok(one(row(&environments::by_name(app, &name).await?))),
        Verb::List => Ok(rows(environments::list(app).await?.iter().map(row))),
    }
}
