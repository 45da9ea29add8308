//! Whose data it is: environments, the API clients that work in them, the clients' tokens, and the members who look
//! after all of it in the dashboard.

pub mod clients;
pub mod environments;
pub mod members;
pub mod tokens;
pub(crate) mod verification;
