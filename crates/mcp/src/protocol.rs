#![doc = include_str!("protocol/README.md")]

pub mod ask;
pub mod elicit;
pub mod envelope;
pub mod fault;
pub mod id;
pub mod message;
pub mod reply;
pub mod version;

pub use ask::{Ask, Call, Resumed};
pub use elicit::Elicits;
pub use envelope::{Mirror, Tolerance};
pub use fault::Fault;
pub use id::Id;
pub use message::{Body, Message, Request};
pub use reply::{Called, Link, Reply};
pub use version::Version;
