//! Whose data it is: environments, the API clients that work in them, and the clients' tokens.

pub mod clients;
pub mod environments;
pub mod tokens;
pub(crate) mod verification;
