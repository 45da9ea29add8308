//! MCP servers: configs say which tools, a tool set is a config compiled, an instance is a config for one user.

pub mod configs;
pub mod instances;
mod sets;
pub mod toolset;

pub(crate) use sets::Sets;
