//! Who an account is at the provider.

use super::client::LIMITS;
use super::error::TokenError;
use crate::Outbound;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION};
use http::{HeaderValue, Method, Request};
use serde_json::Value;
use valetkey_domain::Secret;

/// Asks the provider's API whose token this is; the answer's shape is the provider's.
///
/// # Errors
/// See [`TokenError`]; an answer that is no JSON or no success is [`TokenError::Nonsense`].
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
    let response = outbound.send(request, &LIMITS).await?;
    if !response.status().is_success() {
        return Err(TokenError::Nonsense(format!(
            "asked whose account it is, the provider answered {}",
            response.status()
        )));
    }
    serde_json::from_slice(response.body())
        .map_err(|_| TokenError::Nonsense("asked whose account it is, the provider answered no JSON".into()))
}

/// The `sub` of an ID token. Its signature isn't checked: it came straight from the token endpoint over TLS, which
/// OpenID Connect Core §3.1.3.7 (6) accepts in place of that. Never use it on an ID token from elsewhere.
#[must_use]
pub fn subject_of(id_token: &Secret<str>) -> Option<String> {
    let claims = id_token.expose().split('.').nth(1)?;
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()?;
    claims.get("sub")?.as_str().filter(|sub| !sub.is_empty()).map(ToOwned::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_subject_of_an_id_token() {
        let token = |claims: &str| Secret::from(format!("e30.{}.sig", URL_SAFE_NO_PAD.encode(claims)));
        assert_eq!(subject_of(&token(r#"{"sub":"1073"}"#)).as_deref(), Some("1073"));
        for odd in [token("{}"), token(r#"{"sub":""}"#), token("x"), Secret::from("no.token"), Secret::from("")] {
            assert_eq!(subject_of(&odd), None);
        }
    }
}
