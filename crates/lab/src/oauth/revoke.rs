//! Revocation. As at Google, revoking any one token ends all that the user gave the client.

use super::client;
use super::params::Params;
use super::refusal::{self, Refusal};
use crate::broken::broken;
use crate::fault::What;
use crate::state::State as LabState;
use crate::{Lab, cite, random};
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use http::{HeaderMap, StatusCode};
use serde_json::json;
use valetkey_domain::Timestamp;

const KNOWN: [&str; 3] = ["token", "token_type_hint", "callback"];
/// Where a client is wanted it may say who it is in the form.
const WITH_CLIENT: [&str; 4] = ["token", "token_type_hint", "client_id", "client_secret"];

/// `POST /revoke`, the token in the form or, as Google allows, in the query.
pub(crate) async fn answer(
    State(lab): State<Lab>,
    headers: HeaderMap,
    fault: Option<Extension<What>>,
    RawQuery(query): RawQuery,
    body: Bytes,
) -> Response {
    let encoded = if body.is_empty() { query.unwrap_or_default().into_bytes() } else { body.to_vec() };
    let known: &[&str] = match &fault {
        Some(Extension(What::ClientWanted { .. })) => &WITH_CLIENT,
        _ => &KNOWN,
    };
    let params = match Params::read(&encoded, known, cite::REVOKE) {
        Ok(params) => params,
        Err(refusal) => return refusal.json(),
    };
    if let Some(Extension(What::ClientWanted { status, body, raw_basic })) = &fault
        && lab.read(|state, _| client::authenticate(state, &headers, &params, *raw_basic)).is_err()
    {
        return refusal::plain(StatusCode::from_u16(*status).unwrap_or(StatusCode::UNAUTHORIZED), body);
    }
    let digest = match params.need("token", cite::REVOKE) {
        Ok(token) => random::digest(token),
        Err(refusal) => return refusal.json(),
    };
    match lab.change(|state, now| end(state, &digest, now)).await {
        Ok(true) => Json(json!({})).into_response(),
        Ok(false) => Refusal::new("invalid_token", cite::REVOKE, "Token expired or revoked").json(),
        Err(error) => broken(&error),
    }
}

/// Ends the grant of the token with this digest; false if there is no such live token.
pub(crate) fn end(state: &mut LabState, digest: &str, now: Timestamp) -> bool {
    let access = state.access_tokens.get(digest).filter(|token| token.expires_at > now);
    let by_access = access.map(|token| (token.client.clone(), token.user.clone()));
    let by_refresh = || state.refresh_tokens.get(digest).map(|token| (token.client.clone(), token.user.clone()));
    match by_access.or_else(by_refresh) {
        Some((client, user)) => {
            state.end_grant(&client, &user);
            true
        }
        None => false,
    }
}
