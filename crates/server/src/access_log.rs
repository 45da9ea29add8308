//! The log's lines about requests.

use std::time::Duration;
use tracing::Span;

/// The target of these lines, by which they are switched on and off.
pub(crate) const TARGET: &str = "valetkey::access";

/// Writes the line of a request that was answered. What looks after the machine asks all the time: those lines are for
/// who wants everything.
pub(crate) fn answered(span: &Span, surface: &str, took: Duration) {
    let duration_ms = (took.as_secs_f64() * 1e6).round() / 1e3;
    span.in_scope(|| match surface {
        "operations" => tracing::trace!(target: TARGET, duration_ms, "answered"),
        _ => tracing::debug!(target: TARGET, duration_ms, "answered"),
    });
}
