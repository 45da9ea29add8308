//! Drive: files and folders with what is in them, who may see them, and comments. Shared drives, revisions, changes and
//! requests for access are not played.
//!
//! Read `access.rs` for who may do what, `query.rs` for the language of searches, `view.rs` for how a file is shown.

mod about;
mod access;
mod change;
mod comments;
mod content;
pub(crate) mod find;
mod list;
mod make;
pub(crate) mod operations;
mod order;
mod permissions;
mod query;
mod remarks;
mod replies;
mod view;
