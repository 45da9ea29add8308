//! The authorization server: request, pages, codes, tokens, revocation, and who a token's user is.
//!
//! Read `request.rs` for what is checked, then `authorize.rs`, `consent.rs` and `token.rs` in the order of a consent.

pub(crate) mod authorize;
mod client;
pub(crate) mod consent;
pub(crate) mod discovery;
mod id_token;
mod issue;
mod params;
mod pkce;
pub(crate) mod refusal;
pub(crate) mod request;
pub(crate) mod revoke;
pub(crate) mod scopes;
pub(crate) mod token;
pub(crate) mod userinfo;
