//! Logs: one line an event on standard error, as text for people or JSON for programs. And traces, if the operator
//! names a collector. Nothing in either may hold a secret or a URI.

mod traces;

pub(crate) use traces::{join, rename};

use crate::access_log;
use crate::settings::{Format, Logging, Traces};
use anyhow::Result;
use opentelemetry_sdk::trace::SdkTracerProvider;
use std::io::IsTerminal;
use std::time::Duration;
use tracing::{Level, Subscriber};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer};

/// How long the last spans may take to reach the collector.
const FAREWELL: Duration = Duration::from_secs(5);

/// What has to be ended with the server.
pub(crate) struct Telemetry {
    provider: Option<SdkTracerProvider>,
}

/// Starts logging at this level for our own rooms (libraries are heard from `warn` up), and tracing. Once a process.
///
/// # Errors
/// The collector's address cannot be used.
pub(crate) fn start(level: Level, logging: Logging, wanted: Option<&Traces>) -> Result<Telemetry> {
    let provider = wanted.map(traces::provider).transpose()?;
    let lines = match logging.format {
        Format::Text => text().boxed(),
        Format::Json => json().boxed(),
    };
    tracing_subscriber::registry()
        .with(lines.with_filter(filter(level, logging.access)))
        .with(provider.as_ref().map(traces::layer))
        .init();
    std::panic::set_hook(Box::new(defect));
    Ok(Telemetry { provider })
}

/// A target is matched by what it begins with, so `valetkey` is every room. Each request is a line only if that is
/// wanted, or everything is.
fn filter(level: Level, access: bool) -> EnvFilter {
    let access = match (access, level) {
        (true, Level::TRACE) | (_, Level::DEBUG | Level::TRACE) => level,
        (true, _) => Level::DEBUG,
        (false, _) => Level::WARN,
    };
    EnvFilter::new(format!("warn,valetkey={level},{}={access}", access_log::TARGET))
}

fn text<S: Subscriber + for<'a> LookupSpan<'a>>() -> impl Layer<S> + Send + Sync {
    let colours = std::io::stderr().is_terminal();
    tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(colours).with_target(false)
}

/// Every field of the event and of the request it belongs to stands at the top, so that each can be asked for by name.
fn json<S: Subscriber + for<'a> LookupSpan<'a>>() -> impl Layer<S> + Send + Sync {
    json_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_current_span(false)
        .with_span_list(false)
        .flatten_event(true)
        .flatten_span_list_on_top_level(true)
}

impl Telemetry {
    /// Sends what has not been sent.
    pub(crate) async fn end(self) {
        let Some(provider) = self.provider else { return };
        let ended = tokio::task::spawn_blocking(move || provider.shutdown_with_timeout(FAREWELL)).await;
        if !matches!(ended, Ok(Ok(()))) {
            tracing::warn!("the last traces did not reach the collector");
        }
    }
}

/// A panic's place is logged without its words: they may quote what it stumbled over.
fn defect(panic: &std::panic::PanicHookInfo<'_>) {
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    tracing::error!(place, "a defect of Valetkey: please report the place");
}
