//! MCP servers: configs say which tools, a tool set is a config compiled, an instance is a config for one user.

pub mod configs;
pub mod instances;
pub mod toolset;
