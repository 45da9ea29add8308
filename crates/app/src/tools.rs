//! The tools as an app's developer sees them: the catalogue's, a user's, those that fit what somebody wants done; and
//! whose account a call means that comes with no server's URL.
//!
//! Read [`meant`] first: everything that the API's `ExecuteTool` may say of an account ends there.

mod account;
mod list;
mod offer;
mod pages;
mod refresh;
mod remote;
mod report;
mod scope;
mod search;
mod searched;
mod users;

pub use account::{AccountQuery, ResolvedTool, meant};
pub use list::{Filter, list};
pub use offer::Offer;
pub use refresh::refreshed;
pub use report::{Report, report};
pub use scope::Scope;
pub use search::{FoundTool, Readiness, State, search};
pub use users::{Scoped, available, scoped};
pub use valetkey_connectors::input::{coerced, listed};

pub(crate) use searched::Searched;
