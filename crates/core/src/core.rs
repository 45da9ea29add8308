//! What use cases work with, in one place.

use crate::journal::Writer;
use crate::keyring::Keyring;
use crate::{MemoryBudgets, Metrics, Result, Settings};
use prometheus_client::registry::Registry;
use std::sync::Arc;
use tokio::sync::Notify;
use tokio_util::task::TaskTracker;
use valetkey_connectors::Catalog;
use valetkey_domain::{Clock, Rng, Timestamp};
use valetkey_outbound::Outbound;
use valetkey_storage::Store;

/// What use cases work with. Whoever holds it can read and open everything, so `app` hands it to nobody.
pub struct Core {
    /// The database.
    pub store: Store,
    /// The data keys, opened while they are used.
    pub keyring: Keyring,
    /// The journal's one writer.
    pub journal: Writer,
    /// The connectors that are loaded.
    pub catalog: Catalog,
    /// The way out.
    pub outbound: Outbound,
    /// Memory for what callers send and apps answer.
    pub memory: MemoryBudgets,
    /// What is counted.
    pub metrics: Metrics,
    /// Rings when something was committed that a webhook is to be told of.
    pub deliveries: Notify,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Randomness for ids.
    pub rng: Arc<dyn Rng>,
    /// Where effects that outlive their caller run; shutdown waits for it.
    pub tasks: TaskTracker,
    /// What the operator chose.
    pub settings: Settings,
}

impl Core {
    /// Puts it together and starts the journal's writer.
    ///
    /// # Errors
    /// The key that seals the journal's records cannot be had.
    pub async fn start(
        store: Store,
        keyring: Keyring,
        catalog: Catalog,
        outbound: Outbound,
        settings: Settings,
        clock: Arc<dyn Clock>,
        rng: Arc<dyn Rng>,
    ) -> Result<Self> {
        let journal = Writer::start(store.clone(), keyring.clone(), clock.clone(), rng.clone()).await?;
        let (metrics, tasks) = (Metrics::default(), TaskTracker::new());
        let (deliveries, memory) = (Notify::new(), MemoryBudgets::of(&settings.bounds));
        Ok(Self {
            store,
            keyring,
            journal,
            catalog,
            outbound,
            memory,
            metrics,
            deliveries,
            clock,
            rng,
            tasks,
            settings,
        })
    }

    /// The present instant.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Makes what is counted here and below part of what a scrape is answered with.
    pub fn register(&self, registry: &mut Registry) {
        self.metrics.register(registry);
        self.store.metrics().register(registry);
        self.outbound.metrics().register(registry);
    }
}
