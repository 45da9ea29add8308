//! An agent that asks for tokens, and those whose documents were fetched a moment ago.

use super::redirects;
use moka::future::Cache;
use std::sync::Arc;
use std::time::Duration;
use valetkey_core::queue::Queues;
use valetkey_domain::id::EnvironmentId;

/// An agent that asks for tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agent {
    /// Its id.
    pub id: String,
    /// What it calls itself.
    pub name: String,
    /// The host whose word that is; none of a client that registered, which could call itself anything.
    pub host: Option<String>,
    pub(super) redirect_uris: Vec<String>,
}

impl Agent {
    /// Whether an answer may be sent there.
    pub(super) fn takes(&self, redirect_uri: &str) -> bool {
        self.redirect_uris.iter().any(|known| redirects::fits(known, redirect_uri))
    }
}

/// How many documents are fetched at once for one environment, and how many wait for that: anybody who has a URL of it may
/// name any address.
pub(super) const AT_ONCE: usize = 8;
pub(super) const LONGEST: usize = 64;

/// The agents whose documents were fetched: so many, for so long.
pub(crate) struct Documents {
    pub(super) kept: Cache<String, Arc<Agent>>,
    pub(super) turns: Queues<EnvironmentId>,
}

impl Default for Documents {
    fn default() -> Self {
        let kept = Cache::builder().max_capacity(200).time_to_live(Duration::from_secs(10 * 60)).build();
        Self { kept, turns: Queues::of(AT_ONCE, LONGEST) }
    }
}
