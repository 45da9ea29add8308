//! Answers in JSON: a message, or an error with the details that the gRPC status carries.

use super::json;
use crate::contract::Contract;
use crate::failure::Failure;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use prost_reflect::{DynamicMessage, MessageDescriptor};
use serde_json::json;
use tonic::{Code, Status};
use valetkey_domain::Kind;

/// The JSON of an answer.
pub(crate) fn message(descriptor: &MessageDescriptor, reply: Bytes) -> Result<Vec<u8>, Failure> {
    let json = DynamicMessage::decode(descriptor.clone(), reply).map(|message| json::write(&message));
    match json {
        Ok(Ok(json)) => Ok(json),
        Ok(Err(why)) => Err(unwritable(descriptor, &why)),
        Err(why) => Err(unwritable(descriptor, &why)),
    }
}

fn unwritable(descriptor: &MessageDescriptor, why: &dyn std::error::Error) -> Failure {
    tracing::error!(cause = %why, message = descriptor.full_name(), "an answer has no JSON form");
    Failure::new(Kind::Internal, "the call was made, but its answer has no JSON form; the server's log has the cause")
}

/// A body of JSON that is written already.
pub(super) fn body(written: Vec<u8>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], written)
}

/// The JSON of a failure that was met before any method was called.
pub(crate) fn refuse(contract: &Contract, failure: Failure) -> Response {
    status(contract, &failure.into())
}

/// The JSON of a gRPC status: `code`, `message`, `details`.
pub(super) fn status(contract: &Contract, status: &Status) -> Response {
    let envelope = contract.pool.get_message_by_name("google.rpc.Status");
    let detailed = envelope.and_then(|envelope| DynamicMessage::decode(envelope, status.details()).ok());
    let detailed = detailed.filter(|message| message.has_field_by_name("code"));
    let bare = || json!({ "code": i32::from(status.code()), "message": status.message(), "details": [] });
    let written = detailed.and_then(|message| json::write_sparse(&message).ok());
    let written = written.unwrap_or_else(|| bare().to_string().into());
    let mut response = (http_status(status.code()), body(written)).into_response();
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
