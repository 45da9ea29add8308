//! What waits for the writer's task, and what is said to who cannot wait.

use crate::{Error, Result};
use serde_json::{Map, Value};
use std::sync::Arc;
use tokio::sync::oneshot;
use valetkey_domain::journal::{Entry, Head, Seal};
use valetkey_domain::{Kind, Timestamp};

/// Records that may wait; beyond that calls are refused.
pub(super) const QUEUE: usize = 4_096;

/// A record on its way, and who waits for its commit. Nobody waits for an outcome.
pub(super) struct Waiting {
    pub(super) entry: Entry,
    pub(super) seal: Seal,
    pub(super) committed: Option<oneshot::Sender<Result<()>>>,
    /// Counts it among those that wait, until it is committed or given up.
    pub(super) counted: Arc<()>,
}

/// What the writer is asked for beside records.
pub(super) enum Order {
    /// As `Writer::head` asks.
    Head(oneshot::Sender<Result<Head>>),
    /// As `Writer::remove_some` asks.
    Remove { before: Timestamp, reply: oneshot::Sender<Result<u64>> },
}

/// What a record tells beside action and subject, by name.
#[must_use]
pub fn detail<const N: usize>(members: [(&str, Value); N]) -> Map<String, Value> {
    members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// To a caller whose record is not taken.
pub(super) fn refused() -> Error {
    Error::new(Kind::Unavailable, "the journal cannot be written, and nothing is done unrecorded: try again later")
}
