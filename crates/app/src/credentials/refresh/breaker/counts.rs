//! What is counted of breakers: how often they changed, and what they held back. Whose endpoints they are is for the log
//! alone.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

/// How a breaker changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// Failures in a row opened it.
    Opened,
    /// The endpoint is still down, as a try has shown.
    Reopened,
    /// The endpoint answers again.
    Closed,
}

impl Change {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Reopened => "reopened",
            Self::Closed => "closed",
        }
    }
}

/// What happened so far. Clones count together.
#[derive(Clone, Debug, Default)]
pub(super) struct Counts {
    changes: Family<ChangeLabel, Counter>,
    refusals: Family<UrgencyLabel, Counter>,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ChangeLabel {
    change: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct UrgencyLabel {
    urgency: &'static str,
}

impl Counts {
    pub(super) fn changed(&self, change: Change) {
        self.changes.get_or_create(&ChangeLabel { change: change.as_str() }).inc();
    }

    /// A request of this urgency was not let through.
    pub(super) fn refused(&self, urgency: &'static str) {
        self.refusals.get_or_create(&UrgencyLabel { urgency }).inc();
    }

    pub(super) fn register(&self, registry: &mut Registry) {
        let help = "How breakers of token endpoints changed";
        registry.register("breaker_changes", help, self.changes.clone());
        let help = "Refreshes that were not sent because the token endpoint is down";
        registry.register("breaker_refusals", help, self.refusals.clone());
    }
}
