//! What the database costs and how it fails, whichever it is.

use crate::Error;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use std::time::Duration;

/// Upper bounds of the buckets for commits, in seconds: from a group on a fast disk to one that is in trouble.
const COMMIT_SECONDS: [f64; 10] = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25, 2.0];

/// The counts of this room. Clones count together.
#[derive(Clone, Debug)]
pub struct Metrics {
    commits: Histogram,
    errors: Family<Failed, Counter>,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Failed {
    error: &'static str,
}

impl Default for Metrics {
    fn default() -> Self {
        Self { commits: Histogram::new(COMMIT_SECONDS), errors: Family::default() }
    }
}

impl Metrics {
    /// Makes them part of what a scrape is answered with.
    pub fn register(&self, registry: &mut Registry) {
        let help = "How long transactions that wrote waited for their commit";
        registry.register_with_unit("database_commit", help, Unit::Seconds, self.commits.clone());
        registry.register("database_errors", "Statements and transactions that failed", self.errors.clone());
    }

    pub(crate) fn committed(&self, took: Duration) {
        self.commits.observe(took.as_secs_f64());
    }

    /// Counts a failure of the database's. What a caller asked for wrongly is not one.
    pub(crate) fn noted<T>(&self, result: Result<T, Error>) -> Result<T, Error> {
        if let Some(error) = result.as_ref().err().and_then(Error::label) {
            self.errors.get_or_create(&Failed { error }).inc();
        }
        result
    }
}
