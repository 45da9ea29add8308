//! Calls a method in process, as a gRPC client would: the same router, the same gate, the same bytes.

use crate::entrance::Admitted;
use crate::frame;
use crate::given::LongAnswer;
use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use http::{HeaderValue, Request, header};
use http_body_util::BodyExt;
use tonic::{Code, Status};
use tower::ServiceExt;
use valetkey_app::calls::{AnswerRoom, RequestMemory};

/// Sends one message for a caller that was let in, and waits for the one that comes back, with its room if it is a long one.
pub(crate) async fn unary(
    grpc: &Router,
    path: &str,
    by: (Admitted, RequestMemory),
    message: &[u8],
) -> Result<(Bytes, Option<AnswerRoom>), Status> {
    let request = request(path, by, message).map_err(|why| Status::internal(why.to_string()))?;
    let Ok(response) = grpc.clone().oneshot(request).await;
    let (reply, body) = response.into_parts();
    check(Status::from_header_map(&reply.headers))?;
    let collected = body.collect().await.map_err(|why| Status::internal(why.to_string()))?;
    check(collected.trailers().and_then(Status::from_header_map))?;
    let room = reply.extensions.get::<LongAnswer>().map(LongAnswer::room);
    Ok((frame::unwrap(&collected.to_bytes())?, room))
}

/// Of the caller nothing goes along but that it was let in, which the gate takes in place of a token, and the room that its
/// question takes.
fn request(path: &str, (by, asked): (Admitted, RequestMemory), message: &[u8]) -> http::Result<Request<Body>> {
    Request::post(path)
        .version(http::Version::HTTP_2)
        .header(header::CONTENT_TYPE, "application/grpc")
        .header(header::TE, HeaderValue::from_static("trailers"))
        .extension(by)
        .extension(asked)
        .body(Body::from(frame::wrap(message)))
}

fn check(status: Option<Status>) -> Result<(), Status> {
    match status {
        Some(status) if status.code() != Code::Ok => Err(status),
        _ => Ok(()),
    }
}
