//! The tools as an app's developer sees them: the catalogue's, a user's, those that fit what somebody wants done; and
//! whose account a call means that comes with no server's URL.
//!
//! Read [`meant`] first: everything that the API's `ExecuteTool` may say of an account ends there.

mod account;
mod list;
mod pages;
mod search;
mod users;

pub use account::{Asked, Meant, meant};
pub use list::{Filter, list};
pub use search::{Found, Readiness, State, search};
pub use users::{Scope, Scoped, available, scoped};

pub(crate) use search::Searched;

use crate::{App, Error};
use std::sync::Arc;
use valetkey_connectors::{Connector, Tool};
use valetkey_vault::sha256;

/// A tool with the connector that it belongs to.
#[derive(Clone, Debug)]
pub struct Offer {
    /// Its connector.
    pub connector: Arc<Connector>,
    /// The tool.
    pub tool: Arc<Tool>,
}

impl Offer {
    /// Its name, by which it is called and by which lists are ordered.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.tool.definition.name
    }

    /// Its id. Tools are not rows: it follows from the name, so that it is the same everywhere and always.
    #[must_use]
    pub fn id(&self) -> String {
        let hash = hex::encode(sha256(self.name().as_bytes()));
        format!("tol_{}", hash.get(..26).unwrap_or_default())
    }
}

/// What is said of a tool that is not there. SDKs look for "tool not found".
fn unknown(app: &App, name: &str) -> Error {
    let near = app.core.catalog.nearest_tool(name);
    Error::invalid(format!("tool not found: there is no tool '{name}'")).meant(near.as_deref())
}
