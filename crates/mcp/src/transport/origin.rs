//! Which web pages may call. A program sends no `Origin`; a browser always does, so that a page of another site, or one
//! that made a name of its own point here, is known by it.

use super::state::TransportState;
use axum::http::{HeaderMap, header};

/// Whether the request's `Origin` is absent, the server's own, or one that the operator allows.
pub(super) fn allowed(state: &TransportState, headers: &HeaderMap) -> bool {
    let mut origins = headers.get_all(header::ORIGIN).iter();
    let Some(origin) = origins.next() else { return true };
    let settings = &state.app.settings();
    let own = [&settings.public_url, &settings.sdk_url].map(|url| url.origin().ascii_serialization());
    let listed = own.iter().chain(&state.settings.allowed_origins);
    origins.next().is_none() && listed.into_iter().any(|known| known.as_bytes() == origin.as_bytes())
}
