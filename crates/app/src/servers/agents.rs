//! Agents whose user has to sign in: the authorization server for the MCP clients of configs that want it (OAuth 2.1 with
//! RFC 8414, 7591, 8707, 9207, 9728).
//!
//! A leaked URL alone opens nothing then. The user signs in at the app's own OpenID provider, whose answer must name the very
//! user that the instance is of. Nothing of a sign-in in flight is kept, nor is a client that registers: what came of it is a
//! grant's row. Read `request` first, then `sign_in`, `tokens`.

mod agent;
mod clients;
mod metadata;
mod redirects;
mod request;
mod sign_in;
mod tokens;

pub use agent::Agent;
pub use clients::{NotRegistered, Registration, register};
pub use metadata::{protected_resource, resource_metadata, server};
pub use request::{AuthorizeRequest, Question, Stop, question, refuse};
pub use sign_in::{CALLBACK, Kept, Leaving, finish, kept_as, start};
pub use tokens::{GivenTokens, TokenError, TokenRequest, token};

pub(crate) use agent::Documents;

#[cfg(test)]
mod tests;
