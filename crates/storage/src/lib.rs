//! The database: one face (`Store`, `Tx`, `Row`, `Arg`) over SQLite, and one query module for each noun.
//!
//! Owns the database driver, the schema and its migrations. Knows no secret: what is sealed goes in and comes out
//! sealed. Never does I/O other than the database's files, and holds no transaction across a call elsewhere.
//! Read `store.rs` first, then `sqlite/writer.rs`, which says how commits are grouped, then any query module.
//!
//! Every query outside `doors.rs` takes the caller's `Ctx` and has its environment in the condition.

pub mod accounts;
mod arg;
pub mod authorizations;
pub mod clients;
pub mod configs;
pub mod connections;
mod counters;
pub mod data_keys;
pub mod doors;
pub mod environments;
mod error;
#[cfg(test)]
mod fixture;
pub mod instances;
pub mod journal;
mod list;
mod migrate;
pub mod pending_credentials;
mod row;
pub mod signing_keys;
mod sqlite;
mod store;
mod tx;

pub use arg::Arg;
pub use error::Error;
pub use list::{Listed, Page};
pub use row::Row;
pub use store::{Location, Store};
pub use tx::Tx;

pub(crate) use arg::args;
