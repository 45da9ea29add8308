//! An agent that asks for tokens, and those whose documents were fetched a moment ago.

use super::redirects;
use moka::future::Cache;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

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

/// The agents whose documents were fetched: so many, for so long, and so many at once.
pub(crate) struct Documents {
    pub(super) kept: Cache<String, Arc<Agent>>,
    pub(super) turns: Semaphore,
}

impl Default for Documents {
    fn default() -> Self {
        let kept = Cache::builder().max_capacity(200).time_to_live(Duration::from_secs(10 * 60)).build();
        Self { kept, turns: Semaphore::new(8) }
    }
}
