//! Failures on request: the next calls of a route go wrong in a chosen way.

use crate::api::error::ApiError;
use crate::fault::What;
use crate::oauth::refusal::{self, Refusal};
use crate::state::State;
use crate::{Lab, cite, oauth, random};
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};
use std::time::Duration;
use valetkey_domain::Timestamp;

/// The first fault that waits for one of these routes; it has one call less to strike afterwards.
pub(crate) fn take(state: &mut State, routes: &[String]) -> Option<What> {
    let fault = state.faults.iter_mut().find(|fault| routes.contains(&fault.route))?;
    fault.times = fault.times.saturating_sub(1);
    let what = fault.fault.clone();
    state.faults.retain(|fault| fault.times > 0);
    Some(what)
}

/// Plays a fault on a call whose body is in memory.
pub(crate) async fn play(lab: &Lab, what: What, body: &Bytes, mut request: Request, next: Next) -> Response {
    let oauth = matches!(request.uri().path(), "/token" | "/revoke" | "/v1/userinfo");
    match what {
        What::TokenExpired {} => {
            let digest = bearer_digest(request.headers());
            lab.note(|state, now| expire(state, digest.as_deref(), now));
            next.run(request).await
        }
        What::TokenRevoked {} => {
            let digests = [bearer_digest(request.headers()), refresh_digest(body)];
            lab.note(|state, now| {
                for digest in digests.iter().flatten() {
                    oauth::revoke::end(state, digest, now);
                }
            });
            next.run(request).await
        }
        What::RefreshRotated {}
        | What::ScopeWithheld { .. }
        | What::ExpiresIn { .. }
        | What::NonceWanted {}
        | What::NonceChanged { .. }
        | What::RawBasic {}
        | What::ClientWanted { .. } => {
            request.extensions_mut().insert(what);
            next.run(request).await
        }
        What::Slow { millis } => {
            tokio::time::sleep(Duration::from_millis(millis.min(60_000))).await;
            next.run(request).await
        }
        What::Truncated {} => truncate(next.run(request).await).await,
        What::ByteOrderMark {} => mark(next.run(request).await).await,
        What::ServerError { handled: true, .. } | What::Reset { handled: true } => {
            next.run(request).await;
            instead(&what, oauth)
        }
        other => instead(&other, oauth),
    }
}

/// The answer of a fault that leaves nothing to the route; OAuth endpoints have another form of error than APIs.
fn instead(what: &What, oauth: bool) -> Response {
    match what {
        What::RateLimited { retry_after, status } => {
            let mut response = if oauth {
                Refusal::new("rate_limit_exceeded", cite::TOKEN_ERRORS, "Too many requests.")
                    .with_status(code(*status))
                    .json()
            } else {
                ApiError::rate_limited(*status).into_response()
            };
            response.headers_mut().insert(header::RETRY_AFTER, (*retry_after).into());
            response
        }
        What::Refused { status, body } => refusal::plain(code(*status), body),
        What::Redirect { to } => (StatusCode::FOUND, [(header::LOCATION, to.as_str())]).into_response(),
        What::Reset { .. } => broken_off(),
        What::ServerError { status, .. } if oauth => {
            Refusal::new("internal_failure", cite::TOKEN_ERRORS, "Backend Error").with_status(code(*status)).json()
        }
        What::ServerError { status, .. } => ApiError::backend(*status).into_response(),
        _ => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

fn code(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// An answer whose body fails: the server drops the connection within it.
fn broken_off() -> Response {
    let failure = futures::stream::once(async { Err::<Bytes, _>(std::io::Error::other("reset on request")) });
    ([(header::CONTENT_LENGTH, "1024")], Body::from_stream(failure)).into_response()
}

async fn mark(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    let whole = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::from([b"\xef\xbb\xbf".as_slice(), &whole].concat()))
}

async fn truncate(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    let whole = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(whole.slice(..whole.len() / 2)))
}

fn bearer_digest(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    value.strip_prefix("Bearer ").map(random::digest)
}

fn refresh_digest(body: &[u8]) -> Option<String> {
    form_urlencoded::parse(body).find(|(name, _)| name == "refresh_token").map(|(_, value)| random::digest(&value))
}

fn expire(state: &mut State, digest: Option<&str>, now: Timestamp) {
    if let Some(token) = digest.and_then(|digest| state.access_tokens.get_mut(digest)) {
        token.expires_at = now;
    }
}
