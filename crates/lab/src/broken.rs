//! How a failure of the lab itself is answered.

use crate::Error;
use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::json;
use valetkey_domain::Kind;

/// A failure of the lab itself, told so that nobody takes it for one it plays.
pub(crate) fn broken(error: &Error) -> Response {
    let status = match error.kind() {
        Kind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    };
    let body = json!({"error": "lab_failure", "error_description": error.to_string()});
    (status, Json(body)).into_response()
}
