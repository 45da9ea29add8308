//! A connection with its connector and what follows from the two: what used to travel as three arguments.

use super::custom;
use super::custom_hosts::CustomHosts;
use super::endpoints::{Endpoints, Vendors};
use crate::{App, Error, Result};
use std::borrow::Cow;
use std::sync::Arc;
use valetkey_connectors::remote::connection_prefix;
use valetkey_connectors::{
    Auth, AuthKind, Connector, Discovery, LostAnswer, OAuth2, RefreshRule, TokenBody, TokenClientAuth, Unfilled,
};
use valetkey_domain::Kind;
use valetkey_domain::account::ConnectedAccount;
use valetkey_domain::connection::{Connection, Found, Settings};
use valetkey_domain::provider::Provider;

/// A connection with its connector.
#[derive(Clone, Debug)]
pub struct Wired {
    /// The connection.
    pub connection: Connection,
    /// Its connector.
    pub connector: Arc<Connector>,
    /// Where it reaches.
    pub endpoints: Endpoints,
}

impl Wired {
    /// With the connector that the connection names: its custom provider, or one of a file.
    ///
    /// # Errors
    /// Its connector file is no longer loaded.
    pub fn of(app: &App, connection: Connection) -> Result<Self> {
        Ok(Self::with(connector_of(app, &connection)?, connection))
    }

    /// How people sign in on a connection, for whoever asks no more of it: nothing of where it reaches is looked at.
    ///
    /// # Errors
    /// Its connector file is no longer loaded.
    pub fn kind_of(app: &App, connection: &Connection) -> Result<AuthKind> {
        Ok(connector_of(app, connection)?.way(kind_of(connection)).kind())
    }

    /// With its connector, which the caller has at hand.
    #[must_use]
    pub fn with(connector: Arc<Connector>, connection: Connection) -> Self {
        let endpoints = endpoints_of(connector.way(kind_of(&connection)), &connection.settings);
        Self { endpoints, connection, connector }
    }

    /// The same where it reaches for an account: OAuth endpoints may be each account's own. Until then they hold names in
    /// braces, which make no address.
    ///
    /// # Errors
    /// The account lacks a part of one.
    pub fn at(mut self, account: &ConnectedAccount) -> std::result::Result<Self, Unfilled> {
        let ends = &mut self.endpoints;
        for url in [&mut ends.authorize_url, &mut ends.token_url, &mut ends.identity_url].into_iter().flatten() {
            if let Cow::Owned(filled) = self.connector.endpoint(url, &account.api_config)? {
                *url = filled;
            }
        }
        Ok(self)
    }

    /// How people sign in on it.
    #[must_use]
    pub fn way(&self) -> &Auth {
        self.connector.way(kind_of(&self.connection))
    }

    /// Which kind that is.
    #[must_use]
    pub fn kind(&self) -> AuthKind {
        self.way().kind()
    }

    /// Whether people sign in at the provider.
    #[must_use]
    pub fn is_oauth(&self) -> bool {
        self.kind() == AuthKind::OAuth2
    }

    /// What was found out of signing in on it, where nobody said it.
    #[must_use]
    pub fn found(&self) -> Option<&Found> {
        let found = self.connection.settings.found.as_ref();
        found.filter(|_| matches!(self.way(), Auth::OAuth2(oauth) if oauth.discovery.is_some()))
    }

    /// How the rest is found out, where something of signing in is not known before.
    #[must_use]
    pub fn discovery(&self) -> Option<Discovery> {
        match self.way() {
            Auth::OAuth2(oauth) => oauth.discovery,
            _ => None,
        }
    }

    /// The OAuth client's id: the connection's own, else the one that was registered for it.
    #[must_use]
    pub fn client_id(&self) -> Option<&str> {
        let own = self.connection.settings.client_id.as_deref();
        own.or_else(|| self.found().and_then(|found| found.client_id.as_deref()))
    }

    /// What its tokens are for, where the provider has to be told (RFC 8707).
    #[must_use]
    pub fn resource(&self) -> Option<&str> {
        self.found().map(|found| found.resource.as_str())
    }

    /// The facts of its OAuth.
    ///
    /// # Errors
    /// People sign in otherwise on it.
    pub fn oauth(&self) -> Result<&OAuth2> {
        match self.way() {
            Auth::OAuth2(oauth) => Ok(oauth),
            other => {
                let (name, kind) = (&self.connection.name, other.kind().as_str());
                let message = format!("connection '{name}' does not sign in by OAuth: its way is {kind}");
                Err(Error::new(Kind::FailedPrecondition, message))
            }
        }
    }

    /// What is known of renewing what it holds. Where nothing but our own secret is sent, asking twice costs nothing.
    #[must_use]
    pub fn renewal(&self) -> RefreshRule {
        match self.way() {
            Auth::OAuth2(oauth) => oauth.refresh,
            _ => RefreshRule { lost_answer: LostAnswer::RetryNow, idle_ttl: None },
        }
    }

    /// Whether what an account gave brings access tokens again and again, without a refresh token.
    #[must_use]
    pub fn mints(&self) -> bool {
        matches!(self.way(), Auth::Minted(_))
    }

    /// Whether its access tokens can be renewed. What was typed is used as it is.
    #[must_use]
    pub fn renews(&self) -> bool {
        matches!(self.way(), Auth::OAuth2(_) | Auth::Minted(_))
    }

    /// How a client names itself at the token endpoint, and what stands between two scopes there; none without one.
    #[must_use]
    pub fn token_client(&self) -> Option<(TokenClientAuth, &str)> {
        match self.way() {
            Auth::OAuth2(oauth) => {
                let found = self.found().map(|found| token_client_auth(&found.client_auth));
                Some((found.unwrap_or(oauth.token_client_auth), &oauth.scope_separator))
            }
            Auth::Minted(minted) => Some((minted.token_client_auth, &minted.scope_separator)),
            Auth::Static(_) | Auth::None => None,
        }
    }

    /// How what is sent to the token endpoint is written.
    #[must_use]
    pub fn token_body(&self) -> TokenBody {
        match self.way() {
            Auth::OAuth2(oauth) => oauth.token_body,
            Auth::Minted(_) | Auth::Static(_) | Auth::None => TokenBody::Form,
        }
    }

    /// Where in a token endpoint's answer the tokens stand, and the app's own codes for a grant that is over.
    #[must_use]
    pub fn token_answer(&self) -> (Option<String>, Vec<String>) {
        match self.way() {
            Auth::OAuth2(oauth) => (oauth.token_in.clone(), oauth.ended.clone()),
            Auth::Minted(_) | Auth::Static(_) | Auth::None => (None, Vec::new()),
        }
    }

    /// The token endpoint that an account's tokens come from; none if there is none, or the account lacks a part of it.
    #[must_use]
    pub fn token_url_of(&self, account: &ConnectedAccount) -> Option<Cow<'_, str>> {
        self.connector.endpoint(self.endpoints.token_url.as_deref()?, &account.api_config).ok()
    }

    /// The token endpoint.
    ///
    /// # Errors
    /// There is none for its way to sign in.
    pub fn token_url(&self) -> Result<&str> {
        self.endpoints.token_url.as_deref().ok_or_else(|| {
            Error::new(Kind::FailedPrecondition, format!("connection '{}' has no token endpoint", self.connection.name))
        })
    }

    /// Where the MCP server is that this account's tools come from; none where the connection is on no such provider. This
    /// is the one place where it is read.
    ///
    /// # Errors
    /// The account lacks a part of the address.
    pub fn mcp_url(&self, account: &ConnectedAccount) -> std::result::Result<Option<String>, Unfilled> {
        let Some(remote) = &self.connector.remote else { return Ok(None) };
        Ok(Some(remote.address(self.api_base(account)?.as_deref())))
    }

    /// What the names of the tools begin with that a remote server lists on it, or that its custom provider has by import;
    /// none where it has neither.
    #[must_use]
    pub fn tool_prefix(&self) -> Option<String> {
        let name = self.connection.name.as_str();
        match &self.connector.remote {
            Some(remote) => Some(remote.prefix(&self.connector.slug, name)),
            None => self.has_imported().then(|| connection_prefix(name)),
        }
    }

    /// The tools that are documented for a remote server, by the names under which they are served; none where its tools are
    /// no remote server's.
    #[must_use]
    pub fn documented_tools(&self) -> Option<Vec<String>> {
        let (remote, prefix) = (self.connector.remote.as_ref()?, self.tool_prefix()?);
        let served = |own: &String| remote.served_as(&prefix, &format!("{prefix}_{own}"));
        Some(remote.documented.iter().filter_map(served).collect())
    }

    /// Whether its tools are those that its custom provider has by import.
    #[must_use]
    pub fn has_imported(&self) -> bool {
        let imported = self.connector.custom.as_ref().is_some_and(|custom| !custom.tools_digest.is_empty());
        imported && self.connector.remote.is_none()
    }

    /// What replaces scheme, host and port of the connector's API for this account, if anything. Of a custom provider that
    /// is its whole address.
    ///
    /// # Errors
    /// The account lacks a part of its host.
    pub fn api_base(&self, account: &ConnectedAccount) -> std::result::Result<Option<String>, Unfilled> {
        match &self.connection.settings.api_base_url {
            Some(own) => Ok(Some(own.clone())),
            None => self.connector.own_origin(&account.api_config),
        }
    }

    /// Whether all is there that signing in needs of the connection: an OAuth client id, and its secret unless the client
    /// is public; a service account's key; nothing where each account brings its own.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        let secret = self.connection.client_secret.is_some();
        let client = |public: bool| self.connection.settings.client_id.is_some() && (public || secret);
        match self.way() {
            // What is missing is found, or registered, when somebody signs in first.
            Auth::OAuth2(oauth) if oauth.discovery == Some(Discovery::Whole) => true,
            Auth::OAuth2(oauth) => {
                // An MCP server's may not be found yet.
                let known = self.endpoints.authorize_url.is_some() && self.endpoints.token_url.is_some();
                let ends = known || oauth.discovery.is_some();
                ends && client(oauth.token_client_auth == TokenClientAuth::None)
            }
            Auth::Minted(minted) => match minted.kind {
                AuthKind::GoogleDwd => secret,
                _ => !minted.fields.is_empty() || client(false),
            },
            Auth::Static(_) | Auth::None => true,
        }
    }

    /// The scopes a consent asks for: the connection's own, else the connector's.
    #[must_use]
    pub fn scopes(&self) -> Vec<String> {
        match self.connection.settings.scopes.as_slice() {
            [] if self.connector.default_scopes.is_empty() => {
                self.found().map(|found| found.scopes.clone()).unwrap_or_default()
            }
            [] => self.connector.default_scopes.clone(),
            own => own.to_vec(),
        }
    }

    /// Whether requests to the app's own API may be made through it, beside its tools.
    #[must_use]
    pub fn takes_proxied(&self) -> bool {
        let allowed = self.connector.custom.as_ref().is_none_or(|custom| custom.proxy_enabled);
        allowed && self.connector.remote.is_none() && self.connection.settings.proxy.unwrap_or(true)
    }

    /// Where its settings lead for an account that is not the connector's own.
    #[must_use]
    pub fn custom_hosts(&self, account: &ConnectedAccount) -> CustomHosts {
        let found = self.connection.settings.found.clone();
        let mut vendors = endpoints_of(self.way(), &Settings { found, ..Settings::default() });
        let filled = Self { endpoints: vendors.clone(), ..self.clone() }.at(account);
        vendors = filled.map_or(vendors, |filled| filled.endpoints);
        CustomHosts::of(&self.connector, &vendors, &self.endpoints)
    }
}

/// Where a connection reaches that signs in so.
pub(super) fn endpoints_of(way: &Auth, own: &Settings) -> Endpoints {
    let vendors = match way {
        Auth::OAuth2(oauth) if oauth.discovery.is_some() => match &own.found {
            Some(found) => Vendors {
                authorize_url: Some(&found.authorize_url),
                token_url: Some(&found.token_url),
                revoke_url: found.revoke_url.as_deref(),
                identity_url: None,
            },
            None => Vendors {
                authorize_url: own.authorize_url.as_deref(),
                token_url: own.token_url.as_deref(),
                ..Vendors::default()
            },
        },
        Auth::OAuth2(oauth) => Vendors {
            authorize_url: Some(&oauth.authorize_url),
            token_url: Some(&oauth.token_url),
            revoke_url: oauth.revoke.as_ref().map(|revoke| revoke.url.as_str()),
            identity_url: oauth.identity.as_ref().map(|identity| identity.url.as_str()),
        },
        Auth::Minted(minted) => Vendors { token_url: minted.token_url.as_deref(), ..Vendors::default() },
        Auth::Static(_) | Auth::None => Vendors::default(),
    };
    Endpoints::of(vendors, own)
}

/// The way that a connection has chosen; none is the connector's usual one.
fn kind_of(connection: &Connection) -> Option<AuthKind> {
    let chosen = connection.settings.way.as_deref()?;
    AuthKind::ALL.into_iter().find(|kind| kind.as_str() == chosen)
}

/// A way to say who one is, by the name that RFC 7591 has for it.
fn token_client_auth(named: &str) -> TokenClientAuth {
    match named {
        "client_secret_post" => TokenClientAuth::Post,
        "client_secret_basic" => TokenClientAuth::Basic,
        _ => TokenClientAuth::None,
    }
}

/// The connector that a connection names: its custom provider, or one of a file.
fn connector_of(app: &App, connection: &Connection) -> Result<Arc<Connector>> {
    match &connection.provider {
        Some(provider) => custom::kept(provider),
        None => app.core.catalog.connector(&connection.connector).ok_or_else(|| not_loaded(connection)),
    }
}

fn not_loaded(connection: &Connection) -> Error {
    if Provider::is_slug(&connection.connector) {
        let (name, provider) = (&connection.name, connection.connector.to_ascii_uppercase());
        let message = format!("connection '{name}' is on the custom provider {provider}, which is not there any more");
        return Error::new(Kind::FailedPrecondition, message);
    }
    let message = format!(
        "connection '{}' needs the connector '{}', which is not loaded: start the server with the folder that has its \
         file (--connectors)",
        connection.name, connection.connector
    );
    Error::new(Kind::FailedPrecondition, message)
}
