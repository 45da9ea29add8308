//! Whose access token a call carries, and whether it is wide enough.

use super::error::ApiError;
use crate::random;
use crate::state::State;
use http::{HeaderMap, header};
use std::collections::BTreeSet;
use valetkey_domain::Timestamp;
use valetkey_vendor::Operation;

/// The user and client behind a live access token.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) user: String,
    /// The OAuth client that holds the token.
    pub(crate) client: String,
    pub(crate) scopes: BTreeSet<String>,
}

/// Reads the `Authorization` header. A token in the query is no token: the digests' `access_token` is refused later.
pub(crate) fn identify(state: &State, headers: &HeaderMap, now: Timestamp) -> Result<Caller, ApiError> {
    let header = headers.get(header::AUTHORIZATION).ok_or_else(ApiError::no_credentials)?;
    let text = header.to_str().unwrap_or_default();
    let (scheme, token) = text.split_once(' ').unwrap_or_default();
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(ApiError::bad_credentials());
    }
    let known = state.access_tokens.get(&random::digest(token)).filter(|token| token.expires_at > now);
    let known = known.ok_or_else(ApiError::bad_credentials)?;
    Ok(Caller { user: known.user.clone(), client: known.client.clone(), scopes: known.scopes.clone() })
}

/// Any one of the operation's scopes is enough.
pub(crate) fn check_scopes(caller: &Caller, operation: &Operation) -> Result<(), ApiError> {
    if operation.scopes.iter().any(|scope| caller.scopes.contains(scope)) {
        return Ok(());
    }
    Err(ApiError::insufficient_scopes(operation))
}
