//! The database: one face (`Store`, `Tx`, `Row`, `Arg`) over SQLite and PostgreSQL, and one query module for each noun.
//!
//! Owns the database drivers, the schema and its migrations. Knows no secret: what is sealed goes in and comes out
//! sealed. Never does I/O other than the database's, and holds no transaction across a call elsewhere.
//! Read `store.rs` first, then `sqlite/writer.rs`, which says how commits are grouped there, and `postgres.rs`, which
//! says what keeps writes apart here; then any query module.
//!
//! Every query outside `doors.rs` takes the caller's `Ctx` and has its environment in the condition.

pub mod accounts;
pub mod approvals;
mod arg;
pub mod authorizations;
mod bounded_count;
mod bulk;
pub mod changes;
pub mod clients;
pub mod closings;
pub mod config_versions;
pub mod configs;
pub mod connections;
#[cfg(test)]
mod contract;
mod counters;
pub mod data_keys;
mod database;
pub mod doors;
pub mod environments;
mod error;
pub mod events;
pub mod fitness;
#[cfg(test)]
mod fixture;
pub mod grants;
pub mod instances;
pub mod journal;
pub mod kept_answers;
mod leased;
mod list;
pub mod member_sessions;
pub mod members;
pub mod meta;
mod metrics;
mod migrate;
pub mod organizations;
pub mod pending_credentials;
#[cfg(test)]
mod plans;
pub mod portable;
mod postgres;
pub mod processes;
pub mod providers;
mod recent;
mod recent_read;
pub mod registrations;
pub mod revocations;
mod row;
pub mod row_macs;
pub mod sealed;
pub mod sessions;
pub mod signing_keys;
mod span;
pub mod spent_states;
mod sqlite;
mod store;
pub mod tool_definitions;
mod turns;
mod tx;
mod walk;
pub mod webhooks;

pub use arg::Arg;
pub use bounded_count::BoundedCount;
pub use bulk::Bulk;
pub use error::Error;
pub use list::{Listed, Page};
pub use metrics::Metrics;
pub use row::Row;
pub use store::{Location, Store};
pub use tx::Tx;

pub(crate) use arg::args;
