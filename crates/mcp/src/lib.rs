//! The data plane: MCP over Streamable HTTP, one URL per instance, both protocol eras.
//!
//! It owns the protocol and its transport. It never opens a credential, never talks to an app and keeps no session: an
//! instance's URL names everything, so any replica can answer. Tools are listed by `app::servers` and called by
//! `app::calls`; this crate turns their answers into protocol.
//!
//! What else has tools to offer in this protocol gives them to [`control_router`] as a [`control::ControlPlane`].
//!
//! Read [`protocol`] first (its README explains the two eras), then [`transport`].

// An optimised build looks through all of a use case's nested futures at once, and they go deeper than 128.
#![recursion_limit = "256"]

pub mod control;
pub mod protocol;
pub mod transport;

pub use transport::{Settings, Timing, control_router, router};
