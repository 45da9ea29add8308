//! What is said to clients that look for a way in.

use crate::entrance::{doors, grants};
use crate::servers::configs;
use crate::{App, Error, Result};
use serde_json::{Value, json};
use valetkey_domain::Kind;

/// Where the URL that ends in this token says who gives tokens for it (RFC 9728 §3.1).
#[must_use]
pub fn resource_metadata(app: &App, token: &str) -> String {
    app.core.settings.public(&format!("/.well-known/oauth-protected-resource/mcp/v1/{token}"))
}

/// What the URL that ends in this token says of itself (RFC 9728 §3.2).
///
/// # Errors
/// `NOT_FOUND`: there is no such URL, or its config does not want its user signed in.
pub async fn protected_resource(app: &App, token: &str) -> Result<Value> {
    let (ctx, instance, version) = doors::instance_url(app, token).await?;
    if !configs::at(app, &ctx, &instance.config, version).await?.options.sign_in {
        return Err(Error::new(Kind::NotFound, "no such MCP server"));
    }
    Ok(json!({
        "resource": app.core.settings.public(&format!("/mcp/v1/{token}")),
        "authorization_servers": [grants::issuer(app)],
        "bearer_methods_supported": ["header"],
    }))
}

/// What the authorization server says of itself (RFC 8414 §2).
#[must_use]
pub fn server(app: &App) -> Value {
    let at = |path: &str| app.core.settings.public(&format!("/mcp/oauth/{path}"));
    json!({
        "issuer": grants::issuer(app),
        "authorization_endpoint": at("authorize"),
        "token_endpoint": at("token"),
        "registration_endpoint": at("register"),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_methods_supported": ["none"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": true,
        "client_id_metadata_document_supported": true,
    })
}
