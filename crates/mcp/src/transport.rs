//! Streamable HTTP: which URL is whose, what a POST brings, and whether it is answered at once or by a stream.
//!
//! Read [`router`] for the doors, then `post` for what happens behind one.

mod accept;
mod answer;
mod body;
mod call;
mod desk;
mod door;
mod flights;
mod origin;
mod pending;
mod post;
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
use desk::Desk;
use door::Door;
use valetkey_app::App;

pub use desk::{Patience, Settings};

/// The doors of the data plane. The `Host` header is checked by the server, for all of its doors alike.
///
/// The static URLs (`/mcp/v3/..`) need a session token. None is issued yet, so all who knock there are strangers.
pub fn router(app: App) -> Router {
    router_with(app, Settings::default())
}

/// The same with what the operator chose.
pub fn router_with(app: App, settings: Settings) -> Router {
    let desk = Desk::new(app, settings);
    Router::new()
        .route("/mcp/v1/{token}", post(by_url))
        .route("/mcp/v1", post(by_bearer))
        .route("/mcp/v3/servers/{uuid}", any(stranger))
        .route("/mcp/v3/connections/{key_id}", any(stranger))
        .layer(middleware::from_fn_with_state(desk.clone(), guarded))
        .with_state(desk)
}

async fn stranger() -> Response {
    door::stranger()
}

async fn by_url(State(desk): State<Desk>, token: Result<Path<String>, PathRejection>, request: Request) -> Response {
    match token {
        Ok(Path(token)) => post::receive(&desk, Door::Url(token), request).await,
        Err(_) => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn by_bearer(State(desk): State<Desk>, request: Request) -> Response {
    match door::bearer(request.headers()) {
        Some(token) => post::receive(&desk, Door::Bearer(token), request).await,
        None => door::stranger(),
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
