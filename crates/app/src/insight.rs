//! What happened, and why something doesn't, for those who may look.

pub mod audit;
pub mod why;
