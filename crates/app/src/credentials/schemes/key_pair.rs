//! Key pairs: an account brings the private half, and what is signed with it brings access tokens or is one (RFC 7523).

use crate::connections::Wired;
use crate::credentials::typed::Typed;
use serde_json::{Map, Value, json};
use std::time::Duration;
use valetkey_connectors::{Assertion, SentAs};
use valetkey_domain::account::ConnectedAccount;
use valetkey_domain::{Secret, Timestamp};
use valetkey_outbound::Outbound;
use valetkey_outbound::oauth::{self, TokenError, Tokens};
use valetkey_vault::assertion::Key;
use valetkey_vault::random;

/// What an account's key signs, and where it goes. It is signed anew for every request: many take each only once.
pub(crate) struct KeyPair {
    key: Key,
    key_id: Option<String>,
    claims: Map<String, Value>,
    life: Duration,
    goes: Goes,
}

/// Where it goes.
enum Goes {
    /// To a token endpoint, as the word of a client.
    Client { token_url: String, client_id: String, scopes: String },
    /// To a token endpoint, to be exchanged.
    Grant { token_url: String },
    /// With every request.
    Token,
}

impl KeyPair {
    /// Puts it together.
    ///
    /// # Errors
    /// In words that go on after "lacks": what is not there.
    pub(super) fn of(
        wired: &Wired,
        assertion: &Assertion,
        account: &ConnectedAccount,
        typed: &Typed,
        scopes: String,
        now: Timestamp,
    ) -> Result<Self, String> {
        let value = |name: &str| typed.get(name).map(Secret::expose);
        let pem = typed.get(Assertion::PRIVATE_KEY).ok_or("a private key")?;
        let key = Key::read(pem).map_err(|_| "a private key that signs")?;
        let public = key.public_sha256().map_err(|_| "a private key whose public half can be told")?;
        let mut claims = Map::new();
        for (name, template) in &assertion.claims {
            let said = |name: &str| match name {
                Assertion::KEY_SHA256 => Some(public.as_str()),
                _ => value(name).or_else(|| account.api_config.get(name).and_then(Value::as_str)),
            };
            let text =
                template.fill(said).ok_or_else(|| format!("what the claim `{name}` of its key pair is made of"))?;
            claims.insert(name.clone(), text.into());
        }
        let token_url = || wired.token_url().map(str::to_owned).map_err(|_| "a token endpoint".to_owned());
        let goes = match assertion.sent_as {
            SentAs::Token => Goes::Token,
            SentAs::Grant => {
                if !scopes.is_empty() {
                    claims.entry("scope").or_insert_with(|| scopes.into());
                }
                Goes::Grant { token_url: token_url()? }
            }
            SentAs::Client => {
                let client_id = value(Assertion::CLIENT_ID).ok_or("a client id")?.to_owned();
                Goes::Client { token_url: token_url()?, client_id, scopes }
            }
        };
        if let Goes::Client { token_url, .. } | Goes::Grant { token_url } = &goes {
            claims.entry("aud").or_insert_with(|| token_url.as_str().into());
        }
        claims.insert("iat".to_owned(), json!(now.as_second()));
        claims.insert("exp".to_owned(), json!((now + assertion.life).as_second()));
        let key_id = value(Assertion::KEY_ID).map(str::to_owned);
        Ok(Self { key, key_id, claims, life: assertion.life, goes })
    }

    /// Asks for an access token, or signs one.
    pub(super) async fn ask(&self, outbound: &Outbound) -> Result<Tokens, TokenError> {
        let assertion = self.signed().map_err(|why| TokenError::Unavailable(why.to_string()))?;
        match &self.goes {
            Goes::Client { token_url, client_id, scopes } => {
                oauth::client_assertion(outbound, token_url, client_id, &assertion, scopes).await
            }
            Goes::Grant { token_url } => oauth::assertion(outbound, token_url, &assertion).await,
            Goes::Token => Ok(Tokens {
                access_token: assertion,
                refresh_token: None,
                expires_in: Some(self.life),
                scopes: None,
                id_token: None,
            }),
        }
    }

    fn signed(&self) -> Result<Secret<str>, valetkey_vault::Error> {
        let mut claims = self.claims.clone();
        claims.insert("jti".to_owned(), random::bearer("")?.expose().into());
        self.key.sign(self.key_id.as_deref(), &claims)
    }
}
