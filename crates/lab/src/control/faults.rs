//! Failures on request: which wait, and new ones.

use crate::Lab;
use crate::fault::Fault;
use crate::provider::OAUTH_ROUTES;
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::json;

/// `GET /faults`.
pub(super) async fn list(State(lab): State<Lab>) -> Response {
    lab.read(|state, _| Json(json!({"faults": state.faults})).into_response())
}

/// `POST /faults`.
pub(super) async fn add(State(lab): State<Lab>, Json(fault): Json<Fault>) -> Response {
    if !known(&lab).contains(&fault.route) {
        let said = format!("there is no route '{}'; GET /routes lists them", fault.route);
        return (StatusCode::BAD_REQUEST, said).into_response();
    }
    if fault.times == 0 {
        return (StatusCode::BAD_REQUEST, "times is at least 1").into_response();
    }
    lab.note(|state, _| state.faults.push(fault));
    StatusCode::NO_CONTENT.into_response()
}

/// `DELETE /faults`.
pub(super) async fn clear(State(lab): State<Lab>) -> StatusCode {
    lab.note(|state, _| state.faults.clear());
    StatusCode::NO_CONTENT
}

/// `GET /routes`.
pub(super) async fn routes(State(lab): State<Lab>) -> Response {
    Json(json!({"routes": known(&lab)})).into_response()
}

fn known(lab: &Lab) -> Vec<String> {
    let apis = lab.digests().iter().map(|digest| digest.id.split(':').next().unwrap_or_default().to_owned());
    let operations = lab.digests().iter().flat_map(|digest| digest.operations.keys().cloned());
    OAUTH_ROUTES.iter().map(|route| (*route).to_owned()).chain(apis).chain(operations).collect()
}
