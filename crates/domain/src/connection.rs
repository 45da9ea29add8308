//! Connections: the app developer's configuration of a connector. One serves all users.

use crate::id::{ConnectionId, EnvironmentId};
use crate::name::ConnectionName;
use crate::provider::Provider;
use crate::{Sealed, Timestamp};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A connector set up for an app.
#[derive(Clone, Debug)]
pub struct Connection {
    /// Its id.
    pub id: ConnectionId,
    /// The environment it belongs to.
    pub environment: EnvironmentId,
    /// Its name: unique and found ignoring case, shown as it was made.
    pub name: ConnectionName,
    /// The connector's slug (`googlecalendar`), which names the connector file or the custom provider.
    pub connector: String,
    /// The custom provider that it is on, as it was when the connection was read; none for one of a file.
    pub provider: Option<Arc<Provider>>,
    /// The OAuth client and where to send people and requests.
    pub settings: Settings,
    /// The OAuth client's secret, sealed; none until it is given, or for a public client.
    pub client_secret: Option<Sealed>,
    /// Whether calls and new consents are allowed.
    pub enabled: bool,
    /// Raised by every change; caches compare it.
    pub revision: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// What the developer chose. Whatever is absent is the connector's own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Which of the connector's ways to sign in it takes, by its kind in the connector's file; none is the usual one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub way: Option<String>,
    /// The OAuth client id registered with the app's vendor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// The scopes to ask for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
    /// Where people sign in, instead of the connector's own (GitHub Enterprise, sovereign clouds, a lab).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorize_url: Option<String>,
    /// Where codes and refresh tokens are exchanged, instead of the connector's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_url: Option<String>,
    /// Where tokens are revoked, instead of the connector's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revoke_url: Option<String>,
    /// Who the account is, instead of the connector's own address for that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity_url: Option<String>,
    /// What replaces scheme, host and port of the connector's API; a path in it goes before the connector's own paths.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_base_url: Option<String>,
    /// Whether id and secret go into the Basic header as they are, not form-encoded first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub basic_raw: Option<bool>,
    /// What was found out of signing in, where nobody said it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found: Option<Found>,
    /// Whether requests to the app's own API may be made through it (`/proxy`), beside its tools; nothing said: they may.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proxy: Option<bool>,
}

/// How people sign in, as the app's own server told us. Nobody sets it; a new consent may find it changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Found {
    /// For which address it was found.
    pub server: String,
    /// What tokens are asked for (RFC 8707).
    pub resource: String,
    /// The authorization server's name.
    pub issuer: String,
    /// Whether every answer of its authorization endpoint names it.
    pub promises_issuer: bool,
    /// Where people sign in.
    pub authorize_url: String,
    /// Where tokens are had.
    pub token_url: String,
    /// Where they are revoked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revoke_url: Option<String>,
    /// What is asked for, where the connection doesn't say.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
    /// The client that was registered, where the connection has none of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// How the client says who it is at the token endpoint, by the name of RFC 7591.
    pub client_auth: String,
    /// When it was found.
    pub at: Timestamp,
}
