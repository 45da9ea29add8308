//! The requests to a token endpoint.

use super::answer::{self, Tokens};
use super::client::{Client, Signature};
use super::error::TokenError;
use super::limits::LIMITS;
use super::provider_words::ProviderWords;
use crate::Outbound;
use bytes::Bytes;
use form_urlencoded::Serializer;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Request};
use valetkey_domain::Secret;

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

/// Asks for an access token for the client itself (RFC 6749 §4.4).
///
/// # Errors
/// See [`TokenError`].
pub async fn client_credentials(outbound: &Outbound, client: &Client<'_>, scopes: &str) -> Result<Tokens, TokenError> {
    let mut form = vec![("grant_type", "client_credentials")];
    form.extend((!scopes.is_empty()).then_some(("scope", scopes)));
    grant(outbound, client, form).await
}

/// Exchanges a signed assertion for an access token (RFC 7523 §2.1). It says itself who asks.
///
/// # Errors
/// See [`TokenError`].
pub async fn assertion(outbound: &Outbound, token_url: &str, assertion: &Secret<str>) -> Result<Tokens, TokenError> {
    let form = [("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"), ("assertion", assertion.expose())];
    asserted(outbound, token_url, &form, assertion).await
}

/// Asks for an access token for a client that says who it is by a signed assertion (RFC 7523 §2.2).
///
/// # Errors
/// See [`TokenError`].
pub async fn client_assertion(
    outbound: &Outbound,
    token_url: &str,
    client_id: &str,
    assertion: &Secret<str>,
    scopes: &str,
) -> Result<Tokens, TokenError> {
    let mut form = vec![
        ("grant_type", "client_credentials"),
        ("client_id", client_id),
        ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
        ("client_assertion", assertion.expose()),
    ];
    form.extend((!scopes.is_empty()).then_some(("scope", scopes)));
    asserted(outbound, token_url, &form, assertion).await
}

/// Sends a form with an assertion in it, which must not come back in a message.
async fn asserted(
    outbound: &Outbound,
    token_url: &str,
    form: &[(&str, &str)],
    assertion: &Secret<str>,
) -> Result<Tokens, TokenError> {
    let body = Serializer::new(String::new()).extend_pairs(form).finish();
    let request = Request::post(token_url)
        .header(ACCEPT, HeaderValue::from_static("application/json"))
        .header(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"))
        .body(Bytes::from(body))
        .map_err(|error| TokenError::Unavailable(format!("the request cannot be made: {error}")))?;
    let response = outbound.send_once_told(request, &LIMITS).await?;
    answer::tokens(&response, None, &[assertion.expose()])
}

async fn grant(outbound: &Outbound, client: &Client<'_>, form: Vec<(&str, &str)>) -> Result<Tokens, TokenError> {
    let mut secrets: Vec<&str> = form
        .iter()
        .filter(|(name, _)| matches!(*name, "code" | "code_verifier" | "refresh_token"))
        .map(|(_, value)| *value)
        .collect();
    secrets.extend(client.client_secret.map(Secret::expose));
    let mut form = form;
    form.extend(client.resource.map(|resource| ("resource", resource)));
    let request = request(client, form).map_err(TokenError::Unavailable)?;
    let response = outbound.send_once_told(request, &LIMITS).await?;
    answer::tokens(&response, client.answer_in, &secrets).map_err(|error| ended(error, client.ended))
}

/// What a provider says in a code of its own, said in the one that all know.
fn ended(error: TokenError, codes: &[String]) -> TokenError {
    let is_ended = |said: &ProviderWords| said.code.as_ref().is_some_and(|code| codes.contains(code));
    match error {
        TokenError::RefusedUnclear { said, .. } | TokenError::Refused { said, .. } if is_ended(&said) => {
            TokenError::InvalidGrant(said)
        }
        other => other,
    }
}

/// The form, signed by the client.
fn request<'a>(client: &Client<'a>, mut form: Vec<(&'a str, &'a str)>) -> Result<Request<Bytes>, String> {
    let mut builder = Request::post(client.token_url).header(ACCEPT, HeaderValue::from_static("application/json"));
    match client.signature()? {
        Signature::Header(header) => builder = builder.header(AUTHORIZATION, header),
        Signature::Members(members) => form.extend(members),
    }
    let (kind, body) = client.body.written(&form);
    let request = builder.header(CONTENT_TYPE, kind).body(body);
    request.map_err(|error| format!("the request cannot be made: {error}"))
}

#[cfg(test)]
mod tests {
    use super::super::client::{ClientAuth, TokenBody};
    use super::*;

    fn made(auth: ClientAuth, secret: Option<&Secret<str>>) -> (Option<String>, String) {
        let token_url = "https://p.example/token";
        let client = Client { token_url, client_id: "id", client_secret: secret, auth, ..Client::NOBODY };
        let request = request(&client, vec![("grant_type", "refresh_token")]).unwrap();
        let header = request.headers().get(AUTHORIZATION).map(|value| value.to_str().unwrap().to_owned());
        (header, String::from_utf8(request.into_body().to_vec()).unwrap())
    }

    #[test]
    fn what_is_sent_is_json_where_the_provider_wants_it() {
        let (secret, token_url) = (Secret::from("s\"e"), "https://p.example/token");
        for (auth, expected) in [
            (ClientAuth::Basic, r#"{"grant_type":"refresh_token","refresh_token":"r\"1"}"#),
            (
                ClientAuth::Post,
                r#"{"grant_type":"refresh_token","refresh_token":"r\"1","client_id":"id","client_secret":"s\"e"}"#,
            ),
        ] {
            let client = Client {
                token_url,
                client_id: "id",
                client_secret: Some(&secret),
                auth,
                body: TokenBody::Json,
                ..Client::NOBODY
            };
            let request = request(&client, vec![("grant_type", "refresh_token"), ("refresh_token", "r\"1")]).unwrap();
            assert_eq!(request.headers()[CONTENT_TYPE], "application/json");
            assert_eq!(request.headers().contains_key(AUTHORIZATION), auth == ClientAuth::Basic);
            assert_eq!(request.body(), expected);
        }
    }

    #[test]
    fn only_the_codes_that_a_provider_is_known_for_end_a_sign_in() {
        let said = |code: &str| ProviderWords { code: Some(code.to_owned()), ..ProviderWords::default() };
        let codes = ["bad_refresh_token".to_owned()];
        let told = |code| ended(TokenError::RefusedUnclear { status: 200, said: said(code) }, &codes);
        assert!(matches!(told("bad_refresh_token"), TokenError::InvalidGrant(_)));
        assert!(matches!(told("bad_verification_code"), TokenError::RefusedUnclear { .. }));
        let unknown = ended(TokenError::RefusedUnclear { status: 200, said: said("bad_refresh_token") }, &[]);
        assert!(matches!(unknown, TokenError::RefusedUnclear { .. }));
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
