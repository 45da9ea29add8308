//! What a scrape of `/metrics` is answered with. The registry is made here, once, and handed to each room's metrics;
//! what can be read off the running parts is read when it is asked for.

mod text;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use valetkey_app::App;
use valetkey_app::upkeep::readiness;

/// Upper bounds of the buckets for answers, in seconds.
const ANSWER_SECONDS: [f64; 11] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 2.5, 10.0, 60.0];

/// The counts of requests and connections. Clones count together.
#[derive(Clone, Debug)]
pub(crate) struct Http {
    requests: Family<Answered, Counter>,
    seconds: Family<Surface, Histogram>,
    connections: Family<Taken, Gauge>,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Answered {
    surface: &'static str,
    route: Arc<str>,
    outcome: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Surface {
    surface: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Taken {
    listener: &'static str,
}

impl Default for Http {
    fn default() -> Self {
        Self {
            requests: Family::default(),
            seconds: Family::new_with_constructor(|| Histogram::new(ANSWER_SECONDS)),
            connections: Family::default(),
        }
    }
}

impl Http {
    fn register(&self, registry: &mut Registry) {
        registry.register("requests", "Requests answered", self.requests.clone());
        let help = "How long it took until an answer began";
        registry.register_with_unit("request_duration", help, Unit::Seconds, self.seconds.clone());
        registry.register("open_connections", "Connections that are open", self.connections.clone());
    }

    /// A request was answered.
    pub(crate) fn answered(&self, surface: &'static str, route: Arc<str>, outcome: String, took: Duration) {
        self.requests.get_or_create(&Answered { surface, route, outcome }).inc();
        self.seconds.get_or_create(&Surface { surface }).observe(took.as_secs_f64());
    }

    /// The connections of a listener, counted by whoever opens and closes them.
    pub(crate) fn connections(&self, listener: &'static str) -> Gauge {
        self.connections.get_or_create_owned(&Taken { listener })
    }
}

/// Everything that is counted, of this system.
pub(crate) fn registry(app: &App, http: &Http) -> Registry {
    let mut registry = Registry::default();
    let started: Gauge<f64, std::sync::atomic::AtomicU64> = Gauge::default();
    started.set(app.now().as_duration().as_secs_f64());
    let help = "When this process started, in seconds since 1970";
    registry.register_with_unit("process_start_time", help, Unit::Seconds, started);
    let ours = registry.sub_registry_with_prefix("valetkey");
    ours.register("build", "Which binary this is", Info::new([("version", env!("CARGO_PKG_VERSION"))]));
    http.register(ours);
    app.register(ours);
    ours.register_collector(Box::new(Journal(app.clone())));
    registry
}

/// The door.
pub(crate) fn router(registry: Registry) -> Router {
    Router::new().route("/metrics", get(scrape)).with_state(Arc::new(registry))
}

async fn scrape(State(registry): State<Arc<Registry>>, headers: HeaderMap) -> Response {
    let mut told = String::new();
    if prometheus_client::encoding::text::encode(&mut told, &registry).is_err() {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    let accepted = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if accepted.contains("application/openmetrics-text") {
        return ([(header::CONTENT_TYPE, text::OPEN)], told).into_response();
    }
    ([(header::CONTENT_TYPE, text::PLAIN)], text::plain(&told)).into_response()
}

/// How the journal stands, read when it is asked for.
struct Journal(App);

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Journal(..)")
    }
}

impl Collector for Journal {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let journal = readiness::journal(&self.0);
        let waiting = i64::try_from(journal.waiting).unwrap_or(i64::MAX);
        gauge(&mut encoder, "journal_waiting", "Records that wait for their commit", waiting)?;
        let healthy = i64::from(journal.healthy);
        gauge(&mut encoder, "journal_healthy", "1 while records are committed, 0 while calls are refused", healthy)
    }
}

fn gauge(encoder: &mut DescriptorEncoder<'_>, name: &str, help: &str, value: i64) -> fmt::Result {
    let gauge = ConstGauge::new(value);
    gauge.encode(encoder.encode_descriptor(name, help, None, gauge.metric_type())?)
}
