//! The use cases, one file for each noun. This is the only room where an opened secret, a rendered request and a
//! socket meet: surfaces above it know none of the three, rooms below it know one each.
//!
//! Every function takes the [`App`] and, but for the doors, a [`Ctx`](valetkey_domain::Ctx) that says for which
//! environment and whom. Read [`doors`] first (where a `Ctx` comes from), then [`instances`], then [`execute`].

pub mod accounts;
pub mod authorize;
pub mod backup;
mod bounds;
pub mod browsers;
pub mod clients;
pub mod configs;
pub mod connections;
mod credential;
pub mod doctor;
pub mod doors;
pub mod environments;
mod error;
pub mod execute;
pub mod failpoint;
pub mod housekeeping;
pub mod installation;
pub mod instances;
pub mod journal;
pub mod keyring;
pub mod keys;
pub mod metrics;
mod oauth;
#[cfg(test)]
mod provider;
pub mod readiness;
pub mod recovery;
pub mod refresh;
pub mod restore;
mod revoke;
#[cfg(test)]
mod round_trips;
pub mod served;
mod settings;
mod used;

pub use bounds::{Bounds, Limit};
pub use error::{Error, Result};
pub use metrics::Metrics;
pub use settings::Settings;
pub use valetkey_storage::{Listed, Page};

use std::ops::Deref;
use std::sync::Arc;
use tokio_util::task::TaskTracker;
use valetkey_connectors::Catalog;
use valetkey_domain::{Clock, Rng, Timestamp};
use valetkey_outbound::Outbound;
use valetkey_storage::Store;

/// The system, as its surfaces hold it. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Parts>);

/// What the system is made of; the server builds these and hands them over.
pub struct Parts {
    /// The database.
    pub store: Store,
    /// The data keys, opened while they are used.
    pub keyring: keyring::Keyring,
    /// The connectors that are loaded.
    pub catalog: Catalog,
    /// The way out.
    pub outbound: Outbound,
    /// The journal's one writer.
    pub journal: journal::Writer,
    /// Compiled tool sets and the limits of calls in flight.
    pub served: served::Sets,
    /// Refreshes under way, and what is known of token endpoints.
    pub refreshes: refresh::Refreshes,
    /// Calls in flight, counted.
    pub limits: execute::Limits,
    /// What is counted.
    pub metrics: Metrics,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Randomness for ids.
    pub rng: Arc<dyn Rng>,
    /// Where effects that outlive their caller run; shutdown waits for it.
    pub tasks: TaskTracker,
    /// What the operator chose.
    pub settings: Settings,
}

impl App {
    /// The system made of these parts.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }

    /// The present instant.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

impl Deref for App {
    type Target = Parts;
    fn deref(&self) -> &Parts {
        &self.0
    }
}
