//! What use cases count. Every label is one of a few words that this program or a connector file knows: no identifier,
//! no environment, no address of anybody's can become one, so neither can a stranger's input.
//!
//! The server makes the registry, hands it to each room's metrics, and answers scrapes; nothing here is global.

use crate::bounds::Limit;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use std::time::Duration;

/// Upper bounds of the buckets for whole calls, in seconds: an app's answer, up to the longest that MCP waits.
const CALL_SECONDS: [f64; 12] = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 300.0];
/// The same for waits on the journal: one commit of the database, or a disk in trouble.
const JOURNAL_SECONDS: [f64; 10] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 2.0, 10.0];

/// The counts of this room. Clones count together.
#[derive(Clone, Debug)]
pub struct Metrics {
    calls: Family<CallLabels, Counter>,
    call_seconds: Family<DurationLabels, Histogram>,
    refreshes: Family<OutcomeLabel, Counter>,
    consents: Family<OutcomeLabel, Counter>,
    refusals: Family<LimitLabel, Counter>,
    deliveries: Family<OutcomeLabel, Counter>,
    journal_wait: Histogram,
    streams: Gauge,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct CallLabels {
    connector: String,
    tool: String,
    outcome: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct DurationLabels {
    connector: String,
    outcome: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct OutcomeLabel {
    outcome: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct LimitLabel {
    limit: &'static str,
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            calls: Family::default(),
            call_seconds: Family::new_with_constructor(|| Histogram::new(CALL_SECONDS)),
            refreshes: Family::default(),
            consents: Family::default(),
            refusals: Family::default(),
            deliveries: Family::default(),
            journal_wait: Histogram::new(JOURNAL_SECONDS),
            streams: Gauge::default(),
        }
    }
}

impl Metrics {
    /// Makes them part of what a scrape is answered with.
    pub fn register(&self, registry: &mut Registry) {
        registry.register("tool_calls", "Tool calls that ended", self.calls.clone());
        let help = "How long tool calls took, from their arguments to their recorded outcome";
        registry.register_with_unit("tool_call_duration", help, Unit::Seconds, self.call_seconds.clone());
        registry.register("refreshes", "Refreshes of access tokens that ended", self.refreshes.clone());
        registry.register("consents", "Consents that ended", self.consents.clone());
        registry.register("refusals", "Calls and bodies refused because a limit was reached", self.refusals.clone());
        registry.register("webhook_deliveries", "Tries to tell a webhook of an event", self.deliveries.clone());
        let help = "How long tool calls waited for their record in the journal";
        registry.register_with_unit("journal_wait", help, Unit::Seconds, self.journal_wait.clone());
        registry.register("open_streams", "Answers that are being streamed", self.streams.clone());
    }

    /// A tool call ended.
    pub fn called(&self, connector: &str, tool: &str, outcome: &'static str, took: Duration) {
        let called = CallLabels { connector: connector.to_owned(), tool: tool.to_owned(), outcome };
        self.calls.get_or_create(&called).inc();
        let took_label = DurationLabels { connector: called.connector, outcome };
        self.call_seconds.get_or_create(&took_label).observe(took.as_secs_f64());
    }

    /// A refresh ended so.
    pub fn refreshed(&self, outcome: &'static str) {
        self.refreshes.get_or_create(&OutcomeLabel { outcome }).inc();
    }

    /// A consent ended so.
    pub fn consented(&self, outcome: &'static str) {
        self.consents.get_or_create(&OutcomeLabel { outcome }).inc();
    }

    /// A try to tell a webhook of an event ended so.
    pub fn delivered(&self, outcome: &'static str) {
        self.deliveries.get_or_create(&OutcomeLabel { outcome }).inc();
    }

    /// Something was refused because this limit was reached.
    pub fn refused(&self, limit: Limit) {
        self.refusals.get_or_create(&LimitLabel { limit: limit.name() }).inc();
    }

    /// A call waited this long until its record was committed, or was not.
    pub fn journalled(&self, waited: Duration) {
        self.journal_wait.observe(waited.as_secs_f64());
    }

    /// An answer is streamed until this is dropped.
    #[must_use]
    pub fn streaming(&self) -> Streaming {
        self.streams.inc();
        Streaming(self.streams.clone())
    }
}

/// A stream that is counted until this is dropped.
#[derive(Debug)]
pub struct Streaming(Gauge);

impl Drop for Streaming {
    fn drop(&mut self) {
        self.0.dec();
    }
}
