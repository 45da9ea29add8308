//! What programs ask of the authorization server for agents: what a URL and the server say of themselves, clients registered,
//! tokens given. What people see of it are pages, and not here.

use super::state::TransportState;
use axum::extract::rejection::{FormRejection, JsonRejection, PathRejection};
use axum::extract::{DefaultBodyLimit, Form, Json, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::json;
use valetkey_app::servers::agents::{self, Registration, TokenError, TokenRequest};
use valetkey_domain::{Kind, Secret};

/// The most bytes that a client may send: addresses, or a token.
const MOST: usize = 32 * 1024;

/// Its doors.
pub(super) fn router() -> axum::Router<TransportState> {
    axum::Router::new()
        .route("/.well-known/oauth-protected-resource/mcp/v1/{token}", get(resource))
        .route("/.well-known/oauth-authorization-server/mcp/oauth", get(server))
        .route("/mcp/oauth/register", post(register))
        .route("/mcp/oauth/token", post(token))
        .layer(DefaultBodyLimit::max(MOST))
}

async fn resource(State(state): State<TransportState>, token: Result<Path<String>, PathRejection>) -> Response {
    let Ok(Path(token)) = token else { return StatusCode::NOT_FOUND.into_response() };
    match agents::protected_resource(&state.app, &token).await {
        Ok(document) => Json(document).into_response(),
        Err(error) if error.kind() == Kind::NotFound => StatusCode::NOT_FOUND.into_response(),
        Err(error) => trouble(&error),
    }
}

async fn server(State(state): State<TransportState>) -> Response {
    Json(agents::server(&state.app)).into_response()
}

async fn register(State(state): State<TransportState>, asked: Result<Json<Registration>, JsonRejection>) -> Response {
    let Ok(Json(asked)) = asked else {
        return refused("invalid_client_metadata", "the body is no JSON object of client metadata (RFC 7591)");
    };
    match agents::register(&state.app, &asked) {
        Ok(client) => (StatusCode::CREATED, Json(client)).into_response(),
        Err(why) => refused(why.error, why.why),
    }
}

/// What a client sends for tokens.
#[derive(Deserialize)]
struct TokenForm {
    grant_type: Option<String>,
    client_id: Option<String>,
    code: Option<String>,
    redirect_uri: Option<String>,
    code_verifier: Option<String>,
    refresh_token: Option<String>,
    resource: Option<String>,
}

async fn token(State(state): State<TransportState>, asked: Result<Form<TokenForm>, FormRejection>) -> Response {
    let Ok(Form(asked)) = asked else {
        return refused("invalid_request", "the body is no form, or says something twice");
    };
    let request = TokenRequest {
        grant_type: asked.grant_type,
        client_id: asked.client_id,
        code: asked.code.map(Secret::from),
        redirect_uri: asked.redirect_uri,
        code_verifier: asked.code_verifier.map(Secret::from),
        refresh_token: asked.refresh_token.map(Secret::from),
        resource: asked.resource.map(Secret::from),
    };
    match agents::token(&state.app, &request).await {
        Ok(given) => Json(json!({
            "access_token": given.access_token.expose(),
            "token_type": "Bearer",
            "expires_in": given.expires_in.as_secs(),
            "refresh_token": given.refresh_token.expose(),
        }))
        .into_response(),
        Err(TokenError::InvalidRequest(why)) => refused("invalid_request", why),
        Err(TokenError::UnsupportedGrantType) => {
            refused("unsupported_grant_type", "grant_type is authorization_code or refresh_token")
        }
        Err(TokenError::InvalidGrant) => {
            refused("invalid_grant", "that is not valid (any more): the user has to sign in again")
        }
        Err(TokenError::InvalidTarget) => refused("invalid_target", "the user signed in for another MCP server"),
        Err(TokenError::Failed(error)) => trouble(&error),
    }
}

/// A refusal in OAuth's words (RFC 6749 §5.2).
fn refused(error: &str, why: &str) -> Response {
    (StatusCode::BAD_REQUEST, Json(json!({"error": error, "error_description": why}))).into_response()
}

fn trouble(error: &valetkey_app::Error) -> Response {
    tracing::error!(error = error as &dyn std::error::Error, "the authorization server for agents could not answer");
    let body = json!({"error": "temporarily_unavailable", "error_description": "try again in a moment"});
    (StatusCode::SERVICE_UNAVAILABLE, Json(body)).into_response()
}
