//! MCP as its servers' client: opening in either era, the list of tools, calls. It speaks the protocol and nothing else:
//! who is asked, with which credential, over which connection and within which limits is its caller's, who gives a
//! [`Carrier`]. No account is known here, and nothing is kept but what a [`Session`] holds.
//!
//! Nothing of an answer is understood that has not to be: tools and results come out as the JSON they are, so that one
//! odd tool spoils no list and nothing of a result is lost.
//!
//! Read [`Client`] first, then `open` (which era a server speaks) and `reply` (an answer as JSON or as a stream).

mod carrier;
mod client;
mod error;
mod exchange;
#[cfg(test)]
mod fuzz;
mod headers;
mod message;
mod open;
mod reply;
mod session;
mod stream;
mod two_ways;
mod under_way;
mod words;

pub use carrier::{Carrier, Fault};
pub use client::{Client, Listed};
pub use error::Error;
pub use exchange::Progress;
pub use headers::Parameter;
pub use session::Session;
pub use under_way::UnderWay;

/// How a server is spoken to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Transport {
    /// Streamable HTTP: each message is a POST, in either era.
    #[default]
    Http,
    /// The first revision's two ways: a stream of events for the answers, and an address that it names for the requests.
    Sse,
}
