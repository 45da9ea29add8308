//! What happened, and why something doesn't, for those who may look.

pub mod analytics;
pub mod audit;
pub mod logs;
pub mod recent;
pub mod why;

pub(crate) use recent::Recent;
