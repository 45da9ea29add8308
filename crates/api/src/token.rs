//! `POST /oauth/token` (RFC 6749 §4.4) and `GET /keys` (RFC 7517 §5).
//!
//! Credentials come in the form, as the SDKs send them, or by Basic. Any other `authorization` is passed over: on a
//! refresh the Python SDK sends its old bearer token along.

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::{Value, json};
use valetkey_app::tenancy::tokens;
use valetkey_app::tenancy::tokens::Token;
use valetkey_app::{App, Error};
use valetkey_domain::{Kind, Secret};

/// The most that a token request may have in bytes.
const MAX_FORM: usize = 16 * 1024;

/// The scope of every token. What a client may do is the client's own; the vendor's tokens say the same.
const SCOPE: &str = "openid";

/// Exchanges a client's id and secret for an access token.
pub(crate) async fn exchange(State(app): State<App>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = match axum::body::to_bytes(body, MAX_FORM).await {
        Ok(body) => body,
        Err(_) => return TokenError::request(format!("the form has more than {MAX_FORM} bytes")).into_response(),
    };
    match Credentials::read(&head.headers, &body) {
        Ok(given) => match tokens::token(&app, &given.id, &given.secret).await {
            Ok(token) => issued(&token),
            Err(error) => TokenError::from_app(&error, given.basic).into_response(),
        },
        Err(refused) => refused.into_response(),
    }
}

/// The public keys of all tokens of ours.
pub(crate) async fn keys(State(app): State<App>) -> Json<Value> {
    Json(app.public_keys())
}

fn issued(token: &Token) -> Response {
    let body = json!({
        "access_token": token.access_token.expose(),
        "token_type": "Bearer",
        "expires_in": token.expires_in.as_secs(),
        "scope": SCOPE,
    });
    unstored((StatusCode::OK, Json(body)).into_response())
}

/// Who asks.
#[derive(Debug)]
struct Credentials {
    id: String,
    secret: Secret<str>,
    basic: bool,
}

impl Credentials {
    fn read(headers: &HeaderMap, body: &[u8]) -> Result<Self, TokenError> {
        let form = Form::read(headers, body)?;
        match form.one("grant_type")? {
            Some("client_credentials") => {}
            Some(_) => return Err(TokenError::new("unsupported_grant_type", "grant_type must be client_credentials")),
            None => return Err(TokenError::request("grant_type is missing: it must be client_credentials")),
        }
        if let Some((id, secret)) = basic(headers) {
            return match form.one("client_secret")? {
                Some(_) => Err(TokenError::request("credentials come in the form or by Basic, not by both")),
                None => Ok(Self { id, secret, basic: true }),
            };
        }
        match (form.one("client_id")?, form.one("client_secret")?) {
            (Some(id), Some(secret)) => Ok(Self { id: id.to_owned(), secret: secret.into(), basic: false }),
            _ => Err(TokenError::client("client_id and client_secret are missing", false)),
        }
    }
}

/// The members of a form, each once at most (RFC 6749 §3.2).
struct Form(Vec<(String, String)>);

impl Form {
    fn read(headers: &HeaderMap, body: &[u8]) -> Result<Self, TokenError> {
        let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if !kind.to_ascii_lowercase().starts_with("application/x-www-form-urlencoded") {
            return Err(TokenError::request("the content type must be application/x-www-form-urlencoded"));
        }
        Ok(Self(form_urlencoded::parse(body).into_owned().collect()))
    }

    fn one(&self, name: &str) -> Result<Option<&str>, TokenError> {
        let mut values = self.0.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str());
        let first = values.next().filter(|value| !value.is_empty());
        match values.next() {
            Some(_) => Err(TokenError::request(format!("{name} is there twice"))),
            None => Ok(first),
        }
    }
}

/// Id and secret of an `authorization: Basic` header, both form-encoded (RFC 6749 §2.3.1).
fn basic(headers: &HeaderMap) -> Option<(String, Secret<str>)> {
    let (scheme, encoded) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(BASE64_STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (id, secret) = decoded.split_once(':')?;
    let plain = |text: &str| form_urlencoded::parse(text.as_bytes()).next().map(|(text, _)| text.into_owned());
    Some((plain(id).unwrap_or_default(), Secret::from(plain(secret).unwrap_or_default())))
}

/// A refusal as RFC 6749 §5.2 has it.
#[derive(Debug)]
struct TokenError {
    status: StatusCode,
    error: &'static str,
    description: String,
    /// Whether to ask for Basic, because that is how the client tried.
    challenge: bool,
}

impl TokenError {
    fn new(error: &'static str, description: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, error, description: description.into(), challenge: false }
    }

    fn request(description: impl Into<String>) -> Self {
        Self::new("invalid_request", description)
    }

    fn client(description: impl Into<String>, basic: bool) -> Self {
        Self { status: StatusCode::UNAUTHORIZED, challenge: basic, ..Self::new("invalid_client", description) }
    }

    fn from_app(error: &Error, basic: bool) -> Self {
        match error.kind() {
            Kind::Unauthenticated => Self::client(error.message(), basic),
            kind => {
                tracing::error!(error = ?error, "no token could be issued");
                let status = StatusCode::from_u16(kind.http()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                Self { status, ..Self::new("server_error", error.message()) }
            }
        }
    }
}

impl IntoResponse for TokenError {
    fn into_response(self) -> Response {
        let body = json!({ "error": self.error, "error_description": self.description });
        let mut response = (self.status, Json(body)).into_response();
        if self.challenge {
            let basic = HeaderValue::from_static("Basic realm=\"valetkey\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, basic);
        }
        unstored(response)
    }
}

/// Nobody on the way may keep it (RFC 6749 §5.1).
fn unstored(mut response: Response) -> Response {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.headers_mut().insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(authorization: Option<&str>, form: &str) -> Result<(String, String, bool), (u16, &'static str)> {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, "application/x-www-form-urlencoded".parse().unwrap());
        if let Some(value) = authorization {
            headers.insert(header::AUTHORIZATION, value.parse().unwrap());
        }
        let given = Credentials::read(&headers, form.as_bytes());
        given
            .map(|given| (given.id, given.secret.expose().to_owned(), given.basic))
            .map_err(|refused| (refused.status.as_u16(), refused.error))
    }

    #[test]
    fn the_form_of_the_sdks() {
        let form = "grant_type=client_credentials&client_id=skc_1&client_secret=s%2Bx";
        assert_eq!(read(None, form), Ok(("skc_1".into(), "s+x".into(), false)));
        assert_eq!(read(Some("Bearer old"), form), Ok(("skc_1".into(), "s+x".into(), false)));
    }

    #[test]
    fn basic_is_taken_alone() {
        let basic = format!("Basic {}", BASE64_STANDARD.encode("skc_1:s%2Bx"));
        assert_eq!(read(Some(&basic), "grant_type=client_credentials"), Ok(("skc_1".into(), "s+x".into(), true)));
        let both = "grant_type=client_credentials&client_id=skc_1&client_secret=x";
        assert_eq!(read(Some(&basic), both), Err((400, "invalid_request")));
    }

    #[test]
    fn refusals_have_the_codes_of_the_rfc() {
        let cases = [
            ("", (400, "invalid_request")),
            ("grant_type=password&client_id=a&client_secret=b", (400, "unsupported_grant_type")),
            ("grant_type=client_credentials&grant_type=client_credentials", (400, "invalid_request")),
            ("grant_type=client_credentials&client_id=a", (401, "invalid_client")),
            ("grant_type=client_credentials&client_id=a&client_secret=", (401, "invalid_client")),
        ];
        for (form, expected) in cases {
            assert_eq!(read(None, form), Err(expected), "{form}");
        }
        let json = Credentials::read(&HeaderMap::new(), b"{}").unwrap_err();
        assert_eq!((json.status.as_u16(), json.error), (400, "invalid_request"));
    }

    #[test]
    fn answers_are_not_to_be_stored() {
        let refused = TokenError::client("x", true).into_response();
        assert_eq!(refused.status(), 401);
        assert_eq!(refused.headers()["cache-control"], "no-store");
        assert_eq!(refused.headers()["www-authenticate"], "Basic realm=\"valetkey\"");
    }
}
