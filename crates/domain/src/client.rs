//! API clients: who may use the control plane.

use crate::Timestamp;
use crate::id::{ClientId, ClientSecretId, EnvironmentId};

/// An API client of one environment, with any number of secrets so that they can be rotated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiClient {
    /// Its id, which is also the `client_id` of the token endpoint.
    pub id: ClientId,
    /// The environment it works in.
    pub environment: EnvironmentId,
    /// What people call it.
    pub name: String,
    /// What it may do beyond the ordinary: `accounts:secrets`.
    pub scopes: Vec<String>,
    /// Raised to make every token already issued worthless; a token carries the version it was made under.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
}

/// One secret of a client, as stored: its hash alone.
#[derive(Clone, Debug)]
pub struct ClientSecret {
    /// Its id.
    pub id: ClientSecretId,
    /// The client whose it is.
    pub client: ClientId,
    /// SHA-256 of the secret, which has 256 random bits: a slow hash would add nothing but load.
    pub hash: [u8; 32],
    /// The last four characters, for people.
    pub hint: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it stops working; never, if none.
    pub expires_at: Option<Timestamp>,
}
