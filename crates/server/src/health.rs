//! What looks after the machine asks: is it alive, can it serve.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Map, Value, json};
use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use valetkey_app::App;
use valetkey_app::upkeep::readiness::{Part, Watch};

/// How often it is looked without being asked, for those who watch over gRPC and for the log.
const LOOK: Duration = Duration::from_secs(2);

/// How long one look may take: a part that does not answer does not work.
const PATIENCE: Duration = Duration::from_secs(2);

/// Whether this server can serve. Clones tell the same.
#[derive(Clone)]
pub(crate) struct Health(Arc<Inner>);

struct Inner {
    app: App,
    watch: Watch,
    stopping: AtomicBool,
    /// The same, over gRPC.
    grpc: valetkey_api::Readiness,
}

impl Health {
    /// Of a server that has just been put together.
    pub(crate) fn of(app: App, grpc: valetkey_api::Readiness) -> Self {
        Self(Arc::new(Inner { app, watch: Watch::default(), stopping: AtomicBool::new(false), grpc }))
    }

    /// Says from now on, and at once, that the server takes no more calls.
    pub(crate) async fn stopping(&self) {
        self.0.stopping.store(true, Ordering::SeqCst);
        self.0.grpc.set(false).await;
    }

    /// Looks again and again until it is stopped: tells gRPC's watchers, and the log once for each change.
    pub(crate) async fn keep_looking(self, stop: CancellationToken) {
        let mut before = Vec::new();
        loop {
            let troubled: Vec<_> = self.look().await.into_iter().filter(|part| part.trouble.is_some()).collect();
            if self.0.stopping.load(Ordering::SeqCst) {
                return;
            }
            self.0.grpc.set(troubled.is_empty()).await;
            if troubled != before {
                log(&troubled);
                before = troubled;
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(LOOK) => {}
            }
        }
    }

    /// Every part, and what is wrong with it.
    async fn look(&self) -> Vec<Part> {
        let looked = tokio::time::timeout(PATIENCE, self.0.watch.look(&self.0.app)).await;
        let silent = [Part { name: "database", trouble: Some("does not answer: the server's log may say why") }];
        let mut parts = looked.map_or_else(|_| silent.to_vec(), |parts| parts.to_vec());
        let stopping = self.0.stopping.load(Ordering::SeqCst).then_some("is stopping: new calls go elsewhere");
        parts.push(Part { name: "server", trouble: stopping });
        parts
    }
}

fn log(troubled: &[Part]) {
    if troubled.is_empty() {
        return tracing::info!("ready");
    }
    for part in troubled {
        tracing::error!(part = part.name, trouble = part.trouble, "not ready");
    }
}

/// `/healthz`: the process answers. `/readyz`: and it can serve.
pub(crate) fn router(health: Health) -> Router {
    Router::new().route("/healthz", get(async || "ok\n")).route("/readyz", get(ready)).with_state(health)
}

async fn ready(State(health): State<Health>, headers: HeaderMap) -> Response {
    let parts = health.look().await;
    let all = parts.iter().all(|part| part.trouble.is_none());
    let status = if all { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let accepted = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let no_store = [(header::CACHE_CONTROL, "no-store")];
    if accepted.contains("application/json") {
        return (status, no_store, Json(object(all, &parts))).into_response();
    }
    (status, no_store, lines(all, &parts)).into_response()
}

fn object(ready: bool, parts: &[Part]) -> Value {
    let entry = |part: &Part| (part.name.to_owned(), part.trouble.unwrap_or("ok").into());
    json!({ "ready": ready, "parts": parts.iter().map(entry).collect::<Map<_, _>>() })
}

fn lines(ready: bool, parts: &[Part]) -> String {
    let mut text = String::from(if ready { "ready\n" } else { "not ready\n" });
    for part in parts {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{}: {}", part.name, part.trouble.unwrap_or("ok"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_say_the_same_of_each_part() {
        let parts = [Part { name: "database", trouble: None }, Part { name: "journal", trouble: Some("is down") }];
        assert_eq!(lines(false, &parts), "not ready\ndatabase: ok\njournal: is down\n");
        let expected = json!({ "ready": false, "parts": { "database": "ok", "journal": "is down" } });
        assert_eq!(object(false, &parts), expected);
    }
}
