//! The doors as browsers meet them.

mod callbacks;
mod elsewhere;
mod exchanges;
pub(crate) mod harness;
mod links;
