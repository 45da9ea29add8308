//! The journal: who did what, for whom, and how it ended.

use super::{MOST, Reply, rows};
use anyhow::Result;
use clap::Subcommand;
use serde::{Deserialize, Serialize};
use serde_json::json;
use valetkey_app::{App, journal};
use valetkey_domain::Ctx;

#[derive(Subcommand, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verb {
    /// The newest records
    List {
        /// How many
        #[arg(long, default_value_t = 30)]
        limit: u32,
        /// Only what concerns this id
        #[arg(long)]
        subject: Option<String>,
    },
}

/// Carries a verb out.
///
/// # Errors
/// The use case's own, in its words.
pub(super) async fn perform(app: &App, ctx: &Ctx, verb: Verb) -> Result<Reply> {
    let Verb::List { limit, subject } = verb;
    let found = journal::newest(app, ctx, subject.as_deref(), limit.min(MOST)).await?;
    Ok(rows(found.iter().map(|record| {
        json!({
            "at": record.at.to_string(), "actor": record.actor, "action": record.action,
            "subject": record.subject, "phase": record.phase, "detail": record.detail,
        })
    })))
}
