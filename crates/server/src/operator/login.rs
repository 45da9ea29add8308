//! A one-time link into the dashboard.

use super::reply::{Reply, moment, one};
use crate::flags::GLOBAL;
use anyhow::Result;
use clap::Args;
use serde::{Deserialize, Serialize};
use serde_json::json;
use valetkey_app::App;
use valetkey_app::entrance::sign_in::{self, Link};
use valetkey_app::tenancy::members;

/// Whose link.
#[derive(Args, Serialize, Deserialize)]
pub(crate) struct Flags {
    /// The member to sign in [default: the first owner]
    #[arg(long, value_name = "NAME")]
    member: Option<String>,
    /// Print JSON instead of a table
    #[arg(long, help_heading = GLOBAL)]
    pub(super) json: bool,
}

/// Makes the link.
///
/// # Errors
/// There is no member of that name.
pub(super) async fn perform(app: &App, flags: Flags) -> Result<Reply> {
    let link = match flags.member {
        Some(name) => {
            let member = members::by_name(app, &name).await?;
            sign_in::link(app, &members::operator(app), &member).await?
        }
        None => sign_in::first_link(app).await?,
    };
    let note = "it signs in once; the link before it no longer opens".to_owned();
    Ok(Reply { note: Some(note), ..one(json!({ "link": url(app, &link), "opens_until": moment(link.expires_at) })) })
}

/// Its address.
pub(crate) fn url(app: &App, link: &Link) -> String {
    app.settings().public(&format!("/login/{}", link.token.expose()))
}
