//! Users' credentials: sealed at rest, opened for one use, renewed, revoked.
//!
//! [`schemes`] is the one place that knows how connectors sign in; `sealed` what is kept of it; [`refresh`] gives a token
//! for use; [`revocations`] ends at the providers what has ended here.

pub mod client_trial;
pub(crate) mod identity;
pub(crate) mod oauth;
pub(crate) mod opened;
pub(crate) mod redact;
pub mod refresh;
pub mod revocations;
pub(crate) mod revoke;
pub(crate) mod schedule;
pub(crate) mod schemes;
pub(crate) mod sealed;
pub mod typed;

#[cfg(test)]
mod sign_in_keys;

pub use schemes::{Fault, Faults, TrialInput, TrialReport, asked, service_account_of, try_out};
