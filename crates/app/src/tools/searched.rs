//! The index that a search goes through.

use std::sync::Arc;
use tokio::sync::OnceCell;
use valetkey_connectors::search::Index;

/// The index of the catalogue, made when somebody searches first.
#[derive(Default)]
pub(crate) struct Searched(pub(super) OnceCell<Arc<Index>>);
