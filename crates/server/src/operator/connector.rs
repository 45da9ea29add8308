//! Connectors: the kinds of app there are.

use super::reply::{Reply, one, rows};
use anyhow::Result;
use clap::Subcommand;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;
use valetkey_app::{App, Error};
use valetkey_connectors::Connector;

#[derive(Subcommand, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verb {
    /// All connectors that are loaded: the shipped ones and your own
    List,
    /// One connector, with what its connections ask for and the names of its tools
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
        Verb::List => Ok(rows(app.catalog().connectors().map(|c| {
            json!({
                "connector": c.slug, "name": c.display_name, "provider": c.provider_key(), "auth": kinds(&c),
                "tools": c.tools.len(), "hosts": c.hosts,
            })
        }))),
        Verb::Get { slug } => {
            let found = of(app, &slug)?;
            Ok(one(json!({
                "connector": found.slug, "name": found.display_name, "provider": found.provider_key(),
                "auth": kinds(&found), "hosts": found.hosts, "scopes": found.default_scopes, "tools": found.tools.keys().collect::<Vec<_>>(),
            })))
        }
    }
}

/// The ways to sign in, the usual one first.
fn kinds(connector: &Connector) -> String {
    connector.ways.iter().map(|way| way.kind().as_str()).collect::<Vec<_>>().join(", ")
}

/// The connector of this slug.
///
/// # Errors
/// There is none; the message names the nearest.
pub(super) fn of(app: &App, slug: &str) -> Result<Arc<Connector>> {
    let unknown = || Error::not_found("connector", slug).meant(app.catalog().nearest_connector(slug).as_deref());
    Ok(app.catalog().connector(slug).ok_or_else(unknown)?)
}
