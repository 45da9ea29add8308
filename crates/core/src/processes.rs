//! Which processes serve on the database.

use crate::{Core, Result};
use std::time::Duration;
use valetkey_storage::processes::{self as rows, Process};

/// After how long without a sign a process is taken for gone.
pub const DEAD_AFTER: Duration = Duration::from_secs(60);

/// The processes that serve on the database now.
///
/// # Errors
/// The database cannot be read.
pub async fn live(core: &Core) -> Result<Vec<Process>> {
    let since = core.now() - DEAD_AFTER;
    Ok(rows::live(&mut core.store.read().await?, since).await?)
}
