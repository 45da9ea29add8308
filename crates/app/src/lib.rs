//! The use cases, in numbered rooms. This is the only crate where an opened secret, a rendered request and a socket
//! meet: surfaces above it know none of the three, crates below it know one each.
//!
//! ```text
//! 1 connections, tenancy    2 credentials, entrance    3 accounts    4 consent, events, upstream    5 servers, tools    6 calls, insight    7 upkeep
//! ```
//! A room names rooms of a lower number only (the house test holds it), so each file can be read with what lies below
//! it in mind and nothing above. All stand on [`valetkey_core`], which they hand to nobody.
//!
//! Every function takes the [`App`] and, but for the doors, a [`Ctx`](valetkey_domain::Ctx) that says for which
//! environment and whom. Read [`entrance::doors`] first (where a caller's `Ctx` comes from), then
//! [`servers::instances`], then [`calls`].

pub mod accounts;
mod at_work;
pub mod calls;
pub mod connections;
pub mod consent;
pub mod credentials;
pub mod entrance;
pub mod events;
#[cfg(test)]
mod fixture;
mod in_flight;
pub mod insight;
#[cfg(test)]
mod log;
mod parts;
mod retry;
#[cfg(test)]
mod round_trips;
pub mod servers;
pub mod stays;
pub mod tenancy;
pub mod tools;
pub mod upkeep;
pub(crate) mod upstream;

pub use valetkey_core::{Bounds, Error, KnownBy, Limit, Metrics, Result, Settings, SignOn, metrics::Streaming};
pub use valetkey_storage::{Listed, Page};

use prometheus_client::registry::Registry;
use serde_json::Value;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::task::TaskTracker;
use valetkey_connectors::Catalog;
use valetkey_core::Core;
use valetkey_domain::Timestamp;
use valetkey_domain::id::{AccountId, EnvironmentId};

/// The system, as its surfaces hold it. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Inside>);

/// What the rooms work with. Nothing of it is seen outside of this crate: a surface reaches neither database nor keys.
pub struct Inside {
    pub(crate) core: Core,
    pub(crate) discoveries: connections::Discoveries,
    pub(crate) imports: connections::Imports,
    pub(crate) refreshes: credentials::refresh::Refreshes,
    /// Where tokens are revoked that were due.
    pub(crate) revoking: at_work::AtWork<valetkey_domain::id::EnvironmentId>,
    pub(crate) sets: servers::Sets,
    pub(crate) documents: servers::Documents,
    pub(crate) searched: tools::Searched,
    pub(crate) upstreams: upstream::Upstreams,
    pub(crate) remote_sessions: accounts::remote_sessions::RemoteSessions,
    pub(crate) limits: calls::Limits,
    pub(crate) shown_links: consent::ShownLinks,
    pub(crate) deliveries: events::Deliveries,
    pub(crate) asking: entrance::Asking,
    pub(crate) users_asking: entrance::Asking,
    pub(crate) tries: entrance::Tries,
    pub(crate) hours: insight::KeptHours,
}

impl App {
    /// The system on this ground.
    #[must_use]
    pub fn new(core: Core) -> Self {
        let limits = calls::Limits::of(core.settings.bounds, core.memory.clone());
        Self(Arc::new(Inside {
            core,
            limits,
            shown_links: Default::default(),
            discoveries: Default::default(),
            imports: Default::default(),
            refreshes: Default::default(),
            revoking: Default::default(),
            sets: Default::default(),
            documents: Default::default(),
            searched: Default::default(),
            upstreams: Default::default(),
            remote_sessions: Default::default(),
            deliveries: Default::default(),
            asking: Default::default(),
            users_asking: Default::default(),
            tries: Default::default(),
            hours: Default::default(),
        }))
    }

    /// The present instant.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.core.now()
    }

    /// What the operator chose.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.core.settings
    }

    /// What is counted.
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        &self.core.metrics
    }

    /// The connectors that are loaded.
    #[must_use]
    pub fn catalog(&self) -> &Catalog {
        &self.core.catalog
    }

    /// The public keys, as `/keys` shows them (RFC 7517 §5).
    #[must_use]
    pub fn public_keys(&self) -> Value {
        self.core.keyring.jwks()
    }

    /// Where work that outlives its caller runs; [`App::end`] waits for it.
    #[must_use]
    pub fn tasks(&self) -> &TaskTracker {
        &self.core.tasks
    }

    /// Of each limit on calls, how many are in flight: of this account, this environment and this process; with the most
    /// that may be.
    pub(crate) fn in_flight(&self, environment: &EnvironmentId, account: &AccountId) -> [(Limit, usize, usize); 3] {
        self.limits.in_flight(environment, account)
    }

    /// Makes what is counted part of what a scrape is answered with.
    pub fn register(&self, registry: &mut Registry) {
        self.core.register(registry);
        self.limits.register(registry);
        self.refreshes.register(registry, self.core.clock.clone());
    }

    /// Waits so long for effects under way, then writes the journal to its end. False if some were still under way.
    pub async fn end(&self, patience: Duration) -> bool {
        self.core.tasks.close();
        let ended = tokio::time::timeout(patience, self.core.tasks.wait()).await.is_ok();
        self.core.journal.close().await;
        ended
    }
}

impl Deref for App {
    type Target = Inside;
    fn deref(&self) -> &Inside {
        &self.0
    }
}
