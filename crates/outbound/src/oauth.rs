//! Token endpoints: codes and refresh tokens for access tokens, revocation, and who an account is; and the address of
//! the page where it all begins.
//!
//! Written against RFC 6749, 7009, 7636 and OpenID Connect Core, and tolerant of what real endpoints answer instead:
//! forms, errors under status 200 and in shapes of their own, commas between scopes, numbers in quotes, byte-order
//! marks. Strict where being tolerant would lose an account. Read `grant` first, then `refusal` for what an answer
//! without tokens means.

mod answer;
mod authorize;
mod body;
mod client;
mod discovery;
mod echo;
mod error;
mod grant;
mod id_token;
mod identity;
mod limits;
mod provider_words;
mod refusal;
mod retry;
mod revocation;
mod revoke;
mod text;

pub use answer::{MAX_BELIEVED, Tokens};
pub use authorize::{AuthorizationRequest, NoWebAddress, authorization_url, sends_nonce};
pub use client::{BasicEncoding, Client, ClientAuth, TokenBody};
pub use discovery::{
    AuthorizationServer, ClientAsked, DiscoveryError, Registered, Resource, client_document, discover, issuer,
    lacking_scopes, register,
};
pub use error::{Problem, TokenError};
pub use grant::{assertion, client_assertion, client_credentials, exchange, refresh};
pub use id_token::{Claims, Expected, IdToken, IdTokenFault, Nonce, verified_email};
pub use identity::{Question, identity};
pub use provider_words::ProviderWords;
pub use retry::MAX_PAUSE;
pub use revocation::{Revocation, TokenIn};
pub use revoke::{Revoked, revoke};
