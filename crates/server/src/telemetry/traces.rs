//! Traces over OTLP, to the collector that the operator names.
//!
//! A caller's `traceparent` joins its trace to ours; whether ours is kept is decided in [`sample`].

mod sample;

use crate::settings::Traces;
use anyhow::{Context, Result};
use http::HeaderMap;
use opentelemetry::KeyValue;
use opentelemetry::propagation::{Extractor, TextMapPropagator};
use opentelemetry::trace::{TraceContextExt as _, TracerProvider as _};
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracerProvider;
use sample::Sample;
use tracing::{Span, Subscriber};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{EnvFilter, Layer};

/// What sends spans, in batches and behind the back of those who make them.
///
/// # Errors
/// The address cannot be used.
pub(super) fn provider(wanted: &Traces) -> Result<SdkTracerProvider> {
    let exporter = SpanExporter::builder().with_tonic().with_endpoint(wanted.endpoint.as_str()).build();
    let exporter = exporter.with_context(|| format!("telemetry.otlp_endpoint: '{}'", wanted.endpoint))?;
    let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
    let resource = Resource::builder_empty().with_service_name("valetkey").with_attribute(version).build();
    Ok(SdkTracerProvider::builder()
        .with_resource(resource)
        .with_sampler(Sample { part: wanted.sample, trust_callers: wanted.trust_callers })
        .with_batch_exporter(exporter)
        .build())
}

/// Our own spans from `info` up, and what is logged within them.
pub(super) fn layer<S: Subscriber + for<'a> LookupSpan<'a>>(provider: &SdkTracerProvider) -> impl Layer<S> + use<S> {
    tracing_opentelemetry::layer()
        .with_tracer(provider.tracer("valetkey"))
        .with_location(false)
        .with_threads(false)
        .with_tracked_inactivity(false)
        .with_filter(EnvFilter::new("off,valetkey=info"))
}

/// Joins a span to the trace that the caller's `traceparent` names, if it names one (W3C Trace Context).
pub(crate) fn join(span: &Span, headers: &HeaderMap) {
    if headers.contains_key("traceparent") {
        // Refused where nobody traces, or where the span is kept by nobody.
        drop(span.set_parent(TraceContextPropagator::new().extract(&Headers(headers))));
    }
}

/// Gives a span the name that was not known when it began.
pub(crate) fn rename(span: &Span, name: impl FnOnce() -> String) {
    let context = span.context();
    let span = context.span();
    if span.is_recording() {
        span.update_name(name());
    }
}

struct Headers<'a>(&'a HeaderMap);

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(http::HeaderName::as_str).collect()
    }
}
