//! What happened, and why something doesn't, for those who may look.

pub mod analytics;
pub mod audit;
mod hours;
pub mod logs;
pub mod recent;
pub mod why;

pub(crate) use hours::KeptHours;
