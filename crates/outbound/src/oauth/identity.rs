//! Who an account is at the provider.

use super::error::{Problem, TokenError};
use super::limits::LIMITS;
use super::{body, refusal, retry};
use crate::Outbound;
use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, StatusCode};
use serde_json::Value;
use valetkey_domain::{Secret, json};

/// How a provider's API is asked whose token it is.
#[derive(Clone, Debug)]
pub struct Question<'a> {
    /// GET or POST.
    pub method: Method,
    /// The address.
    pub url: &'a str,
    /// Headers that the API always wants.
    pub headers: &'a [(String, String)],
    /// What is sent as JSON.
    pub body: Option<&'a Value>,
}

impl Question<'_> {
    fn request(&self, access_token: &Secret<str>) -> Result<Request<Bytes>, TokenError> {
        let mut builder = Request::builder().method(self.method.clone()).uri(self.url);
        for (name, value) in self.headers {
            builder = builder.header(name, value);
        }
        if builder.headers_ref().is_none_or(|headers| !headers.contains_key(ACCEPT)) {
            builder = builder.header(ACCEPT, HeaderValue::from_static("application/json"));
        }
        builder = builder.header(AUTHORIZATION, format!("Bearer {}", access_token.expose()));
        let body = self.body.map(|body| Bytes::from(body.to_string()));
        if body.is_some() {
            builder = builder.header(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        let made = builder.body(body.unwrap_or_default());
        made.map_err(|error| TokenError::Unavailable(format!("the request cannot be made: {error}")))
    }
}

/// Asks the provider's API whose token this is; the answer's shape is the provider's.
///
/// # Errors
/// See [`TokenError`]; an answer that is no JSON (or more of it than [`json::parse`] reads) or no success is
/// [`TokenError::Nonsense`].
pub async fn identity(
    outbound: &Outbound,
    question: &Question<'_>,
    access_token: &Secret<str>,
) -> Result<Value, TokenError> {
    let request = question.request(access_token)?;
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
