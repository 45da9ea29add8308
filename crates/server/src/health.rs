//! What looks after the machine asks: is it alive, can it serve.

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use http::StatusCode;
use valetkey_app::{App, environments};

/// `/healthz`: the process answers. `/readyz`: and its database and its journal do; without the journal every call is
/// refused.
pub(crate) fn router(app: App) -> Router {
    Router::new().route("/healthz", get(async || "ok\n")).route("/readyz", get(ready)).with_state(app)
}

async fn ready(State(app): State<App>) -> (StatusCode, String) {
    if !app.journal.healthy() {
        return (StatusCode::SERVICE_UNAVAILABLE, "not ready: the journal cannot be written\n".into());
    }
    match environments::list(&app).await {
        Ok(_) => (StatusCode::OK, "ready\n".into()),
        Err(why) => (StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {why}\n")),
    }
}
