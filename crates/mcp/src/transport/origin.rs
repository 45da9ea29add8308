//! Which web pages may call. A program sends no `Origin`; a browser always does, so that a page of another site, or one
//! that made a name of its own point here, is known by it. Pages that the operator lists are told what their browser wants to
//! know before it lets them (CORS); no cookie is ever part of it.

use super::state::TransportState;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// How long a browser may keep what a preflight was answered with, in seconds.
const KEPT: &str = "600";
/// The headers of ours that a page may read.
const READABLE: &str = "mcp-session-id, www-authenticate";
/// The headers that a page may send, beside those of the protocol, which all begin alike.
const SENT: [&str; 4] = ["accept", "authorization", "content-type", "last-event-id"];
const OF_THE_PROTOCOL: &str = "mcp-";

/// Whether the request's `Origin` is absent, the server's own, or one that the operator allows.
pub(super) fn allowed(state: &TransportState, headers: &HeaderMap) -> bool {
    let mut origins = headers.get_all(header::ORIGIN).iter();
    let Some(origin) = origins.next() else { return true };
    let settings = &state.app.settings();
    let own = [&settings.public_url, &settings.sdk_url].map(|url| url.origin().ascii_serialization());
    let listed = own.iter().chain(&state.settings.allowed_origins);
    origins.next().is_none() && listed.into_iter().any(|known| known.as_bytes() == origin.as_bytes())
}

/// The request's `Origin`, if the operator lists it.
pub(super) fn listed(state: &TransportState, headers: &HeaderMap) -> Option<HeaderValue> {
    let origin = headers.get(header::ORIGIN)?;
    let known = state.settings.allowed_origins.iter().any(|known| known.as_bytes() == origin.as_bytes());
    known.then(|| origin.clone())
}

/// What a browser is told that asks whether a page of an allowed origin may send what it wants to.
pub(super) fn preflight(headers: &HeaderMap) -> Response {
    let asked = headers.get(header::ACCESS_CONTROL_REQUEST_HEADERS).and_then(|asked| asked.to_str().ok());
    let names = asked.unwrap_or_default().split(',').map(|name| name.trim().to_ascii_lowercase());
    let sent = names.filter(|name| SENT.contains(&name.as_str()) || name.starts_with(OF_THE_PROTOCOL));
    let sent = HeaderValue::from_str(&sent.collect::<Vec<_>>().join(", "));
    let mut told = vec![
        (header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST")),
        (header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static(KEPT)),
    ];
    told.extend(sent.ok().map(|sent| (header::ACCESS_CONTROL_ALLOW_HEADERS, sent)));
    (StatusCode::NO_CONTENT, told.into_iter().collect::<HeaderMap>()).into_response()
}

/// Lets a page of this origin read an answer.
pub(super) fn share(headers: &mut HeaderMap, origin: HeaderValue) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(READABLE));
    headers.append(header::VARY, HeaderValue::from_static("origin"));
}
