//! A connection's OAuth client, as the token endpoint knows it.

use crate::connections::Wired;
use crate::{Error, Result};
use serde::{Deserialize, Serialize};
use valetkey_connectors::{self as connectors, TokenClientAuth};
use valetkey_domain::{Kind, Secret};
use valetkey_outbound::oauth::{BasicEncoding, Client, ClientAuth, TokenBody};

/// The token endpoint of a connection and who we are there.
pub(crate) struct Endpoint {
    token_url: String,
    client_id: String,
    auth: ClientAuth,
    basic: BasicEncoding,
    body: TokenBody,
    answer_in: Option<String>,
    ended: Vec<String>,
    resource: Option<String>,
}

/// The same as it is kept where its connection may go before it is needed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct StoredEndpoint {
    token_url: String,
    pub(crate) client_id: String,
    auth: String,
}

impl From<StoredEndpoint> for Endpoint {
    fn from(stored: StoredEndpoint) -> Self {
        let (auth, basic) = match stored.auth.as_str() {
            "basic" => (ClientAuth::Basic, BasicEncoding::FormEncoded),
            "basic_raw" => (ClientAuth::Basic, BasicEncoding::Raw),
            "post" => (ClientAuth::Post, BasicEncoding::FormEncoded),
            _ => (ClientAuth::None, BasicEncoding::FormEncoded),
        };
        // What is kept only revokes, and nothing is read of the answer to that.
        let (body, answer_in, ended) = (TokenBody::Form, None, Vec::new());
        let (token_url, client_id) = (stored.token_url, stored.client_id);
        Self { token_url, client_id, auth, basic, body, answer_in, ended, resource: None }
    }
}

impl Endpoint {
    /// To be kept.
    pub(crate) fn to_stored(&self) -> StoredEndpoint {
        let auth = match (self.auth, self.basic) {
            (ClientAuth::Basic, BasicEncoding::FormEncoded) => "basic",
            (ClientAuth::Basic, BasicEncoding::Raw) => "basic_raw",
            (ClientAuth::Post, _) => "post",
            (ClientAuth::None, _) => "none",
        };
        StoredEndpoint { token_url: self.token_url.clone(), client_id: self.client_id.clone(), auth: auth.to_owned() }
    }

    /// Reads it out of the connection's settings and its connector.
    ///
    /// # Errors
    /// The connection has no client id yet.
    pub(crate) fn of(wired: &Wired) -> Result<Self> {
        let client_id = wired.client_id().map(str::to_owned).ok_or_else(|| {
            let message = format!("connection '{}' has no OAuth client id: give it one", wired.connection.name);
            Error::new(Kind::FailedPrecondition, message)
        })?;
        Self::named(wired, &client_id)
    }

    /// The same for a client with another id: an account may bring its own.
    ///
    /// # Errors
    /// The connection has no token endpoint.
    pub(crate) fn named(wired: &Wired, client_id: &str) -> Result<Self> {
        let client_id = client_id.to_owned();
        let (auth, basic) = match wired.token_client().map_or(TokenClientAuth::Post, |(auth, _)| auth) {
            TokenClientAuth::Post => (ClientAuth::Post, BasicEncoding::FormEncoded),
            TokenClientAuth::Basic => (ClientAuth::Basic, BasicEncoding::FormEncoded),
            TokenClientAuth::BasicRaw => (ClientAuth::Basic, BasicEncoding::Raw),
            TokenClientAuth::None => (ClientAuth::None, BasicEncoding::FormEncoded),
        };
        let basic = match wired.connection.settings.basic_raw {
            Some(true) => BasicEncoding::Raw,
            Some(false) => BasicEncoding::FormEncoded,
            None => basic,
        };
        let body = match wired.token_body() {
            connectors::TokenBody::Form => TokenBody::Form,
            connectors::TokenBody::Json => TokenBody::Json,
        };
        let (answer_in, ended) = wired.token_answer();
        Ok(Self {
            token_url: wired.token_url()?.to_owned(),
            client_id,
            auth,
            basic,
            body,
            answer_in,
            ended,
            resource: wired.resource().map(str::to_owned),
        })
    }

    /// The id that the vendor gave the app.
    pub(crate) fn client_id(&self) -> &str {
        &self.client_id
    }

    /// The client with its secret, for one request.
    pub(crate) fn client<'a>(&'a self, secret: Option<&'a Secret<str>>) -> Client<'a> {
        let (auth, basic) = (self.auth, self.basic);
        let (answer_in, ended) = (self.answer_in.as_deref(), self.ended.as_slice());
        Client {
            token_url: &self.token_url,
            client_id: &self.client_id,
            client_secret: secret,
            auth,
            basic,
            body: self.body,
            answer_in,
            ended,
            resource: self.resource.as_deref(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::fixture;
    use std::sync::Arc;
    use valetkey_connectors::Catalog;
    use valetkey_domain::connection::Connection;

    /// What a connector file says of its token endpoint decides how the client is named there.
    #[tokio::test]
    async fn each_way_to_name_the_client_is_carried_through() {
        let fixture = fixture("{rotates: true}").await;
        for (said, auth, basic) in [
            ("post", ClientAuth::Post, BasicEncoding::FormEncoded),
            ("basic", ClientAuth::Basic, BasicEncoding::FormEncoded),
            ("basic_raw", ClientAuth::Basic, BasicEncoding::Raw),
            ("none", ClientAuth::None, BasicEncoding::FormEncoded),
        ] {
            let file = crate::fixture::FILE.replace("REFRESH", "{rotates: true}");
            let file = file.replace("token_client_auth: post", &format!("token_client_auth: {said}"));
            let mut catalog = Catalog::shipped().unwrap();
            catalog.add("acme.yaml", &file).unwrap();
            let connector = catalog.connector("acme").unwrap();
            let wired = Wired::with(Arc::clone(&connector), fixture.connection.clone());
            let endpoint = Endpoint::of(&wired).unwrap();
            let client = endpoint.client(None);
            assert_eq!((client.auth, client.basic), (auth, basic), "{said}");
            let stored = Endpoint::from(endpoint.to_stored());
            assert_eq!((stored.client(None).auth, stored.client(None).basic), (auth, basic), "{said}: kept for later");
            for (own, wanted) in [(true, BasicEncoding::Raw), (false, BasicEncoding::FormEncoded)] {
                let mut said_so = wired.clone();
                said_so.connection.settings.basic_raw = Some(own);
                assert_eq!(Endpoint::of(&said_so).unwrap().client(None).basic, wanted, "{said}: the connection's word");
            }
            let without = Connection { client_secret: None, ..fixture.connection.clone() };
            assert_eq!(Wired::with(connector, without).is_complete(), auth == ClientAuth::None, "{said}");
        }
    }
}
