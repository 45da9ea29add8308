//! A connection's OAuth client, as the token endpoint knows it.

use crate::connections::Wired;
use crate::{Error, Result};
use serde::{Deserialize, Serialize};
use valetkey_connectors::TokenClientAuth;
use valetkey_domain::{Kind, Secret};
use valetkey_outbound::oauth::{BasicEncoding, Client, ClientAuth};

/// The token endpoint of a connection and who we are there.
pub(crate) struct Endpoint {
    token_url: String,
    client_id: String,
    auth: ClientAuth,
}

/// The same as it is kept where its connection may go before it is needed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Kept {
    token_url: String,
    pub(crate) client_id: String,
    auth: String,
}

impl From<Kept> for Endpoint {
    fn from(kept: Kept) -> Self {
        let auth = match kept.auth.as_str() {
            "basic" => ClientAuth::Basic,
            "post" => ClientAuth::Post,
            _ => ClientAuth::None,
        };
        Self { token_url: kept.token_url, client_id: kept.client_id, auth }
    }
}

impl Endpoint {
    /// To be kept.
    pub(crate) fn keep(&self) -> Kept {
        let auth = match self.auth {
            ClientAuth::Basic => "basic",
            ClientAuth::Post => "post",
            ClientAuth::None => "none",
        };
        Kept { token_url: self.token_url.clone(), client_id: self.client_id.clone(), auth: auth.to_owned() }
    }

    /// Reads it out of the connection's settings and its connector.
    ///
    /// # Errors
    /// The connection has no client id yet.
    pub(crate) fn of(wired: &Wired) -> Result<Self> {
        let client_id = wired.connection.settings.client_id.clone().ok_or_else(|| {
            let message = format!("connection '{}' has no OAuth client id: give it one", wired.connection.name);
            Error::new(Kind::FailedPrecondition, message)
        })?;
        let auth = match wired.oauth().token_client_auth {
            TokenClientAuth::Post => ClientAuth::Post,
            TokenClientAuth::Basic => ClientAuth::Basic,
            TokenClientAuth::None => ClientAuth::None,
        };
        Ok(Self { token_url: wired.endpoints.token_url.clone(), client_id, auth })
    }

    /// The id that the vendor gave the app.
    pub(crate) fn client_id(&self) -> &str {
        &self.client_id
    }

    /// The client with its secret, for one request.
    pub(crate) fn client<'a>(&'a self, secret: Option<&'a Secret<str>>) -> Client<'a> {
        let (auth, basic) = (self.auth, BasicEncoding::FormEncoded);
        Client { token_url: &self.token_url, client_id: &self.client_id, client_secret: secret, auth, basic }
    }
}
