//! One refusal of the authorization server, and the three ways in which it is told: JSON, page, redirect.

use crate::pages::{ErrorPage, Pages};
use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde_json::json;
use url::Url;

/// What is refused, in OAuth's words, and the page that says so.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    pub(crate) description: String,
    /// The vendor's page or the RFC's section; `error_uri` on the wire.
    pub(crate) page: &'static str,
}

impl Refusal {
    /// A refusal with status 400.
    pub(crate) fn new(code: &'static str, page: &'static str, description: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, code, description: description.into(), page }
    }

    /// The same with another status.
    pub(crate) fn with_status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    /// As the token endpoint answers it (RFC 6749, 5.2).
    pub(crate) fn json(&self) -> Response {
        let body = json!({"error": self.code, "error_description": self.description, "error_uri": self.page});
        let mut response = (self.status, [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            let challenge = HeaderValue::from_static("Basic realm=\"provider lab\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        response
    }

    /// As a page for the person: for requests that must not lead anywhere.
    pub(crate) fn shown(&self, pages: &Pages) -> Response {
        let page = ErrorPage {
            status: self.status.as_u16(),
            error: self.code.to_owned(),
            description: self.description.clone(),
            error_uri: self.page.to_owned(),
        };
        pages.answer(self.status, &page)
    }

    /// As a redirect to the client (RFC 6749, 4.1.2.1).
    pub(crate) fn sent_back(&self, redirect_uri: &str, state: Option<&str>) -> Response {
        let mut answer = vec![("error", self.code), ("error_description", &self.description), ("error_uri", self.page)];
        answer.extend(state.map(|state| ("state", state)));
        send_back(redirect_uri, &answer)
    }
}

/// A refusal that says this and nothing else.
pub(crate) fn plain(status: StatusCode, body: &str) -> Response {
    let kind = match body.as_bytes().first() {
        Some(b'{') => "application/json",
        Some(b'<') => "text/html",
        _ => "text/plain",
    };
    (status, [(header::CONTENT_TYPE, kind)], body.to_owned()).into_response()
}

/// Sends the browser to the client's redirect URI with these parameters added to its query. The form's POST becomes a
/// GET (303).
pub(crate) fn send_back(redirect_uri: &str, parameters: &[(&str, &str)]) -> Response {
    let Ok(mut target) = Url::parse(redirect_uri) else {
        return (StatusCode::BAD_REQUEST, "the registered redirect URI is no URL").into_response();
    };
    target.query_pairs_mut().extend_pairs(parameters);
    let headers = [
        (header::LOCATION, target.as_str()),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    (StatusCode::SEE_OTHER, headers).into_response()
}
