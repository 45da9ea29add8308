//! How replies go over HTTP: as JSON or, to who can read nothing else, as a stream of events that ends at once.

use super::accept::Accepts;
use crate::protocol::Reply;
use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures::stream;
use std::convert::Infallible;
use valetkey_app::calls::LONG;

/// One reply. A refusal of the HTTP request itself is JSON for everyone: its status says it already.
pub(super) fn one(accepts: Accepts, reply: Reply) -> Response {
    if accepts.only_streams() && reply.status == 200 { whole(event(reply.body), events) } else { json(reply) }
}

/// Several at once: a JSON array, or an event for each.
pub(super) fn several(accepts: Accepts, replies: Vec<Reply>) -> Response {
    if accepts.only_streams() {
        return whole(replies.into_iter().flat_map(|reply| event(reply.body)).collect(), events);
    }
    let mut pieces = Vec::new();
    for reply in replies {
        pieces.push(Bytes::from_static(if pieces.is_empty() { b"[" } else { b"," }));
        pieces.extend(reply.body);
    }
    pieces.push(Bytes::from_static(b"]"));
    whole(pieces, |body| json_of(StatusCode::OK, body))
}

/// One reply as JSON.
pub(super) fn json(reply: Reply) -> Response {
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    whole(reply.body, |body| json_of(status, body))
}

fn json_of(status: StatusCode, body: Body) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}

/// An answer of which all is there. Long pieces are not copied: each is counted, or is everybody's.
fn whole(pieces: Vec<Bytes>, answer: impl FnOnce(Body) -> Response) -> Response {
    let pieces = match <[Bytes; 1]>::try_from(in_few(pieces)) {
        Ok([only]) => return answer(Body::from(only)),
        Err(pieces) => pieces,
    };
    let length = pieces.iter().map(Bytes::len).sum::<usize>();
    let mut response = answer(Body::from_stream(stream::iter(pieces.into_iter().map(Ok::<_, Infallible>))));
    response.headers_mut().insert(header::CONTENT_LENGTH, length.into());
    response
}

/// Pieces as they are sent: those of a short answer as one.
pub(super) fn in_few(pieces: Vec<Bytes>) -> Vec<Bytes> {
    if pieces.iter().map(Bytes::len).sum::<usize>() <= LONG { vec![joined(pieces)] } else { pieces }
}

/// Pieces as one; what is one already is not copied.
pub(super) fn joined(mut pieces: Vec<Bytes>) -> Bytes {
    match pieces.pop() {
        Some(only) if pieces.is_empty() => only,
        last => pieces.into_iter().chain(last).collect::<Vec<_>>().concat().into(),
    }
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
pub(super) fn event(message: Vec<Bytes>) -> Vec<Bytes> {
    let (head, end) = (Bytes::from_static(b"event: message\ndata: "), Bytes::from_static(b"\n\n"));
    [head].into_iter().chain(message).chain([end]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{Id, Version};
    use axum::http::HeaderMap;
    use http_body_util::BodyExt as _;

    #[tokio::test]
    async fn attack_78_a_long_list_of_tools_is_the_same_bytes_for_all_who_ask_for_it() {
        let tools = Bytes::from(vec![b' '; LONG]);
        for accept in ["application/json", "text/event-stream"] {
            let headers = HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static(accept))]);
            let reply = Reply::listed(&Id::Text("a".into()), Version::V2025_11_25, tools.clone(), &[]);
            let (head, mut body) = one(Accepts::of(&headers), reply).into_parts();
            let (mut length, mut shared) = (0, false);
            while let Some(frame) = body.frame().await {
                let piece = frame.unwrap().into_data().unwrap();
                length += piece.len();
                shared |= piece.as_ptr() == tools.as_ptr();
            }
            assert!(shared, "{accept}: it was copied");
            assert_eq!(head.headers[header::CONTENT_LENGTH], length.to_string(), "{accept}");
        }
    }
}
