//! The doors as browsers meet them.

mod callbacks;
mod elsewhere;
mod exchanges;
mod harness;
mod links;
