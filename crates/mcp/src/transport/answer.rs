//! How replies go over HTTP: as JSON or, to who can read nothing else, as a stream of events that ends at once.

use super::accept::Accepts;
use crate::protocol::Reply;
use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;

/// One reply. A refusal of the HTTP request itself is JSON for everyone: its status says it already.
pub(super) fn one(accepts: Accepts, reply: Reply) -> Response {
    if accepts.only_streams() && reply.status == 200 { events(event(&reply.body).into()) } else { json(reply) }
}

/// Several at once: a JSON array, or an event for each.
pub(super) fn several(accepts: Accepts, replies: &[Bytes]) -> Response {
    if accepts.only_streams() {
        return events(replies.iter().map(|reply| event(reply)).collect::<Vec<_>>().concat().into());
    }
    let body = [&b"["[..], &replies.join(&b","[..]), b"]"].concat();
    ([(header::CONTENT_TYPE, "application/json")], body).into_response()
}

/// One reply as JSON.
pub(super) fn json(reply: Reply) -> Response {
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, [(header::CONTENT_TYPE, "application/json")], reply.body).into_response()
}

/// A stream of events as an answer that no proxy holds back.
pub(super) fn events(body: Body) -> Response {
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}

/// One event. A JSON message has no line breaks of its own.
pub(super) fn event(message: &[u8]) -> Bytes {
    [b"event: message\ndata: ", message, b"\n\n"].concat().into()
}
