//! Connectors: the kinds of app there are.

use super::{Reply, one, rows};
use anyhow::{Result, anyhow};
use clap::Subcommand;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;
use valetkey_app::App;
use valetkey_connectors::Connector;

#[derive(Subcommand, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verb {
    /// All that are loaded
    List,
    /// One, with the tools it has
    Get {
        /// Its slug, such as googlecalendar
        slug: String,
    },
}

/// Carries a verb out.
///
/// # Errors
/// The use case's own, in its words.
pub(super) fn perform(app: &App, verb: Verb) -> Result<Reply> {
    match verb {
        Verb::List => Ok(rows(app.catalog.connectors().map(|c| {
            json!({"connector": c.slug, "name": c.display_name, "provider": c.provider_key(), "tools": c.tools.len()})
        }))),
        Verb::Get { slug } => {
            let found = of(app, &slug)?;
            Ok(one(json!({
                "connector": found.slug, "name": found.display_name, "provider": found.provider_key(),
                "scopes": found.default_scopes, "tools": found.tools.keys().collect::<Vec<_>>(),
            })))
        }
    }
}

/// The connector of this slug.
///
/// # Errors
/// There is none; the message names the nearest.
pub(super) fn of(app: &App, slug: &str) -> Result<Arc<Connector>> {
    app.catalog.connector(slug).ok_or_else(|| {
        let near = app.catalog.nearest_connector(slug).map(|near| format!("; did you mean '{near}'?"));
        anyhow!("there is no connector '{slug}'{}", near.unwrap_or_default())
    })
}
