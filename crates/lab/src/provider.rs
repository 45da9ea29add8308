//! The provider's routes, and what every call passes first: its count, and a scripted failure if one waits.

use crate::oauth::{authorize, consent, discovery, revoke, token, userinfo};
use crate::{Lab, api, faults, pages};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::{StatusCode, header, request::Parts};

/// No call has a longer body: a message with its attachments in base64 fits.
const MAX_BODY: usize = 36 * 1024 * 1024;

/// Everything that the world may call.
pub(crate) fn router(lab: &Lab) -> Router {
    Router::new()
        .route("/", get(front))
        .route("/lab.css", get(style))
        .route("/o/oauth2/v2/auth", get(authorize::begin))
        .route("/o/oauth2/v2/auth/account", post(authorize::account))
        .route("/o/oauth2/v2/auth/consent", post(consent::decide))
        .route("/token", post(token::answer))
        .route("/revoke", post(revoke::answer))
        .route("/v1/userinfo", get(userinfo::answer).post(userinfo::answer))
        .route("/.well-known/openid-configuration", get(discovery::answer))
        .fallback(api::answer)
        .layer(middleware::from_fn_with_state(lab.clone(), front_door))
        // The front door has a limit of its own, above axum's two megabytes.
        .layer(DefaultBodyLimit::disable())
        .with_state(lab.clone())
}

/// The routes that failures can be scripted for, beside the APIs' operation ids.
pub(crate) const OAUTH_ROUTES: [&str; 6] =
    ["authorize", "token", "token.authorization_code", "token.refresh_token", "revoke", "userinfo"];

async fn front_door(State(lab): State<Lab>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, MAX_BODY).await else {
        return (StatusCode::PAYLOAD_TOO_LARGE, "no call to the lab has more than 36 MiB").into_response();
    };
    let routes = routes(&lab, &parts, &body);
    let fault = lab.note(|state, _| {
        for route in &routes {
            *state.calls.entry(route.clone()).or_default() += 1;
        }
        faults::take(state, &routes)
    });
    let request = Request::from_parts(parts, Body::from(body.clone()));
    match fault {
        Some(what) => faults::play(&lab, what, &body, request, next).await,
        None => next.run(request).await,
    }
}

/// The names under which a call is known, the narrowest first.
fn routes(lab: &Lab, parts: &Parts, body: &Bytes) -> Vec<String> {
    let known = match parts.uri.path() {
        "/o/oauth2/v2/auth" => vec!["authorize".to_owned()],
        "/token" => token_routes(body),
        "/revoke" => vec!["revoke".to_owned()],
        "/v1/userinfo" => vec!["userinfo".to_owned()],
        path => api_routes(lab, parts.method.as_str(), path),
    };
    known.into_iter().filter(|route| !route.is_empty()).collect()
}

fn token_routes(body: &[u8]) -> Vec<String> {
    let grant = form_urlencoded::parse(body).find(|(name, _)| name == "grant_type").map(|(_, value)| value);
    let narrow = match grant.as_deref() {
        Some("authorization_code") => "token.authorization_code",
        Some("refresh_token") => "token.refresh_token",
        _ => "",
    };
    vec![narrow.to_owned(), "token".to_owned()]
}

fn api_routes(lab: &Lab, method: &str, path: &str) -> Vec<String> {
    let found = lab.digests().iter().find_map(|digest| Some((digest, digest.find(method, path)?.0)));
    found.map_or_else(Vec::new, |(digest, operation)| {
        let api = digest.id.split(':').next().unwrap_or_default();
        vec![operation.id.clone(), api.to_owned()]
    })
}

async fn style() -> Response {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], pages::STYLE).into_response()
}

/// What stands at the root, for somebody who opens it by chance.
async fn front(State(lab): State<Lab>) -> String {
    format!(
        "Provider lab, not Google. It plays Google's sign-in, Gmail, Calendar and Drive, and GitHub's issues, for demonstrations and tests.\n\
         Its endpoints: {}/.well-known/openid-configuration\n",
        lab.base_url()
    )
}
