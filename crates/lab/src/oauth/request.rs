//! The authorization request and its checks, in Google's order: who asks, where the answer goes, then the rest.

use super::params::Params;
use super::refusal::Refusal;
use super::{pkce, scopes};
use crate::cite;
use crate::state::{AuthRequest, Prompt, State};
use http::StatusCode;

const KNOWN: [&str; 14] = [
    "client_id",
    "redirect_uri",
    "response_type",
    "scope",
    "access_type",
    "state",
    "include_granted_scopes",
    "enable_granular_consent",
    "login_hint",
    "prompt",
    "code_challenge",
    "code_challenge_method",
    "hl",
    "nonce",
];

/// Reads and checks a query.
///
/// # Errors
/// The first thing that is wrong. Google shows all of these to the person and sends none to the client, so that a
/// forged request leads nowhere.
pub(crate) fn read(state: &State, query: &str) -> Result<AuthRequest, Refusal> {
    let params = Params::read(query.as_bytes(), &KNOWN, cite::INVALID_REQUEST)?;
    let client = params.need("client_id", cite::WEB_SERVER)?;
    let redirect_uri = params.need("redirect_uri", cite::WEB_SERVER)?;
    check_client(state, client, redirect_uri)?;
    check_response_type(params.need("response_type", cite::WEB_SERVER)?)?;
    params.choice("enable_granular_consent", &["true", "false"], cite::WEB_SERVER)?;
    Ok(AuthRequest {
        client: client.to_owned(),
        redirect_uri: redirect_uri.to_owned(),
        scopes: asked_scopes(&params)?,
        state: params.get("state").map(str::to_owned),
        offline: params.choice("access_type", &["online", "offline"], cite::WEB_SERVER)? == "offline",
        include_granted: params.choice("include_granted_scopes", &["false", "true"], cite::WEB_SERVER)? == "true",
        login_hint: params.get("login_hint").map(str::to_owned),
        challenge: pkce::challenge(&params)?,
        nonce: params.get("nonce").map(str::to_owned),
        prompt: prompt(params.get("prompt").unwrap_or_default())?,
    })
}

fn check_client(state: &State, client: &str, redirect_uri: &str) -> Result<(), Refusal> {
    let Some(known) = state.clients.get(client) else {
        let refusal = Refusal::new("invalid_client", cite::INVALID_CLIENT, "The OAuth client was not found.");
        return Err(refusal.with_status(StatusCode::UNAUTHORIZED));
    };
    if known.redirect_uris.iter().any(|registered| registered == redirect_uri) {
        return Ok(());
    }
    let said = format!(
        "The redirect URI in the request, {redirect_uri}, does not match the ones authorized for the OAuth client."
    );
    Err(Refusal::new("redirect_uri_mismatch", cite::REDIRECT_URI, said))
}

fn check_response_type(asked: &str) -> Result<(), Refusal> {
    match asked {
        "code" => Ok(()),
        "token" | "id_token" => {
            let said = format!("this lab plays the code flow only, not response_type={asked}");
            Err(Refusal::new("unsupported_response_type", cite::WEB_SERVER, said))
        }
        other => {
            let said = format!("Invalid response_type: {other}");
            Err(Refusal::new("unsupported_response_type", cite::WEB_SERVER, said))
        }
    }
}

fn asked_scopes(params: &Params) -> Result<Vec<String>, Refusal> {
    let asked = scopes::parse(params.need("scope", cite::WEB_SERVER)?)?;
    if asked.is_empty() {
        return Err(Refusal::new("invalid_request", cite::WEB_SERVER, "Missing required parameter: scope"));
    }
    Ok(asked)
}

fn prompt(text: &str) -> Result<Prompt, Refusal> {
    let mut prompt = Prompt::default();
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        match word {
            "none" => prompt.none = true,
            "consent" => prompt.consent = true,
            "select_account" => prompt.select_account = true,
            other => {
                let said = format!("Invalid parameter value for prompt: Invalid prompt: {other}");
                return Err(Refusal::new("invalid_request", cite::WEB_SERVER, said));
            }
        }
    }
    if prompt.none && (prompt.consent || prompt.select_account) {
        let said = "Invalid parameter value for prompt: none cannot stand with other values";
        return Err(Refusal::new("invalid_request", cite::WEB_SERVER, said));
    }
    Ok(prompt)
}
