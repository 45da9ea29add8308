//! The requests to a token endpoint and its neighbours.

use super::answer::{self, Tokens};
use super::error::TokenError;
use crate::{Limits, Outbound};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use form_urlencoded::Serializer;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Method, Request};
use std::time::Duration;
use valetkey_domain::Secret;

/// Token endpoints answer little and soon.
pub(super) const LIMITS: Limits = Limits { timeout: Duration::from_secs(30), max_bytes: 256 * 1024 };

/// How an OAuth client says who it is (RFC 6749 §2.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientAuth {
    /// `client_id` and `client_secret` in the form.
    Post,
    /// HTTP Basic, both form-encoded first as the RFC wants.
    Basic,
    /// `client_id` alone: a public client.
    None,
}

/// An OAuth client of ours at one provider.
#[derive(Debug)]
pub struct Client<'a> {
    /// Where codes and refresh tokens are exchanged.
    pub token_url: &'a str,
    /// Its id.
    pub client_id: &'a str,
    /// Its secret, unless it is a public client.
    pub client_secret: Option<&'a Secret<str>>,
    /// How it says who it is.
    pub auth: ClientAuth,
}

/// Exchanges an authorization code. `redirect_uri` is the one that the consent was asked with; `verifier` is PKCE's.
///
/// # Errors
/// See [`TokenError`]. A code is good for one exchange, whatever came of it.
pub async fn exchange(
    outbound: &Outbound,
    client: &Client<'_>,
    code: &Secret<str>,
    verifier: Option<&Secret<str>>,
    redirect_uri: &str,
) -> Result<Tokens, TokenError> {
    let mut form = vec![("grant_type", "authorization_code"), ("code", code.expose()), ("redirect_uri", redirect_uri)];
    form.extend(verifier.map(|verifier| ("code_verifier", verifier.expose())));
    grant(outbound, client, form).await
}

/// Exchanges a refresh token for a new access token, and a new refresh token where the provider rotates them.
///
/// # Errors
/// See [`TokenError`]. After [`TokenError::Lost`] and [`TokenError::Nonsense`] the refresh token may be spent.
pub async fn refresh(
    outbound: &Outbound,
    client: &Client<'_>,
    refresh_token: &Secret<str>,
) -> Result<Tokens, TokenError> {
    let form = vec![("grant_type", "refresh_token"), ("refresh_token", refresh_token.expose())];
    grant(outbound, client, form).await
}

/// Tells the provider that a token is no longer wanted (RFC 7009). `client` is named only where the provider wants it;
/// `field` is the form's member for the token.
///
/// # Errors
/// See [`TokenError`]. A token that the provider doesn't know any more counts as revoked.
pub async fn revoke(
    outbound: &Outbound,
    url: &str,
    field: &str,
    token: &Secret<str>,
    client: Option<&Client<'_>>,
) -> Result<(), TokenError> {
    let request = request(url, client, vec![(field, token.expose())])?;
    let response = outbound.send(request, &LIMITS).await?;
    answer::revoked(&response, &[token.expose()])
}

async fn grant(outbound: &Outbound, client: &Client<'_>, form: Vec<(&str, &str)>) -> Result<Tokens, TokenError> {
    let mut secrets: Vec<&str> = form
        .iter()
        .filter(|(name, _)| matches!(*name, "code" | "code_verifier" | "refresh_token"))
        .map(|(_, value)| *value)
        .collect();
    secrets.extend(client.client_secret.map(Secret::expose));
    let request = request(client.token_url, Some(client), form)?;
    let response = outbound.send_once(request, &LIMITS).await?;
    answer::tokens(&response, &secrets)
}

/// A form for `url`, signed by the client if there is one.
fn request<'a>(
    url: &str,
    client: Option<&Client<'a>>,
    mut form: Vec<(&'a str, &'a str)>,
) -> Result<Request<Bytes>, TokenError> {
    let mut builder = Request::builder()
        .method(Method::POST)
        .uri(url)
        .header(ACCEPT, HeaderValue::from_static("application/json"))
        .header(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
    if let Some(client) = client {
        match (client.auth, client.client_secret) {
            (ClientAuth::Basic, Some(secret)) => {
                builder = builder.header(AUTHORIZATION, basic(client.client_id, secret));
            }
            (ClientAuth::Post, Some(secret)) => {
                form.push(("client_id", client.client_id));
                form.push(("client_secret", secret.expose()));
            }
            _ => form.push(("client_id", client.client_id)),
        }
    }
    let body = Serializer::new(String::new()).extend_pairs(form).finish();
    builder
        .body(Bytes::from(body))
        .map_err(|error| TokenError::Unavailable(format!("the request cannot be made: {error}")))
}

/// RFC 6749 §2.3.1: id and secret are form-encoded before they are joined.
fn basic(id: &str, secret: &Secret<str>) -> String {
    let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    format!("Basic {}", STANDARD.encode(format!("{}:{}", encoded(id), encoded(secret.expose()))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(auth: ClientAuth, secret: Option<&Secret<str>>) -> (Option<String>, String) {
        let client = Client { token_url: "https://p.example/token", client_id: "id", client_secret: secret, auth };
        let request = request(client.token_url, Some(&client), vec![("grant_type", "refresh_token")]).unwrap();
        let header = request.headers().get(AUTHORIZATION).map(|value| value.to_str().unwrap().to_owned());
        (header, String::from_utf8(request.into_body().to_vec()).unwrap())
    }

    #[test]
    fn a_client_names_itself_in_one_place() {
        let secret = Secret::from("s:e c");
        let (header, body) = made(ClientAuth::Basic, Some(&secret));
        assert_eq!(header.as_deref(), Some("Basic aWQ6cyUzQWUrYw=="));
        assert_eq!(body, "grant_type=refresh_token");
        let (header, body) = made(ClientAuth::Post, Some(&secret));
        assert_eq!(header, None);
        assert_eq!(body, "grant_type=refresh_token&client_id=id&client_secret=s%3Ae+c");
        assert_eq!(made(ClientAuth::None, None).1, "grant_type=refresh_token&client_id=id");
    }
}
