//! The doors as browsers meet them.

mod callbacks;
mod custom_hosts;
mod exchanges;
mod harness;
mod links;
