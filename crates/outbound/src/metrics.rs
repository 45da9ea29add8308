//! What leaves the building, counted: by kind of host and by how it ended, never by whose it was or where it went.

use crate::Error;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

/// The counts of this room. Clones count together.
#[derive(Clone, Debug, Default)]
pub struct Metrics {
    requests: Family<Sent, Counter>,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Sent {
    hosts: &'static str,
    outcome: &'static str,
}

impl Metrics {
    /// Makes them part of what a scrape is answered with.
    pub fn register(&self, registry: &mut Registry) {
        registry.register("outbound_requests", "Requests to apps and providers", self.requests.clone());
    }

    pub(crate) fn sent<B>(&self, endpoint: bool, result: &Result<http::Response<B>, Error>) {
        let hosts = if endpoint { "allowed" } else { "public" };
        let outcome = match result {
            Ok(answer) => class(answer.status()),
            Err(error) => error.label(),
        };
        self.requests.get_or_create(&Sent { hosts, outcome }).inc();
    }
}

/// `2xx` and so on.
fn class(status: http::StatusCode) -> &'static str {
    match status.as_u16() / 100 {
        1 => "1xx",
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        _ => "5xx",
    }
}
