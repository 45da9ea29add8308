//! Where the endpoints are. It promises only what the lab keeps: ID tokens are signed with HS256, hence no keys.

use super::scopes;
use crate::Lab;
use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

/// `GET /.well-known/openid-configuration`.
pub(crate) async fn answer(State(lab): State<Lab>) -> Json<Value> {
    let base = lab.base_url();
    Json(json!({
        "issuer": base,
        "authorization_endpoint": format!("{base}/o/oauth2/v2/auth"),
        "token_endpoint": format!("{base}/token"),
        "revocation_endpoint": format!("{base}/revoke"),
        "userinfo_endpoint": format!("{base}/v1/userinfo"),
        "response_types_supported": ["code"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        "code_challenge_methods_supported": ["plain", "S256"],
        "id_token_signing_alg_values_supported": ["HS256"],
        "subject_types_supported": ["public"],
        "scopes_supported": scopes::all(),
    }))
}
