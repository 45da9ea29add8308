//! Compiled tools of custom providers, and those of them that are kept.

use moka::future::Cache;
use std::sync::Arc;
use std::time::Duration;
use valetkey_connectors::Tool;
use valetkey_domain::id::ProviderId;

/// How many bytes of compiled tools are kept, about, and how long.
const MOST_BYTES: u64 = 64 * 1024 * 1024;
const KEPT: Duration = Duration::from_secs(60 * 60);

/// The compiled tools that are kept: of a provider at a revision, under a connection's names.
pub(crate) struct Imports(pub(super) Cache<(ProviderId, i64, String), Arc<Imported>>);

/// Tools of a provider under the names that they have on a connection.
#[derive(Debug, Default)]
pub(crate) struct Imported {
    pub(crate) tools: Vec<Arc<Tool>>,
    /// How many bytes they take, about.
    pub(crate) weight: usize,
}

impl Imported {
    /// The tool of this name.
    pub(crate) fn find(&self, name: &str) -> Option<&Arc<Tool>> {
        self.tools.iter().find(|tool| tool.definition.name == name)
    }
}

impl Default for Imports {
    fn default() -> Self {
        let weigh = |_: &_, one: &Arc<Imported>| u32::try_from(one.weight + 1_024).unwrap_or(u32::MAX);
        Self(Cache::builder().weigher(weigh).max_capacity(MOST_BYTES).time_to_live(KEPT).build())
    }
}
