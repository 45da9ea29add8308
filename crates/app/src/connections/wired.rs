//! A connection with its connector and what follows from the two: what used to travel as three arguments.

use super::custom_hosts::CustomHosts;
use super::endpoints::{Endpoints, origin};
use crate::{App, Error, Result};
use std::sync::Arc;
use valetkey_connectors::{Auth, Connector, OAuth2, TokenClientAuth};
use valetkey_domain::Kind;
use valetkey_domain::connection::Connection;

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
    /// With the connector that the connection names.
    ///
    /// # Errors
    /// Its connector file is no longer loaded.
    pub fn of(app: &App, connection: Connection) -> Result<Self> {
        match app.core.catalog.connector(&connection.connector) {
            Some(connector) => Ok(Self::with(connector, connection)),
            None => Err(not_loaded(&connection)),
        }
    }

    /// With its connector, which the caller has at hand.
    #[must_use]
    pub fn with(connector: Arc<Connector>, connection: Connection) -> Self {
        let Auth::OAuth2(oauth) = &connector.auth;
        Self { endpoints: Endpoints::of(oauth, &connection.settings), connection, connector }
    }

    /// How its connector signs in.
    #[must_use]
    pub fn oauth(&self) -> &OAuth2 {
        let Auth::OAuth2(oauth) = &self.connector.auth;
        oauth
    }

    /// Whether all is there that a consent needs: an OAuth client id, and its secret unless the client is public.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        let public = self.oauth().token_client_auth == TokenClientAuth::None;
        self.connection.settings.client_id.is_some() && (public || self.connection.client_secret.is_some())
    }

    /// The scopes a consent asks for: the connection's own, else the connector's.
    #[must_use]
    pub fn scopes(&self) -> Vec<String> {
        match self.connection.settings.scopes.as_slice() {
            [] => self.connector.default_scopes.clone(),
            own => own.to_vec(),
        }
    }

    /// The origins to which users' credentials may go: the token, revocation and identity endpoints and the API hosts,
    /// in order.
    #[must_use]
    pub fn audience(&self) -> Vec<String> {
        let ends = &self.endpoints;
        let urls =
            [Some(&ends.token_url), ends.revoke_url.as_ref(), ends.identity_url.as_ref(), ends.api_base_url.as_ref()];
        let origins = urls.into_iter().flatten().filter_map(|url| origin(url));
        in_order(origins.chain(self.connector.hosts.iter().map(|host| format!("https://{host}"))))
    }

    /// The origins that the OAuth client's secret is sealed for: those of the token and the revocation endpoint, to which it
    /// is sent, and of every endpoint that the connection names itself, since tokens are had with it. Moved to another
    /// origin, be it in the database, none of them gets a token that this secret would bring.
    #[must_use]
    pub fn secret_audience(&self) -> Vec<String> {
        let (ends, own) = (&self.endpoints, &self.connection.settings);
        let sent = [Some(&ends.token_url), ends.revoke_url.as_ref()];
        let named = [&own.authorize_url, &own.identity_url, &own.api_base_url].map(Option::as_ref);
        in_order(sent.into_iter().chain(named).flatten().filter_map(|url| origin(url)))
    }

    /// What a consent's PKCE verifier is sealed for: every endpoint as it stood when the consent began, to the letter. Of
    /// one that was moved meanwhile nobody was told.
    #[must_use]
    pub fn verifier_audience(&self) -> Vec<String> {
        let standing = |(name, url): (&str, Option<&str>)| format!("{name} {}", url.unwrap_or_default());
        self.endpoints.named().into_iter().map(standing).collect()
    }

    /// What the paths of proxied requests are put behind.
    #[must_use]
    pub fn proxy_base(&self) -> &str {
        self.endpoints.api_base_url.as_deref().unwrap_or(&self.connector.proxy_url)
    }

    /// Whether requests to the app's own API may be made through it, beside its tools.
    #[must_use]
    pub fn takes_proxied(&self) -> bool {
        self.connection.settings.proxy.unwrap_or(true)
    }

    /// Where its settings lead that is not the connector's own.
    #[must_use]
    pub fn custom_hosts(&self) -> CustomHosts {
        CustomHosts::of(&self.connector, self.oauth(), &self.endpoints)
    }
}

fn in_order(origins: impl Iterator<Item = String>) -> Vec<String> {
    let mut origins: Vec<String> = origins.collect();
    origins.sort();
    origins.dedup();
    origins
}

fn not_loaded(connection: &Connection) -> Error {
    let message = format!(
        "connection '{}' needs the connector '{}', which is not loaded: start the server with the folder that has its \
         file (--connectors)",
        connection.name, connection.connector
    );
    Error::new(Kind::FailedPrecondition, message)
}
