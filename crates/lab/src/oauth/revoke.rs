//! Revocation. As at Google, revoking any one token ends all that the user gave the client.

use super::params::Params;
use super::refusal::Refusal;
use crate::provider::broken;
use crate::state::State as LabState;
use crate::{Lab, cite, random};
use axum::Json;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use valetkey_domain::Timestamp;

/// `POST /revoke`, the token in the form or, as Google allows, in the query.
pub(crate) async fn answer(State(lab): State<Lab>, RawQuery(query): RawQuery, body: Bytes) -> Response {
    let encoded = if body.is_empty() { query.unwrap_or_default().into_bytes() } else { body.to_vec() };
    let token = Params::read(&encoded, &["token", "token_type_hint", "callback"], cite::REVOKE)
        .and_then(|params| params.need("token", cite::REVOKE).map(random::digest));
    let digest = match token {
        Ok(digest) => digest,
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
