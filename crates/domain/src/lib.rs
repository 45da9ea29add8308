//! The nouns of Valetkey and the rules that need nothing but themselves: typed ids, names, states, tools, the
//! caller's context, error kinds, the secret type. No I/O, no async, no clock of its own, no vendor.
//!
//! Every other crate may name this one; this one names none of them. Read [`ctx`] first, then [`account`].

pub mod account;
pub mod approval;
pub mod authorization;
pub mod brand;
pub mod client;
pub mod config;
pub mod connection;
pub mod ctx;
pub mod environment;
pub mod error;
pub mod event;
pub mod grace;
pub mod grant;
pub mod id;
pub mod instance;
pub mod invisible;
pub mod journal;
pub mod json;
pub mod member;
pub mod name;
pub mod nearest;
pub mod organization;
pub mod provider;
pub mod rng;
pub mod sealed;
pub mod secret;
pub mod session;
mod text;
pub mod time;
pub mod tool;

pub use ctx::Ctx;
pub use error::Kind;
pub use nearest::nearest;
pub use rng::Rng;
pub use sealed::Sealed;
pub use secret::Secret;
pub use time::{Clock, Timestamp};
