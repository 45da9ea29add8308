//! MCP instances: a config for one user, with a URL that is itself the credential.

use crate::Timestamp;
use crate::id::{ConfigId, EnvironmentId, InstanceId};
use crate::name::{ConfigName, Identifier, InstanceName};

/// A config for one user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct McpInstance {
    /// Its id.
    pub id: InstanceId,
    /// The environment it belongs to.
    pub environment: EnvironmentId,
    /// The config it serves.
    pub config: ConfigId,
    /// That config's name.
    pub config_name: ConfigName,
    /// Its own name; unique for one user on one config.
    pub name: InstanceName,
    /// The user whose accounts it uses.
    pub identifier: Identifier,
    /// The generation of its URL; raised to make every earlier URL worthless.
    pub url_generation: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// When an agent last called a tool through it.
    pub last_used_at: Option<Timestamp>,
}
