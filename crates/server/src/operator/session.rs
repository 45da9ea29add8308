//! Session tokens: a user's agent at a static MCP URL, for a while.

use super::reply::{Reply, message, moment, one};
use anyhow::{Result, bail};
use clap::Subcommand;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::time::Duration;
use valetkey_app::App;
use valetkey_app::servers::configs;
use valetkey_app::servers::sessions::{self, SessionTarget, WantedToken};
use valetkey_domain::Ctx;
use valetkey_domain::name::Identifier;
use valetkey_domain::session::Access;

#[derive(Subcommand, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verb {
    /// A session token for a user, to try a static MCP URL with
    Create {
        /// The user
        identifier: String,
        /// For the server of this config, by name
        #[arg(long, value_name = "NAME", required_unless_present = "connection", conflicts_with = "connection")]
        config: Option<String>,
        /// For the server of this connection, by name
        #[arg(long, value_name = "NAME")]
        connection: Option<String>,
        /// How long it lasts, from 1 to 1440 minutes
        #[arg(long, default_value_t = 60)]
        minutes: u32,
        /// Only tools that read
        #[arg(long)]
        read_only: bool,
    },
    /// End all session tokens that a user's agents hold; new ones can be made at once
    End {
        /// The user
        #[arg(required_unless_present = "everyone", conflicts_with = "everyone")]
        identifier: Option<String>,
        /// Those of all users of the environment
        #[arg(long)]
        everyone: bool,
    },
}

/// Carries a verb out.
///
/// # Errors
/// The use case's own, in its words.
pub(super) async fn perform(app: &App, ctx: &Ctx, verb: Verb) -> Result<Reply> {
    match verb {
        Verb::Create { identifier, config, connection, minutes, read_only } => {
            let of = match (config, connection) {
                (Some(name), None) => SessionTarget::Config(configs::by_name(app, ctx, &name).await?.id),
                (None, Some(name)) => SessionTarget::Connection(name),
                _ => bail!("give either --config or --connection"),
            };
            let access = if read_only { Access::ReadOnly } else { Access::Full };
            let life = Some(Duration::from_secs(u64::from(minutes) * 60));
            let made = sessions::create(app, ctx, WantedToken { of, identifier, life, access }).await?;
            let (url, token) = (made.url, made.token.expose());
            Ok(one(json!({"url": url, "token": token, "expires_at": moment(made.expires_at)})))
        }
        Verb::End { identifier: Some(identifier), everyone: false } => {
            sessions::end(app, ctx, Some(&Identifier::parse(&identifier)?)).await?;
            Ok(message(format!("the session tokens of '{identifier}' that were made until now are worthless")))
        }
        Verb::End { identifier: None, everyone: true } => {
            sessions::end(app, ctx, None).await?;
            Ok(message("all session tokens of the environment that were made until now are worthless"))
        }
        Verb::End { .. } => bail!("give a user or --everyone"),
    }
}
