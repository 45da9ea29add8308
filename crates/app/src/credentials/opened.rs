//! A credential in the hands of one use.

use super::typed::Typed;
use valetkey_domain::Secret;

/// A credential for one use.
#[derive(Debug)]
pub struct Opened {
    /// The access token; empty where there is none.
    pub access_token: Secret<str>,
    /// What a person or an app gave, where they don't sign in at the provider.
    pub typed: Typed,
    /// The generation it is of; a caller who is refused with it names it to ask for another.
    pub generation: i64,
}
