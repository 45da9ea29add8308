//! The keeper's side of the lab: its clock, failures on request, clients, and what has happened. JSON both ways.
//!
//! The crate's documentation lists the calls.

mod faults;
mod happened;

use crate::Lab;
use crate::broken::broken;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::StatusCode;
use serde::Deserialize;
use serde_json::json;

/// Everything that the lab's keeper may call.
pub(crate) fn router(lab: &Lab) -> Router {
    Router::new()
        .route("/clock", get(clock).post(advance))
        .route("/routes", get(faults::routes))
        .route("/faults", get(faults::list).post(faults::add).delete(faults::clear))
        .route("/clients", get(clients).post(register))
        .route("/exchanges", get(happened::exchanges))
        .route("/calls", get(happened::calls))
        .route("/grants", get(happened::grants))
        .route("/mail", get(happened::mail))
        .route("/events", get(happened::events))
        .route("/reset", post(reset))
        .with_state(lab.clone())
}

/// How far to move the clock.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    advance_seconds: i64,
}

/// A client to register.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NewClient {
    id: String,
    secret: String,
    redirect_uris: Vec<String>,
}

async fn clock(State(lab): State<Lab>) -> Response {
    lab.read(|state, now| {
        Json(json!({"now": now.to_string(), "offset_seconds": state.clock_offset / 1000})).into_response()
    })
}

async fn advance(State(lab): State<Lab>, Json(by): Json<Advance>) -> Response {
    let moved = lab.change(|state, now| {
        let target = jiff::SignedDuration::from_secs(by.advance_seconds);
        now.checked_add(target).is_ok_and(|_| {
            state.clock_offset = state.clock_offset.saturating_add(by.advance_seconds.saturating_mul(1000));
            true
        })
    });
    match moved.await {
        Ok(true) => clock(State(lab)).await,
        Ok(false) => (StatusCode::BAD_REQUEST, "the clock cannot stand there: years are -9999 to 9999").into_response(),
        Err(error) => broken(&error),
    }
}

async fn clients(State(lab): State<Lab>) -> Response {
    lab.read(|state, _| {
        let row =
            |(id, client): (&String, &crate::state::Client)| json!({"id": id, "redirect_uris": client.redirect_uris});
        Json(json!({"clients": state.clients.iter().map(row).collect::<Vec<_>>()})).into_response()
    })
}

async fn register(State(lab): State<Lab>, Json(new): Json<NewClient>) -> Response {
    if let Some(wrong) = new.redirect_uris.iter().find(|uri| url::Url::parse(uri).is_err()) {
        return (StatusCode::BAD_REQUEST, format!("'{wrong}' is no URL")).into_response();
    }
    done(lab.register_client(&new.id, &new.secret, new.redirect_uris).await)
}

async fn reset(State(lab): State<Lab>) -> Response {
    done(lab.reset().await)
}

fn done(result: Result<(), crate::Error>) -> Response {
    match result {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => broken(&error),
    }
}
