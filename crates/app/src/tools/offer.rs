//! A tool with its connector, as lists have it.

use crate::{App, Error, connections};
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

/// A connector's tools.
pub(super) fn of(connector: &Arc<Connector>) -> Vec<Offer> {
    let offer = |tool: &Arc<Tool>| Offer { connector: Arc::clone(connector), tool: Arc::clone(tool) };
    connector.tools.values().map(offer).collect()
}

/// What is said of a tool that is not there. SDKs look for "tool not found".
pub(super) async fn unknown(app: &App, name: &str) -> Error {
    if let Err(error) = connections::compile_all(app).await {
        return error;
    }
    let near = app.core.catalog.nearest_tool(name);
    Error::invalid(format!("tool not found: there is no tool '{name}'")).meant(near.as_deref())
}
