//! Who calls the token endpoint: id and secret in the form or by Basic, never both.

use super::params::Params;
use super::refusal::Refusal;
use crate::state::State;
use crate::{cite, random};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderMap, StatusCode, header};
use percent_encoding::percent_decode_str;

/// A client that has authenticated.
#[derive(Debug)]
pub(crate) struct Authenticated {
    pub(crate) id: String,
    /// As sent: the key of its ID tokens. The state knows only the digest.
    pub(crate) secret: String,
}

/// Finds out which client calls. `raw` says that Basic carries id and secret as they are.
pub(crate) fn authenticate(
    state: &State,
    headers: &HeaderMap,
    params: &Params,
    raw: bool,
) -> Result<Authenticated, Refusal> {
    let (id, secret) = match basic(headers, raw)? {
        Some(_) if params.get("client_secret").is_some() => {
            let said = "The client must not use more than one authentication method in one request.";
            return Err(Refusal::new("invalid_request", cite::CLIENT_SECRET, said));
        }
        Some(pair) => pair,
        None => {
            let secret = params.get("client_secret").ok_or_else(|| unauthorized("client_secret is missing."))?;
            (params.need("client_id", cite::EXCHANGE)?.to_owned(), secret.to_owned())
        }
    };
    let client = state.clients.get(&id).ok_or_else(|| unauthorized("The OAuth client was not found."))?;
    if client.secret_digest != random::digest(&secret) {
        return Err(unauthorized("The provided client secret is invalid."));
    }
    Ok(Authenticated { id, secret })
}

/// Id and secret of an `Authorization: Basic` header, each form-encoded before base64 as RFC 6749 wants it.
fn basic(headers: &HeaderMap, raw: bool) -> Result<Option<(String, String)>, Refusal> {
    let Some(value) = headers.get(header::AUTHORIZATION) else { return Ok(None) };
    let pair = || {
        let encoded = value.to_str().ok()?.strip_prefix("Basic ")?;
        let text = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
        let (id, secret) = text.split_once(':')?;
        if raw {
            return Some((id.to_owned(), secret.to_owned()));
        }
        Some((form_decode(id)?, form_decode(secret)?))
    };
    pair().map(Some).ok_or_else(|| unauthorized("The Authorization header is not Basic with an id and a secret."))
}

fn form_decode(text: &str) -> Option<String> {
    percent_decode_str(&text.replace('+', " ")).decode_utf8().ok().map(std::borrow::Cow::into_owned)
}

fn unauthorized(said: &str) -> Refusal {
    Refusal::new("invalid_client", cite::CLIENT_SECRET, said).with_status(StatusCode::UNAUTHORIZED)
}
