//! MCP servers: configs say which tools, a tool set is a config compiled, an instance is a config for one user, a session
//! lets one user's agent in at a static URL.

pub mod agents;
pub mod configs;
mod graces;
mod growing;
pub mod held;
pub mod instance_page;
pub mod instances;
mod options;
mod read_more;
pub mod remote;
pub mod sessions;
mod sets;
pub mod toolset;
mod user_provider;
pub mod versions;

pub(crate) use agents::Documents;
pub(crate) use read_more::READ_MORE;
pub(crate) use sets::Sets;
