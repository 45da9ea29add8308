//! What the operator chose, as far as use cases need to know it.

use crate::Bounds;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use url::Url;
use valetkey_domain::Secret;

/// The operator's choices. URLs end without a slash.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where browsers and MCP clients reach the server: links, redirect URIs, MCP URLs, `iss`.
    pub public_url: Url,
    /// Where the SDKs reach it; the `aud` of client tokens.
    pub sdk_url: Url,
    /// How long a link opens that came with an MCP answer or a chat.
    pub chat_link_life: Duration,
    /// How long a link opens that was made to be sent to a person.
    pub mail_link_life: Duration,
    /// How long the journal's records are kept; for ever if none.
    pub journal_kept: Option<Duration>,
    /// How much anyone may take.
    pub bounds: Bounds,
    /// Where members may sign in, beside their passwords and links; none if nowhere.
    pub sign_on: Option<Arc<SignOn>>,
    /// Where an environment's users sign in for their agents, by the environment's name.
    pub user_sign_in: BTreeMap<String, Arc<SignOn>>,
}

/// An OpenID provider at which people sign in.
#[derive(Debug)]
pub struct SignOn {
    /// Its name, which is where it says what it is.
    pub issuer: Url,
    /// Who we are there.
    pub client_id: String,
    /// The secret of that client; none for a public one.
    pub client_secret: Option<Secret<str>>,
    /// By what of it a person is known.
    pub known_by: KnownBy,
}

/// What of an OpenID provider's answer is a person's name here: a member's, or an app's identifier of its user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KnownBy {
    /// The address that the provider has verified.
    Email,
    /// The provider's own id of the person.
    Subject,
}

impl Settings {
    /// Whether browsers reach the server only from the machine it runs on.
    #[must_use]
    pub fn on_this_machine(&self) -> bool {
        matches!(self.public_url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"))
    }

    /// `public_url` with this path, which begins with a slash.
    #[must_use]
    pub fn public(&self, path: &str) -> String {
        join(&self.public_url, path)
    }

    /// `sdk_url` with this path, which begins with a slash.
    #[must_use]
    pub fn sdk(&self, path: &str) -> String {
        join(&self.sdk_url, path)
    }
}

/// The issuer and audience are compared byte for byte, so the base never ends with a slash.
fn join(base: &Url, path: &str) -> String {
    format!("{}{path}", base.as_str().trim_end_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joins_with_and_without_a_path_prefix() {
        for base in ["http://localhost:8080", "http://localhost:8080/"] {
            assert_eq!(join(&base.parse().unwrap(), "/connect/x"), "http://localhost:8080/connect/x");
        }
        assert_eq!(join(&"https://a.example/vk".parse().unwrap(), ""), "https://a.example/vk");
    }
}
