//! Streamable HTTP: which URL is whose, what a POST brings, and whether it is answered at once or by a stream.
//!
//! Read [`router`] for the doors, then `post` for what happens behind one.

mod accept;
mod answer;
mod authorization;
mod authorized_post;
mod body;
mod call;
mod control;
mod door;
mod flights;
mod guidance;
mod origin;
mod pending;
mod post;
mod state;
mod stream;

use crate::control::ControlPlane;
use axum::Router;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use door::Door;
use state::TransportState;
use std::sync::Arc;
use valetkey_app::App;
use valetkey_app::entrance::grants::Presented;
use valetkey_app::entrance::sessions::StaticUrl;

pub use state::{Settings, Timing};

/// The doors of the data plane, with what the operator chose. The `Host` header is checked by the server, for all of its doors
/// alike.
pub fn router(app: App, settings: Settings) -> Router {
    let state = TransportState::new(app, settings);
    Router::new()
        .route("/mcp/v1/{token}", post(by_url))
        .route("/mcp/v1", post(by_bearer))
        .route("/mcp/v3/servers/{uuid}", post(by_config))
        .route("/mcp/v3/connections/{key_id}", post(by_connection))
        .merge(authorization::router())
        .layer(middleware::from_fn_with_state(state.clone(), guarded))
        .with_state(state)
}

async fn by_url(
    State(state): State<TransportState>,
    token: Result<Path<String>, PathRejection>,
    request: Request,
) -> Response {
    match token {
        Ok(Path(token)) => {
            let brought = door::any_bearer(request.headers()).map(|token| Arc::new(token.into()));
            let presented = Presented { token: brought, at: state.app.now() };
            post::receive(&state, Door::Url(token, presented), request).await
        }
        Err(_) => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn by_bearer(State(state): State<TransportState>, request: Request) -> Response {
    match door::bearer(request.headers()) {
        Some(token) => post::receive(&state, Door::Bearer(token), request).await,
        None => door::stranger(),
    }
}

async fn by_config(
    State(state): State<TransportState>,
    uuid: Result<Path<String>, PathRejection>,
    request: Request,
) -> Response {
    by_session(&state, uuid.map(|Path(uuid)| StaticUrl::Config(uuid)), request).await
}

async fn by_connection(
    State(state): State<TransportState>,
    name: Result<Path<String>, PathRejection>,
    request: Request,
) -> Response {
    by_session(&state, name.map(|Path(name)| StaticUrl::Connection(name)), request).await
}

/// A static URL is no secret: whoever has no token for it is told that one is needed, whether or not it leads anywhere.
async fn by_session(state: &TransportState, site: Result<StaticUrl, PathRejection>, request: Request) -> Response {
    match (site, door::any_bearer(request.headers())) {
        (Ok(site), Some(token)) => post::receive(state, Door::Session(site, token), request).await,
        _ => door::stranger(),
    }
}

/// The door of the control plane's tools.
pub fn control_router(app: App, settings: Settings, plane: Arc<dyn ControlPlane>) -> Router {
    let state = TransportState::new(app, settings);
    Router::new()
        .route("/mcp", post(by_client))
        .layer(middleware::from_fn_with_state(state.clone(), guarded))
        .with_state((state, plane))
}

async fn by_client(
    State((state, plane)): State<(TransportState, Arc<dyn ControlPlane>)>,
    request: Request,
) -> Response {
    match door::any_bearer(request.headers()) {
        Some(token) => post::receive(&state, Door::Control(plane, Arc::new(token.into())), request).await,
        None => door::stranger(),
    }
}

/// Refuses web pages that have no business here, lets the browser hand on to the others what they asked for, and keeps every
/// answer out of caches and referrers: the URL is a credential.
async fn guarded(State(state): State<TransportState>, request: Request, next: Next) -> Response {
    let allowed = origin::allowed(&state, request.headers());
    let page = allowed.then(|| origin::listed(&state, request.headers())).flatten();
    let mut response = match &page {
        _ if !allowed => StatusCode::FORBIDDEN.into_response(),
        Some(_) if request.method() == Method::OPTIONS => origin::preflight(request.headers()),
        _ => next.run(request).await,
    };
    if let Some(page) = page {
        origin::share(response.headers_mut(), page);
    }
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
