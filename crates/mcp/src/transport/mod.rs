//! Streamable HTTP: which URL is whose, what a POST brings, and whether it is answered at once or by a stream.
//!
//! Read [`router`] for the doors, then `visit` for what happens behind one.

mod body;
mod call;
mod door;
mod flights;
mod origin;
mod stream;
mod visit;
mod words;

use axum::Router;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, post};
use flights::Flights;
use std::sync::Arc;
use std::time::Duration;
use valetkey_app::App;

use crate::protocol::Tolerance;
use door::Door;

/// What the operator chose for MCP.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Origins of web pages that may call, beside the server's own: `https://host[:port]`.
    pub allowed_origins: Vec<String>,
    /// Whether a known bug of clients is forgiven.
    pub tolerance: Tolerance,
    /// What happens when during a long call.
    pub patience: Patience,
}

/// What happens when during a long call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// After this long a client that takes streams gets one, before something on the way loses patience.
    pub soon: Duration,
    /// How often a stream gets a sign of life while there is nothing to tell.
    pub alive: Duration,
    /// How often it is looked whether a stream's URL still holds: a revoked one must not go on being answered.
    pub recheck: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { soon: seconds(10), alive: seconds(15), recheck: seconds(2) }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self { allowed_origins: Vec::new(), tolerance: Tolerance::StaleHeader, patience: Patience::default() }
    }
}

/// What every visit needs.
#[derive(Clone)]
struct Desk(Arc<Held>);

struct Held {
    app: App,
    settings: Settings,
    flights: Flights,
}

impl std::ops::Deref for Desk {
    type Target = Held;
    fn deref(&self) -> &Held {
        &self.0
    }
}

/// The doors of the data plane. The `Host` header is checked by the server, for all of its doors alike.
///
/// The static URLs (`/mcp/v3/..`) need a session token. None is issued yet, so all who knock there are strangers.
pub fn router(app: App) -> Router {
    router_with(app, Settings::default())
}

/// The same with what the operator chose.
pub fn router_with(app: App, settings: Settings) -> Router {
    let desk = Desk(Arc::new(Held { app, settings, flights: Flights::default() }));
    Router::new()
        .route("/mcp/v1/{token}", post(by_url))
        .route("/mcp/v1", post(by_bearer))
        .route("/mcp/v3/servers/{uuid}", any(door::stranger))
        .route("/mcp/v3/connections/{key_id}", any(door::stranger))
        .layer(middleware::from_fn_with_state(desk.clone(), guarded))
        .with_state(desk)
}

async fn by_url(State(desk): State<Desk>, token: Result<Path<String>, PathRejection>, request: Request) -> Response {
    match token {
        Ok(Path(token)) => visit::receive(&desk, Door::Url(token), request).await,
        Err(_) => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn by_bearer(State(desk): State<Desk>, request: Request) -> Response {
    match door::bearer(request.headers()) {
        Some(token) => visit::receive(&desk, Door::Bearer(token), request).await,
        None => door::stranger().await,
    }
}

/// Refuses web pages that have no business here, and keeps every answer out of caches and referrers: the URL is a
/// credential.
async fn guarded(State(desk): State<Desk>, request: Request, next: Next) -> Response {
    let mut response = if origin::allowed(&desk, request.headers()) {
        next.run(request).await
    } else {
        StatusCode::FORBIDDEN.into_response()
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
