//! What happened, for those who may look.

pub mod analytics;
pub mod audit;
pub mod logs;
