//! How connectors sign in, and how what a user gave meets a request: the one place that knows the schemes.
//!
//! [`present`] puts a credential into a request, [`renewal`] gets a new access token for one, [`own_renewal`] one by what the
//! connection itself has, [`fit`] says whether what was
//! typed will do, `brought` what an app brings itself, [`trial`] tries it at the app, [`try_out`] the same without an account.

mod brought;
mod fit;
mod key_pair;
mod nobody;
mod present;
mod renewal;
mod service_account;
mod trial;
mod unstored;

pub(crate) use brought::{Brought, brought, shown};
pub use brought::{ImportedCredential, ShownCredential};
pub use fit::{Fault, Faults, asked, service_account_of};
pub(crate) use fit::{fit, has_lines};
pub(crate) use nobody::Nobody;
pub(crate) use present::{present, sent};
pub(crate) use renewal::{own_renewal, renewal};
pub(crate) use trial::{Trial, trial};
pub use unstored::{TrialInput, TrialReport, try_out};
