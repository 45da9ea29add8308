//! `/sso/v1/oauth/{connection}/client.json`: who signs people in on a connection, for authorization servers that ask.

use crate::Web;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use valetkey_app::connections;
use valetkey_domain::id::ConnectionId;

/// The document. It is the same for everybody, and changes with the server's own address alone.
pub(crate) async fn document(State(web): State<Web>, Path(id): Path<String>, asked: HeaderMap) -> Response {
    let found = ConnectionId::parse(&id).ok().and_then(|id| connections::client_document(&web.app, &id));
    match found {
        Some(document) => ([(header::CACHE_CONTROL, "public, max-age=3600")], Json(document)).into_response(),
        None => web.missing(&asked),
    }
}
