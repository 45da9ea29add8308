//! Members: who may sign in to the dashboard, and as what.

use super::reply::{Reply, message, moment, one, rows};
use anyhow::Result;
use clap::Subcommand;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use valetkey_app::App;
use valetkey_app::tenancy::members;
use valetkey_domain::member::{Member, Role};

#[derive(Subcommand, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verb {
    /// Add a member; `valetkey login --member NAME` prints the link to send
    Create {
        /// What the person signs in as, such as a mail address
        name: String,
        /// owner, developer, auditor or support
        #[arg(long, value_parser = role)]
        role: Role,
    },
    /// Give a member another role
    Update {
        /// The member's name
        name: String,
        /// owner, developer, auditor or support
        #[arg(long, value_parser = role)]
        role: Role,
    },
    /// All members
    List,
    /// One member
    Get {
        /// The member's name
        name: String,
    },
    /// Remove a member, who is signed out everywhere at once
    Delete {
        /// The member's name
        name: String,
    },
}

fn role(word: &str) -> Result<Role, String> {
    Role::try_from(word.to_owned()).map_err(|error| error.to_string())
}

/// Carries a verb out.
///
/// # Errors
/// The use case's own, in its words.
pub(super) async fn perform(app: &App, verb: Verb) -> Result<Reply> {
    let ctx = &members::operator(app);
    match verb {
        Verb::Create { name, role } => Ok(one(row(&members::create(app, ctx, &name, role).await?))),
        Verb::Update { name, role } => {
            let member = members::by_name(app, &name).await?;
            members::set_role(app, ctx, &member.id, role).await?;
            Ok(one(row(&Member { role, ..member })))
        }
        Verb::List => Ok(rows(members::list(app).await?.iter().map(row))),
        Verb::Get { name } => Ok(one(row(&members::by_name(app, &name).await?))),
        Verb::Delete { name } => {
            let member = members::by_name(app, &name).await?;
            members::delete(app, ctx, &member.id).await?;
            Ok(message(format!("member '{}' is removed and signed out everywhere", member.name)))
        }
    }
}

fn row(member: &Member) -> Value {
    json!({
        "name": member.name, "role": member.role, "id": member.id,
        "password": if member.has_password { "set" } else { "none" }, "created_at": moment(member.created_at),
    })
}
