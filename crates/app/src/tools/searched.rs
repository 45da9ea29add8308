//! The index that a search goes through.

use std::sync::Arc;
use tokio::sync::Mutex;
use valetkey_connectors::search::Index;

/// The index of the catalogue with the revision that it is of, made when somebody searches first. Who comes while it is
/// made waits for it.
#[derive(Default)]
pub(crate) struct Searched(pub(super) Mutex<Option<(u64, Arc<Index>)>>);
