//! MCP as its servers' client: opening in either era, the list of tools, calls. It speaks the protocol and nothing else:
//! who is asked, with which credential, over which connection and within which limits is its caller's, who gives a
//! [`Carrier`]. No account is known here, and nothing is kept but what a [`Session`] holds.
//!
//! Nothing of an answer is understood that has not to be: tools and results come out as the JSON they are, so that one
//! odd tool spoils no list and nothing of a result is lost.
//!
//! What an answer takes is asked for before it is there ([`Carrier::room_to_read`], [`Carrier::room_to_parse`]), and what is
//! long is read off the async threads ([`Carrier::aside`]).
//!
//! Read [`Client`] first, then `open` (which era a server speaks), `reply` (an answer as JSON or as a stream) and `text` (how
//! a message is read).

mod again;
mod carrier;
mod client;
mod error;
mod exchange;
#[cfg(test)]
mod fuzz;
mod headers;
#[cfg(test)]
mod hostile;
mod measured;
mod message;
mod open;
mod page;
mod questions;
mod reply;
mod session;
mod stream;
mod text;
mod two_ways;
mod under_way;
mod versions;
mod words;

pub use carrier::{Carrier, Fault, Room};
pub use client::{Client, Held, Listed, Outcome};
pub use error::Error;
pub use exchange::Progress;
pub use headers::Parameter;
pub use questions::{Again, Asked, QuestionKinds, QuestionPolicy};
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
