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
use axum::routing::post;
use desk::Desk;
use door::Door;
use valetkey_app::App;
use valetkey_app::entrance::sessions::Site;

pub use desk::{Patience, Settings};

/// The doors of the data plane. The `Host` header is checked by the server, for all of its doors alike.
pub fn router(app: App) -> Router {
    router_with(app, Settings::default())
}

/// The same with what the operator chose.
pub fn router_with(app: App, settings: Settings) -> Router {
    let desk = Desk::new(app, settings);
    Router::new()
        .route("/mcp/v1/{token}", post(by_url))
        .route("/mcp/v1", post(by_bearer))
        .route("/mcp/v3/servers/{uuid}", post(by_config))
        .route("/mcp/v3/connections/{key_id}", post(by_connection))
        .layer(middleware::from_fn_with_state(desk.clone(), guarded))
        .with_state(desk)
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

async fn by_config(State(desk): State<Desk>, uuid: Result<Path<String>, PathRejection>, request: Request) -> Response {
    by_session(&desk, uuid.map(|Path(uuid)| Site::Config(uuid)), request).await
}

async fn by_connection(
    State(desk): State<Desk>,
    name: Result<Path<String>, PathRejection>,
    request: Request,
) -> Response {
    by_session(&desk, name.map(|Path(name)| Site::Connection(name)), request).await
}

/// A static URL is no secret: whoever has no token for it is told that one is needed, whether or not it leads anywhere.
async fn by_session(desk: &Desk, site: Result<Site, PathRejection>, request: Request) -> Response {
    match (site, door::any_bearer(request.headers())) {
        (Ok(site), Some(token)) => post::receive(desk, Door::Session(site, token), request).await,
        _ => door::stranger(),
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
