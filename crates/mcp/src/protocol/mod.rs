#![doc = include_str!("README.md")]

pub mod ask;
pub mod envelope;
pub mod fault;
pub mod message;
pub mod reply;
pub mod version;

pub use ask::{Ask, Call};
pub use envelope::{Mirror, Tolerance};
pub use fault::Fault;
pub use message::{Body, Id, Message, Request};
pub use reply::Reply;
pub use version::Version;
