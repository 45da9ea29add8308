//! How people sign in at a resource of which nothing is known but its address: what the resource says of itself (RFC 9728),
//! what its authorization server says (RFC 8414, OpenID Connect Discovery), and a client registered there (RFC 7591).
//!
//! Each document is one request without a credential, no redirect followed, a little read. What a document says is held
//! against where it stands: a resource speaks for its own address, an issuer for its own name.

mod challenge;
mod client_document;
mod documents;
mod register;
mod server;

pub use challenge::lacking_scopes;
pub use client_document::client_document;
pub use register::{ClientAsked, Registered, register};
pub use server::{AuthorizationServer, Resource, discover, issuer};

use crate::Error;

/// Why it was not found out how people sign in.
#[derive(Debug, thiserror::Error)]
pub enum DiscoveryError {
    /// A request was not answered.
    #[error("{0}")]
    Unsent(#[from] Error),
    /// The documents are not there, or say nothing that can be used.
    #[error("{0}")]
    Unusable(String),
    /// A client was asked for and may be there, but the answer gives none.
    #[error("{0}")]
    Uncertain(String),
}

impl DiscoveryError {
    /// Whether a client may have been registered all the same.
    #[must_use]
    pub const fn may_have_registered(&self) -> bool {
        match self {
            Self::Unsent(error) => error.may_have_been_received(),
            Self::Unusable(_) => false,
            Self::Uncertain(_) => true,
        }
    }

    pub(crate) fn unusable(why: impl Into<String>) -> Self {
        Self::Unusable(why.into())
    }
}
