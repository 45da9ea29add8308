//! MCP configs: which connections and tools a per-user server exposes.

use crate::Timestamp;
use crate::id::{ConfigId, ConnectionId, EnvironmentId};
use crate::name::{ConfigName, ConnectionName};
use uuid::Uuid;

/// A reusable template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct McpConfig {
    /// Its id.
    pub id: ConfigId,
    /// The environment it belongs to.
    pub environment: EnvironmentId,
    /// Names its static MCP URL (`/mcp/v3/servers/<uuid>`).
    pub uuid: Uuid,
    /// Its name: unique, never changed.
    pub name: ConfigName,
    /// What it is for, in the developer's words; may be empty.
    pub description: String,
    /// The connections and their whitelists, in the developer's order; 25 at most.
    pub mappings: Vec<Mapping>,
    /// Raised by every change; the compiled tool list is kept by (id, version).
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// One connection of a config with its whitelist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// The connection.
    pub connection: ConnectionId,
    /// The connection's name.
    pub connection_name: ConnectionName,
    /// The connector's slug.
    pub connector: String,
    /// The whitelisted tools in the developer's order; empty means all of the connection's.
    pub tools: Vec<String>,
}
