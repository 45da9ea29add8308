//! A root that stays in a KMS (OpenBao, Vault): data keys are sent there to be wrapped and opened. The vault writes the
//! requests, `outbound` carries them; nothing of this is told to it but the address the operator configured.

use crate::{Error, Result};
use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use serde::Deserialize;
use serde_json::json;
use std::path::PathBuf;
use std::time::Duration;
use tokio::sync::Mutex;
use valetkey_domain::{Kind, Secret};
use valetkey_outbound::{Limits, Outbound};
use valetkey_vault::transit::{Ask, TransitKey};
use valetkey_vault::{DataKey, Wrapped};

/// What one answer of the KMS may cost: callers wait for it.
const LIMITS: Limits = Limits { timeout: Duration::from_secs(10), max_bytes: 1 << 20 };

/// The longest of the KMS's own words that are passed on.
const MAX_WORDS: usize = 300;

/// How the KMS is signed in to.
#[derive(Debug)]
pub enum Login {
    /// With the token in this file, read again when the one at hand is refused.
    Token(PathBuf),
    /// With an AppRole.
    AppRole {
        /// Where the method is mounted, usually `approle`.
        mount: String,
        /// The role's id.
        role: String,
        /// The file that holds the secret id.
        secret_file: PathBuf,
    },
}

/// A key of a KMS, and the way to it.
pub struct Transit {
    key: TransitKey,
    address: String,
    login: Login,
    outbound: Outbound,
    token: Mutex<Option<Secret<str>>>,
}

impl std::fmt::Debug for Transit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Transit").field("key", &self.key).field("address", &self.address).finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct SignedIn {
    auth: Auth,
}

#[derive(Deserialize)]
struct Auth {
    client_token: String,
}

#[derive(Deserialize)]
struct ErrorBody {
    #[serde(default)]
    errors: Vec<String>,
}

impl Transit {
    /// The key at this address (scheme, host and port). `outbound` must be allowed to go there.
    #[must_use]
    pub fn new(key: TransitKey, address: &str, login: Login, outbound: Outbound) -> Self {
        let address = address.trim_end_matches('/').to_owned();
        Self { key, address, login, outbound, token: Mutex::new(None) }
    }

    /// What names it among the roots.
    #[must_use]
    pub fn name(&self) -> String {
        self.key.name()
    }

    /// The newest version of the key, as a root version.
    ///
    /// # Errors
    /// See [`Transit::wrap`].
    pub(super) async fn newest(&self) -> Result<String> {
        let answer = self.ask(&self.key.look()).await?;
        self.key.newest(&answer).map_err(|error| self.unusable(error))
    }

    /// Wraps a data key.
    ///
    /// # Errors
    /// The KMS cannot be reached, refuses, has no such key, or answers nonsense; the message says which.
    pub(super) async fn wrap(&self, key: &DataKey) -> Result<Wrapped> {
        // A KMS makes a missing key when it is asked to encrypt with it: a typo would become a second root.
        self.newest().await?;
        let answer = self.ask(&self.key.encrypt(key)).await?;
        self.key.encrypted(key, &answer).map_err(|error| self.unusable(error))
    }

    /// Opens a data key.
    ///
    /// # Errors
    /// As for [`Transit::wrap`], or the key is damaged or was moved there from elsewhere.
    pub(super) async fn unwrap(&self, wrapped: &Wrapped) -> Result<DataKey> {
        let answer = self.ask(&self.key.decrypt(wrapped)?).await?;
        self.key.decrypted(wrapped, &answer).map_err(|error| self.unusable(error))
    }

    /// Asks, and once more with a new token if the one at hand is no longer taken.
    async fn ask(&self, ask: &Ask) -> Result<Bytes> {
        let mut held = self.token.lock().await;
        if let Some(token) = held.as_ref() {
            let answer = self.send(ask, Some(token)).await?;
            if answer.status() != StatusCode::FORBIDDEN {
                drop(held);
                return self.judge(answer);
            }
        }
        let token = self.sign_in().await?;
        let answer = self.send(ask, Some(&token)).await?;
        *held = Some(token);
        drop(held);
        self.judge(answer)
    }

    async fn sign_in(&self) -> Result<Secret<str>> {
        let (mount, role, secret_file) = match &self.login {
            Login::Token(file) => return read(file).await,
            Login::AppRole { mount, role, secret_file } => (mount, role, secret_file),
        };
        let secret = read(secret_file).await?;
        let body = json!({"role_id": role, "secret_id": secret.expose()}).to_string();
        let ask = Ask { path: format!("/v1/auth/{mount}/login"), body: Some(Secret::from(body.into_bytes())) };
        let answer = self.judge(self.send(&ask, None).await?)?;
        let signed_in: SignedIn = serde_json::from_slice(&answer)
            .map_err(|_| self.failed(Kind::FailedPrecondition, "answered the login with no token"))?;
        Ok(Secret::from(signed_in.auth.client_token))
    }

    async fn send(&self, ask: &Ask, token: Option<&Secret<str>>) -> Result<http::Response<Bytes>> {
        let method = if ask.body.is_some() { Method::POST } else { Method::GET };
        let mut request = Request::builder().method(method).uri(format!("{}{}", self.address, ask.path));
        request = request.header(header::CONTENT_TYPE, "application/json").header("x-vault-request", "true");
        if let Some(token) = token {
            request = request.header("x-vault-token", token.expose());
        }
        let body = ask.body.as_ref().map(|body| Bytes::copy_from_slice(body.expose())).unwrap_or_default();
        let request = request
            .body(body)
            .map_err(|_| self.failed(Kind::FailedPrecondition, "has an address or a token that makes no request"))?;
        let sent = self.outbound.send(request, &LIMITS).await;
        sent.map_err(|error| self.failed(Kind::Unavailable, &format!("cannot be asked ({error})")).because(error))
    }

    fn judge(&self, answer: http::Response<Bytes>) -> Result<Bytes> {
        let said = || {
            let refused: ErrorBody = serde_json::from_slice(answer.body()).unwrap_or(ErrorBody { errors: vec![] });
            refused.errors.join("; ").trim().chars().take(MAX_WORDS).collect::<String>()
        };
        match answer.status() {
            StatusCode::OK => Ok(answer.into_body()),
            StatusCode::FORBIDDEN => Err(self.failed(
                Kind::FailedPrecondition,
                "refused the token (403): it must be valid, and its policy allow `read` on the key and `update` on its encrypt and decrypt",
            )),
            StatusCode::NOT_FOUND => Err(self.failed(Kind::FailedPrecondition, "has no such key (404): see [transit] in valetkey.toml")),
            status if status.is_server_error() => {
                Err(self.failed(Kind::Unavailable, &format!("is not ready ({}): {}", status.as_u16(), said())))
            }
            status => Err(self.failed(Kind::FailedPrecondition, &format!("refused ({}): {}", status.as_u16(), said()))),
        }
    }

    fn unusable(&self, error: valetkey_vault::Error) -> Error {
        self.failed(Kind::FailedPrecondition, &format!("cannot be used: {error}")).because(error)
    }

    fn failed(&self, kind: Kind, what: &str) -> Error {
        Error::new(kind, format!("the KMS at {} that holds the root key {} {what}", self.address, self.name()))
    }
}

async fn read(file: &std::path::Path) -> Result<Secret<str>> {
    let text = tokio::fs::read_to_string(file).await.map(Secret::from);
    let text = text.map_err(|error| {
        Error::new(Kind::FailedPrecondition, format!("cannot read {} for the KMS: {error}", file.display()))
    })?;
    Ok(Secret::from(text.expose().trim()))
}

#[cfg(test)]
mod tests;
