//! What happened, for those who may look.

pub mod audit;
