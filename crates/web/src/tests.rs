//! The doors as browsers meet them.

mod callbacks;
mod custom_hosts;
mod exchanges;
pub(crate) mod harness;
mod links;
mod yours;
