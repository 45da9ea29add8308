//! API clients: what an app's SDK signs in with.

use super::backend::Backend;
use super::reply::{Reply, message, moment, one, rows};
use crate::sdk_access::SdkAccess;
use anyhow::Result;
use clap::Subcommand;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use valetkey_app::tenancy::{clients, tokens};
use valetkey_domain::Ctx;
use valetkey_domain::client::ApiClient;

#[derive(Subcommand, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verb {
    /// Make an API client; its secret is shown this once
    Create {
        /// What to call the client
        name: String,
        /// Forbid it to read users' tokens and to change where connections send them
        #[arg(long)]
        no_secrets: bool,
    },
    /// Give an API client another secret; the earlier ones go on until `expire`
    Rotate {
        /// Its id (skc_...)
        id: String,
    },
    /// End every secret of an API client but the newest, and all tokens it holds
    Expire {
        /// Its id (skc_...)
        id: String,
    },
    /// Remove an API client: its secrets and tokens stop at once
    Delete {
        /// Its id (skc_...)
        id: String,
    },
    /// All API clients
    List,
    /// One API client, without its secrets
    Get {
        /// Its id (skc_...)
        id: String,
    },
    /// A short-lived secret for a shell on this machine: what `env` asks the running server for
    #[command(skip)]
    Shell,
    /// A token for it: what `env --headers` asks the running server for
    #[command(skip)]
    ShellToken,
}

/// Carries a verb out.
///
/// # Errors
/// The use case's own, in its words.
pub(super) async fn perform(backend: &Backend, ctx: &Ctx, verb: Verb) -> Result<Reply> {
    let app = &backend.app;
    match verb {
        Verb::Create { name, no_secrets } => {
            let scopes = if no_secrets { vec![] } else { vec![clients::SECRETS_SCOPE.to_owned()] };
            Ok(issued(&clients::create(app, ctx, &name, scopes).await?))
        }
        Verb::Rotate { id } => Ok(issued(&clients::rotate(app, ctx, &id.try_into()?, None).await?)),
        Verb::Expire { id } => {
            let ended = clients::expire(app, ctx, &id.try_into()?).await?;
            Ok(message(format!("{ended} secrets ended; tokens already issued are worthless")))
        }
        Verb::Delete { id } => {
            clients::delete(app, ctx, &id.try_into()?).await?;
            Ok(message("deleted"))
        }
        Verb::Shell => {
            let issued = clients::shell(app, ctx).await?;
            let access = SdkAccess {
                sdk_url: app.settings().sdk(""),
                client_id: issued.client.id.to_string(),
                client_secret: issued.secret.expose().to_owned(),
                ca_bundle: backend.ca_bundle.clone(),
            };
            Ok(one(serde_json::to_value(access)?))
        }
        Verb::ShellToken => {
            let token = tokens::shell(app, ctx).await?;
            Ok(one(json!({ "access_token": token.access_token.expose() })))
        }
        Verb::List => Ok(rows(clients::list(app, ctx).await?.iter().map(client_row))),
        Verb::Get { id } => Ok(one(client_row(&clients::get(app, ctx, &id.try_into()?).await?))),
    }
}

fn client_row(client: &ApiClient) -> Value {
    json!({
        "client_id": client.id, "name": client.name, "scopes": client.scopes,
        "created_at": moment(client.created_at),
    })
}

/// The answer that carries a new secret: the only time it is ever shown.
fn issued(issued: &clients::Issued) -> Reply {
    let row = json!({
        "client_id": issued.client.id, "client_secret": issued.secret.expose(), "name": issued.client.name,
    });
    Reply { note: Some("The secret is shown this once: keep it where your app finds it.".into()), ..one(row) }
}
