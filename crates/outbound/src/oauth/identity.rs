//! Who an account is at the provider.

use super::error::{Problem, TokenError};
use super::limits::LIMITS;
use super::{body, refusal, retry};
use crate::Outbound;
use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION};
use http::{HeaderValue, Method, Request, StatusCode};
use serde_json::Value;
use valetkey_domain::{Secret, json};

/// Asks the provider's API whose token this is; the answer's shape is the provider's.
///
/// # Errors
/// See [`TokenError`]; an answer that is no JSON (or more of it than [`json::parse`] reads) or no success is
/// [`TokenError::Nonsense`].
pub async fn identity(
    outbound: &Outbound,
    method: Method,
    url: &str,
    access_token: &Secret<str>,
) -> Result<Value, TokenError> {
    let request = Request::builder()
        .method(method)
        .uri(url)
        .header(ACCEPT, HeaderValue::from_static("application/json"))
        .header(AUTHORIZATION, format!("Bearer {}", access_token.expose()))
        .body(Bytes::new())
        .map_err(|error| TokenError::Unavailable(format!("the request cannot be made: {error}")))?;
    let response = outbound.send_told(request, &LIMITS).await?;
    let status = response.status();
    if status.is_success() {
        return json::parse(body::unmarked(response.body())).map_err(|_| {
            TokenError::Nonsense("asked whose account it is, the provider answered no JSON".to_owned().into())
        });
    }
    let members = body::members(response.body());
    let said = refusal::words(&response, members.as_ref(), &[access_token.expose()]);
    if status == StatusCode::TOO_MANY_REQUESTS {
        return Err(TokenError::RateLimited { retry_after: retry::after(response.headers()), said });
    }
    let what = format!("asked whose account it is, the provider answered {status}");
    Err(TokenError::Nonsense(Problem { what, said }))
}
