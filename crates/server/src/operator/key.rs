//! Keys: which there are, and another in place of one.

use super::backend::Backend;
use super::reply::{Reply, message, moment, rows};
use anyhow::Result;
use clap::{Subcommand, ValueEnum};
use serde::{Deserialize, Serialize};
use serde_json::json;
use valetkey_app::upkeep::{installation, keys};
use valetkey_core::keyring::Root;
use valetkey_vault::Purpose;

#[derive(Subcommand, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verb {
    /// The data keys: what they are for, and which root key wraps them
    List,
    /// The root keys at hand, and how many data keys each wraps
    Roots,
    /// Put another key in the place of one, while the server goes on
    Rotate {
        #[command(subcommand)]
        what: Rotate,
    },
}

#[derive(Subcommand, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Rotate {
    /// The root key: all data keys are wrapped under another one
    Root {
        /// Which, as `key roots` names it [default: the one behind the present one, else a new one]
        #[arg(long, value_name = "NAME")]
        to: Option<String>,
    },
    /// Data keys: what is stored is sealed under new ones
    Data {
        /// Only keys of this purpose; several times for several [default: all but url]
        #[arg(long)]
        purpose: Vec<Named>,
        /// Only keys of this environment, by name [default: of all]
        #[arg(long, value_name = "NAME")]
        environment: Option<String>,
    },
}

/// The purposes that can be named at the command line.
#[derive(Clone, Copy, Debug, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Named {
    /// Users' tokens
    Credential,
    /// OAuth clients' secrets
    Client,
    /// What signs webhooks
    Webhook,
    /// Consents in flight
    Flow,
    /// The key that signs tokens, and what it is sealed under
    Signing,
    /// The journal's seals and digests
    Journal,
    /// Instance URLs: every URL changes, and the old ones stop at once
    Url,
}

impl From<Named> for Purpose {
    fn from(named: Named) -> Self {
        match named {
            Named::Credential => Self::Credential,
            Named::Client => Self::Client,
            Named::Webhook => Self::Webhook,
            Named::Flow => Self::Flow,
            Named::Signing => Self::Signing,
            Named::Journal => Self::Journal,
            Named::Url => Self::Url,
        }
    }
}

/// Carries a verb out.
///
/// # Errors
/// The use case's own, in its words.
pub(super) async fn perform(backend: &Backend, verb: Verb) -> Result<Reply> {
    match verb {
        Verb::List => list(backend).await,
        Verb::Roots => roots(backend).await,
        Verb::Rotate { what: Rotate::Root { to } } => rotate_root(backend, to.as_deref()).await,
        Verb::Rotate { what: Rotate::Data { purpose, environment } } => {
            let purposes = purpose.into_iter().map(Purpose::from).collect();
            rotate_data(backend, &keys::KeySelection { environment, purposes }).await
        }
    }
}

async fn list(backend: &Backend) -> Result<Reply> {
    let found = keys::list(&backend.app).await?;
    Ok(rows(found.iter().map(|key| {
        json!({
            "id": key.id, "environment": key.environment.as_deref().unwrap_or("(all)"), "purpose": key.purpose,
            "generation": key.generation, "state": if key.newest { "newest" } else { "superseded" },
            "root": key.root, "created_at": moment(key.created_at),
        })
    })))
}

async fn roots(backend: &Backend) -> Result<Reply> {
    let (uses, at_hand) = (keys::root_uses(&backend.app).await?, keys::roots_at_hand(&backend.app));
    let wraps = keys::wrapping_root(&backend.app).await?;
    Ok(rows(uses.iter().map(|(root, count)| {
        json!({"root": root, "data_keys": count, "wraps_new": *root == wraps, "at_hand": at_hand.contains(root)})
    })))
}

async fn rotate_data(backend: &Backend, which: &keys::KeySelection) -> Result<Reply> {
    let done = keys::rotate(&backend.app, which, backend.progress.as_ref()).await?;
    let mut note = format!("{} new data keys; {} stored values were sealed again", done.made, done.resealed);
    if done.urls {
        note.push_str(
            "\nEvery instance URL of the environment has changed and the old ones answer 404: apps get the new ones \
             when they ensure or get their instances, MCP clients must be given them",
        );
    }
    Ok(message(note))
}

async fn rotate_root(backend: &Backend, named: Option<&str>) -> Result<Reply> {
    let source = &backend.settings.roots;
    for key in source.keys()? {
        keys::learn_root(&backend.app, Root::Key(key));
    }
    let keys::RootGoal { to, old } = keys::root_goal(&backend.app, named, || source.add()).await?;
    backend.presence.show(&backend.app).await?;
    let count = keys::rotate_root(&backend.app, &to, backend.progress.as_ref()).await?;
    let done = format!("{count} data keys were wrapped under {to}, which wraps new ones too");
    if old.is_empty() {
        return Ok(message(done));
    }
    let old = old.join(", ");
    // Where other processes read keys of their own, whoever put the new one there takes the old one away.
    let removed = installation::is_alone(&backend.app) && source.leave_only(&to)?;
    let then = if removed {
        format!("The old root key {old} is no longer in {}: backups made before need it", source.file.display())
    } else {
        format!("Nothing needs the old root key {old} any more but backups made before: take it away from where it is")
    };
    Ok(message(format!("{done}\n{then}")))
}
