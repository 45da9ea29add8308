//! The ground that use cases stand on: database, keys, journal, connectors, the way out, time and settings, in one
//! [`Core`]; where a [`Ctx`](valetkey_domain::Ctx) is made ([`context`]), where each sealed value lies ([`places`]), and
//! the transaction that can't be committed without its record ([`Change`]).
//!
//! Only `app` works with it, and `server`, which puts it together. No surface names this crate: what they may know of it
//! `app` shows them. Nothing here knows what a use case is. Read [`Core`] first, then [`change`], then [`journal`].

mod answer;
mod bounds;
pub mod change;
pub mod context;
mod core;
mod error;
mod events;
pub mod failpoint;
mod full;
pub mod journal;
pub mod keyring;
pub mod memory;
pub mod metrics;
pub mod places;
pub mod processes;
pub mod queue;
pub mod rights;
mod settings;

pub use crate::core::Core;
pub use answer::{AnswerRoom, LONG};
pub use bounds::{Bounds, Limit};
pub use change::Change;
pub use error::{Error, Result};
pub use events::TYPED;
pub use full::{Full, WAITING};
pub use memory::{MemoryBudgets, MemoryShare};
pub use metrics::Metrics;
pub use settings::{KnownBy, Settings, SignOn};
