//! Calls a method in process, as a gRPC client would: the same router, the same gate, the same bytes.

use crate::frame;
use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderValue, Request, header};
use http_body_util::BodyExt;
use tonic::{Code, Status};
use tower::ServiceExt;

/// Sends one message and waits for the one that comes back.
pub(super) async fn unary(grpc: &Router, path: &str, head: &Parts, message: &[u8]) -> Result<Bytes, Status> {
    let request = request(path, head, message).map_err(|why| Status::internal(why.to_string()))?;
    let Ok(response) = grpc.clone().oneshot(request).await;
    let (reply, body) = response.into_parts();
    check(Status::from_header_map(&reply.headers))?;
    let collected = body.collect().await.map_err(|why| Status::internal(why.to_string()))?;
    check(collected.trailers().and_then(Status::from_header_map))?;
    frame::unwrap(&collected.to_bytes()).map_err(Status::from)
}

/// Of the caller's headers the token goes along, its first value only, and how long the caller waits.
fn request(path: &str, head: &Parts, message: &[u8]) -> http::Result<Request<Body>> {
    let mut request = Request::post(path)
        .version(http::Version::HTTP_2)
        .header(header::CONTENT_TYPE, "application/grpc")
        .header(header::TE, HeaderValue::from_static("trailers"));
    for name in ["authorization", "grpc-timeout"] {
        if let Some(value) = head.headers.get(name) {
            request = request.header(name, value);
        }
    }
    request.body(Body::from(frame::wrap(message)))
}

fn check(status: Option<Status>) -> Result<(), Status> {
    match status {
        Some(status) if status.code() != Code::Ok => Err(status),
        _ => Ok(()),
    }
}
