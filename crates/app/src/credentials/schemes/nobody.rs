//! A token endpoint asked with a key or a client that is nobody's, where each account brings its own: whoever gives access
//! tokens there refuses it, and says so.

use crate::Result;
use crate::connections::Wired;
use crate::credentials::oauth::Endpoint;
use valetkey_connectors::{Auth, AuthKind, SentAs};
use valetkey_domain::Secret;
use valetkey_outbound::Outbound;
use valetkey_outbound::oauth::{self, TokenError, Tokens};

/// What nobody is called.
const NAME: &str = "valetkey-asks-whether-somebody-is-there";

/// What nobody signed: of the form that is wanted (RFC 7515 §3.1).
const UNSIGNED: &str = "bm9ib2R5.c2lnbmVk.dGhpcw";

/// Who is asked, and how.
pub(crate) enum Nobody {
    /// A client names itself and its secret.
    Client(Endpoint),
    /// A client is known by what it signs.
    SigningClient(String),
    /// What is signed is exchanged.
    Grant(String),
}

impl Nobody {
    /// In the way that accounts on this connection will ask.
    ///
    /// # Errors
    /// There is no token endpoint.
    pub(crate) fn of(wired: &Wired) -> Result<Self> {
        let token_url = wired.token_url()?.to_owned();
        match wired.way() {
            Auth::Minted(minted) if minted.kind == AuthKind::ClientCredentials => {
                Ok(Self::Client(Endpoint::named(wired, NAME)?))
            }
            Auth::Minted(minted) if minted.assertion.as_ref().is_some_and(|one| one.sent_as == SentAs::Client) => {
                Ok(Self::SigningClient(token_url))
            }
            _ => Ok(Self::Grant(token_url)),
        }
    }

    /// Asks.
    pub(crate) async fn ask(&self, outbound: &Outbound) -> std::result::Result<Tokens, TokenError> {
        let unsigned = Secret::from(UNSIGNED);
        match self {
            Self::Client(endpoint) => oauth::client_credentials(outbound, &endpoint.client(Some(&unsigned)), "").await,
            Self::SigningClient(token_url) => oauth::client_assertion(outbound, token_url, NAME, &unsigned, "").await,
            Self::Grant(token_url) => oauth::assertion(outbound, token_url, &unsigned).await,
        }
    }
}
