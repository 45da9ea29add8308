//! Whose data it is: environments, the organisations that are an app's customers, the API clients that work in them, the
//! clients' tokens, and the members who look after all of it in the dashboard.

pub mod branding;
pub mod clients;
pub mod environments;
pub mod members;
pub mod organizations;
pub mod tokens;
pub(crate) mod verification;
