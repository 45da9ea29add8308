//! Users' credentials: sealed at rest, opened for one use, renewed, revoked.
//!
//! [`schemes`] is the one place that knows how connectors sign in; `sealed` what is kept of it; [`refresh`] gives a token
//! for use.

pub(crate) mod oauth;
pub(crate) mod patience;
pub mod refresh;
pub(crate) mod revoke;
pub(crate) mod schedule;
pub(crate) mod schemes;
pub(crate) mod sealed;
