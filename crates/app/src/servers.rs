//! MCP servers: configs say which tools, a tool set is a config compiled, an instance is a config for one user, a session
//! lets one user's agent in at a static URL.

pub mod configs;
pub mod instances;
pub mod remote;
pub mod sessions;
mod sets;
pub mod toolset;
pub mod versions;

pub(crate) use sets::Sets;
