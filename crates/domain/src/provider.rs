//! Custom providers: apps that a developer describes by API, for one environment.

use crate::Timestamp;
use crate::id::{EnvironmentId, ProviderId};
use serde_json::Value;
use std::collections::BTreeMap;

/// A custom provider. It is what a connector file is for others: its connections name its slug as their connector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provider {
    /// Its id.
    pub id: ProviderId,
    /// The environment that it is in.
    pub environment: EnvironmentId,
    /// The name that its connections know it by: its identifier in lower case, `acme:12345`. The colon is in no connector
    /// file's name.
    pub slug: String,
    /// Its name, for people; no two of an environment have the same, ignoring case.
    pub display_name: String,
    /// What it is, for people.
    pub description: String,
    /// Where its icon is; empty for none.
    pub icon_src: String,
    /// What paths of requests are put behind, with account fields as `{{name}}`.
    pub proxy_url: String,
    /// Whether requests to its API may be made beside tools.
    pub proxy_enabled: bool,
    /// How people sign in, as it was said: members that mean nothing here are kept.
    pub auth_patterns: Value,
    /// What the app keeps with it.
    pub metadata: BTreeMap<String, String>,
    /// The hash of the tools that were made of a document, in hexadecimal; empty if there are none.
    pub tools_digest: String,
    /// Raised by every change.
    pub revision: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

impl Provider {
    /// The name that the API knows it by: `ACME:12345`.
    #[must_use]
    pub fn identifier(&self) -> String {
        self.slug.to_ascii_uppercase()
    }

    /// Whether a connection's connector is a custom provider.
    #[must_use]
    pub fn is_slug(connector: &str) -> bool {
        connector.contains(':')
    }
}
