//! Connectors: the kinds of app there are.

use super::backend::Backend;
use super::reply::{Reply, one, rows};
use super::{files, golden};
use crate::connector_files::Own;
use anyhow::Result;
use clap::Subcommand;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::path::PathBuf;
use std::sync::Arc;
use valetkey_app::{App, Error};
use valetkey_connectors::{Change, Connector};

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
    /// Write a small connector file that passes, to begin with
    New {
        /// What the connector is called: a-z, 0-9 and _
        slug: String,
        /// The folder to write it to
        #[arg(long, default_value = ".", value_name = "FOLDER")]
        folder: PathBuf,
    },
    /// Check connector files of your own, or all in a folder, as a start would; ends with status 1 if one is wrong
    Lint {
        /// Files and folders
        #[arg(required = true, value_name = "PATH")]
        paths: Vec<PathBuf>,
    },
    /// Check connector files of your own as the shipped ones are, against the digests that they name; ends with status 1 if
    /// one is wrong
    Check {
        /// Files and folders
        #[arg(required = true, value_name = "PATH")]
        paths: Vec<PathBuf>,
        /// A table of the tools that the connector shall have: name, required and optional arguments, `both` or `none`
        #[arg(long, value_name = "FILE")]
        names: Option<PathBuf>,
    },
    /// Play the golden requests of a connector file of your own; with --verify, try a credential at the app
    Test(golden::Flags),
    /// Print the JSON Schema of connector files, for editors
    Schema,
}

impl Verb {
    /// What is about files on this machine is done where it is asked for; nothing if it isn't.
    pub(super) fn about_files(&self) -> Option<Result<Reply>> {
        match self {
            Self::List | Self::Get { .. } => None,
            Self::New { slug, folder } => Some(files::new(slug, folder)),
            Self::Lint { paths } => Some(files::lint(paths)),
            Self::Check { paths, names } => Some(files::check(paths, names.as_deref())),
            Self::Test(flags) => Some(golden::test(flags)),
            Self::Schema => Some(Ok(files::schema())),
        }
    }

    /// The credential that is to be tried at an app.
    pub(super) const fn trial(&self) -> Option<&golden::Flags> {
        match self {
            Self::Test(flags) if flags.verify => Some(flags),
            _ => None,
        }
    }
}

/// Carries a verb out.
///
/// # Errors
/// The use case's own, in its words.
pub(super) fn perform(backend: &Backend, verb: Verb) -> Result<Reply> {
    let app = &backend.app;
    if let Some(reply) = verb.about_files() {
        return reply;
    }
    match verb {
        Verb::New { .. } | Verb::Lint { .. } | Verb::Check { .. } | Verb::Test(_) | Verb::Schema => {
            Ok(Reply::default())
        }
        Verb::List => Ok(Reply {
            note: refused(&backend.connectors),
            ..rows(app.catalog().connectors().map(|c| {
                json!({
                    "connector": c.slug, "name": c.display_name, "provider": c.provider_key(), "auth": kinds(& c),
                    "tools": c.tools.len(), "status": c.status(), "hosts": c.hosts,
                })
            }))
        }),
        Verb::Get { slug } => {
            let found = of(app, &slug)?;
            Ok(one(json!({
                "connector": found.slug, "name": found.display_name, "provider": found.provider_key(),
                "auth": kinds(&found), "status": found.status(), "hosts": found.hosts, "scopes": found.default_scopes, "tools": found.tools.keys().collect::<Vec<_>>(),
            })))
        }
    }
}

/// The files of one's own that are not in service as they are.
fn refused(own: &Own) -> Option<String> {
    let wrong = own.standing().into_iter().filter_map(|change| match change {
        Change::Refused { why, kept: Some(kept), .. } => Some(format!("{why} (`{kept}` is what it was before)")),
        Change::Refused { why, kept: None, .. } => Some(format!("{why} (it is not in service)")),
        Change::Taken { .. } | Change::Gone { .. } => None,
    });
    let wrong: Vec<_> = wrong.collect();
    (!wrong.is_empty()).then(|| format!("not in service as they are:\n{}", wrong.join("\n")))
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
