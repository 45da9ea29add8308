//! Answers in JSON: a message, or an error with the details that the gRPC status carries.

use crate::contract::{Contract, Method};
use crate::failure::Failure;
use crate::given;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use serde_json::json;
use std::sync::Arc;
use tonic::{Code, Status};
use valetkey_app::App;
use valetkey_app::calls::{AnswerRoom, Asked};
use valetkey_domain::{Ctx, Kind};

/// The JSON of a method's answer, and the room that it takes. That of a long one is written off the async threads.
pub(crate) async fn message(
    app: &App,
    ctx: &Ctx,
    method: &Arc<Method>,
    reply: Bytes,
    room: Option<AnswerRoom>,
) -> Result<(Bytes, AnswerRoom), Failure> {
    let Some(room) = room else { return Ok((written(method, &reply)?.into(), AnswerRoom::default())) };
    let writer = Arc::clone(method);
    let writing = app.tasks().spawn_blocking(move || (written(&writer, &reply), room)).await;
    let (json, mut room) = writing.map_err(|why| unwritable(method, &why))?;
    let (json, asked) = (json?, if method.reads() { Asked::Read } else { Asked::Done });
    given::fit(app, ctx, &mut room, json.len(), asked).await?;
    Ok((json.into(), room))
}

fn written(method: &Method, reply: &[u8]) -> Result<Vec<u8>, Failure> {
    let plan = method.answer().map_err(|why| unwritable(method, why))?;
    plan.write(reply).map_err(|why| unwritable(method, &why))
}

fn unwritable(method: &Method, why: &dyn std::error::Error) -> Failure {
    tracing::error!(cause = %why, method = method.path, "an answer has no JSON form");
    Failure::new(Kind::Internal, "the call was made, but its answer has no JSON form; the server's log has the cause")
}

/// A body of JSON that is written already.
pub(super) fn body(written: Bytes) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], written)
}

/// The JSON of a failure that was met before any method was called.
pub(crate) fn refuse(contract: &Contract, failure: Failure) -> Response {
    status(contract, &failure.into())
}

/// The JSON of a gRPC status: `code`, `message`, `details`.
pub(super) fn status(contract: &Contract, status: &Status) -> Response {
    let detailed = Some(status.details()).filter(|details| !details.is_empty());
    let bare = || json!({ "code": i32::from(status.code()), "message": status.message(), "details": [] });
    let written = detailed.and_then(|details| contract.errors.write(details).ok());
    let written = written.unwrap_or_else(|| bare().to_string().into());
    let mut response = (http_status(status.code()), body(written.into())).into_response();
    if status.code() == Code::Unauthenticated {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}

/// The HTTP status of a gRPC code. Source: google.rpc.Code.
fn http_status(code: Code) -> StatusCode {
    let status = match code {
        Code::Ok => 200,
        Code::Cancelled => 499,
        Code::InvalidArgument | Code::FailedPrecondition | Code::OutOfRange => 400,
        Code::Unauthenticated => 401,
        Code::PermissionDenied => 403,
        Code::NotFound => 404,
        Code::AlreadyExists | Code::Aborted => 409,
        Code::ResourceExhausted => 429,
        Code::Unknown | Code::Internal | Code::DataLoss => 500,
        Code::Unimplemented => 501,
        Code::Unavailable => 503,
        Code::DeadlineExceeded => 504,
    };
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}
