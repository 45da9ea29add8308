//! What has happened, for a keeper who wants to know whether it did.

use crate::Lab;
use crate::gmail;
use crate::json::put;
use crate::state::{Event, Grant, Mail, State as LabState, User};
use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

/// `GET /exchanges`: how often the token endpoint answered what.
pub(super) async fn exchanges(State(lab): State<Lab>) -> Json<Value> {
    lab.read(|state, _| Json(json!({"exchanges": state.exchanges})))
}

/// `GET /calls`: how often each route was called since the start.
pub(super) async fn calls(State(lab): State<Lab>) -> Json<Value> {
    lab.read(|state, _| Json(json!({"calls": state.calls})))
}

/// `GET /grants`: who has granted what to whom, and how many tokens of it live.
pub(super) async fn grants(State(lab): State<Lab>) -> Json<Value> {
    lab.read(|state, _| {
        let rows: Vec<Value> = state.grants.iter().map(|grant| grant_row(state, grant)).collect();
        Json(json!({"grants": rows}))
    })
}

/// `GET /mail`: what was sent through the API.
pub(super) async fn mail(State(lab): State<Lab>) -> Json<Value> {
    lab.read(|state, _| {
        let sent = |user: &User| {
            let own = user.mail.iter().filter(|mail| mail.sent_by_api);
            own.map(|mail| mail_row(user, mail)).collect::<Vec<_>>()
        };
        Json(json!({"sent": state.users.iter().flat_map(sent).collect::<Vec<_>>()}))
    })
}

/// `GET /events`: what was inserted through the API, also what was deleted since.
pub(super) async fn events(State(lab): State<Lab>) -> Json<Value> {
    lab.read(|state, _| {
        let inserted = |user: &User| {
            let own = user.events.iter().filter(|event| event.made_by_api);
            own.map(|event| event_row(user, event)).collect::<Vec<_>>()
        };
        Json(json!({"inserted": state.users.iter().flat_map(inserted).collect::<Vec<_>>()}))
    })
}

fn grant_row(state: &LabState, grant: &Grant) -> Value {
    let of = |client: &str, user: &str| client == grant.client && user == grant.user;
    json!({
        "client": grant.client,
        "user": grant.user,
        "scopes": grant.scopes,
        "offline": grant.offline,
        "access_tokens": state.access_tokens.values().filter(|token| of(&token.client, &token.user)).count(),
        "refresh_tokens": state.refresh_tokens.values().filter(|token| of(&token.client, &token.user)).count(),
    })
}

fn mail_row(user: &User, mail: &Mail) -> Value {
    let mut row = gmail::summary(mail);
    put(&mut row, "user", user.email.as_str());
    row
}

fn event_row(user: &User, event: &Event) -> Value {
    json!({
        "user": user.email,
        "id": event.id,
        "created": event.created.to_string(),
        "deleted": event.deleted,
        "event": event.written,
        "conference": event.conference,
    })
}
