//! GitHub's issues: made, read, listed, changed, closed, locked, labelled and commented on, in repositories that are there
//! from the start. Milestones, sub-issues, events and all that is no issue are not played; signing in is Google's.
//!
//! Read `find.rs` for what a path names and who may do what, `view.rs` for how things are shown.

mod comments;
mod find;
mod issues;
mod labels;
pub(crate) mod operations;
mod view;

pub(crate) use find::{admit, name_scopes};
