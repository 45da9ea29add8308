//! Remote MCP servers as connectors: where one is and how people sign in there ([`mod@file`]), and its tools as it lists them
//! for an account, made fit to be shown and called ([`prepared`]). Nothing here asks a server anything.
//!
//! [`connector`] turns an address with ways to sign in into a [`Connector`](crate::Connector), wherever the two come from.

mod arguments;
mod compile;
mod definition;
pub mod file;
mod name;
mod placed;
mod placeholders;
mod schema;
mod shipped;
mod standing_in;
mod tool;

pub use compile::{Server, connector};
pub use definition::{Note, Prepared, prepared};
pub(crate) use file::{compiled, read};
pub use name::{SIGN_IN, connection_prefix, served_name};
pub use placed::{Place, Remote, Transport};
pub(crate) use shipped::documents;
pub use standing_in::standing_in;
pub use tool::RemoteTool;
