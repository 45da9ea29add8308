//! Service accounts: the key file as its vendor gives it, and the signed assertion that it is exchanged by (RFC 7523).

use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::time::Duration;
use valetkey_domain::{Secret, Timestamp};
use valetkey_vault::assertion::Key;

/// How long an assertion is good: vendors take an hour at most.
const LIFE: Duration = Duration::from_secs(60 * 60);

/// A service account's key file.
#[derive(Deserialize)]
struct KeyFile {
    client_email: String,
    private_key: String,
    #[serde(default)]
    private_key_id: Option<String>,
}

/// A service account.
pub(super) struct ServiceAccount {
    email: String,
    key: Key,
    key_id: Option<String>,
}

impl ServiceAccount {
    /// Reads a key file, and tries its key.
    ///
    /// # Errors
    /// What is wrong with it; nothing of the key is in the text.
    pub(super) fn read(text: &Secret<str>) -> Result<Self, &'static str> {
        let read: KeyFile = serde_json::from_str(text.expose())
            .map_err(|_| "is not a service account's key file: JSON with client_email and private_key")?;
        let named = read.client_email.contains('@') && !read.client_email.contains(char::is_control);
        if !named {
            return Err("has no client_email that is an address");
        }
        let key = Key::rsa(&Secret::from(read.private_key));
        let key = key.map_err(|_| "has a private_key that is no RSA key in PEM")?;
        Ok(Self { email: read.client_email, key, key_id: read.private_key_id })
    }

    /// Who it is.
    pub(super) fn email(&self) -> &str {
        &self.email
    }

    /// An assertion for the token endpoint at `audience`, in the name of `subject` if there is one.
    pub(super) fn assertion(
        &self,
        audience: &str,
        scopes: &str,
        subject: Option<&str>,
        now: Timestamp,
    ) -> Result<Secret<str>, valetkey_vault::Error> {
        let claims = [
            ("iss", json!(self.email)),
            ("aud", json!(audience)),
            ("iat", json!(now.as_second())),
            ("exp", json!((now + LIFE).as_second())),
        ];
        let mut claims: Map<String, Value> = claims.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        if !scopes.is_empty() {
            claims.insert("scope".to_owned(), json!(scopes));
        }
        if let Some(subject) = subject {
            claims.insert("sub".to_owned(), json!(subject));
        }
        self.key.sign(self.key_id.as_deref(), &claims)
    }
}
