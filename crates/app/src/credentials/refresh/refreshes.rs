//! What a process keeps in memory about refreshing.

use super::breaker::Breakers;
use super::ending::RefreshEnd;
use crate::at_work::AtWork;
use crate::in_flight::InFlight;
use prometheus_client::registry::Registry;
use std::sync::Arc;
use valetkey_domain::Clock;
use valetkey_domain::id::AccountId;

/// What this process knows about refreshing: refreshes under way, and token endpoints that are down.
#[derive(Clone, Debug, Default)]
pub struct Refreshes {
    pub(super) in_flight: InFlight<AccountId, RefreshEnd>,
    pub(super) breakers: Breakers,
    /// The addresses of the token endpoints at which tokens are refreshed ahead.
    pub(super) at_work: AtWork<String>,
}

impl Refreshes {
    /// Makes what is known of token endpoints part of what a scrape is answered with.
    pub fn register(&self, registry: &mut Registry, clock: Arc<dyn Clock>) {
        self.breakers.register(registry, clock);
    }
}
