//! All connectors at once. One is compiled when it is asked for first, in a moment; all of them take a second, which no
//! async thread has.

use crate::{App, Error, Result};

/// Compiles those that nobody has asked for yet, for whoever goes through them all.
///
/// # Errors
/// The process ends.
pub(crate) async fn compile_all(app: &App) -> Result<()> {
    if app.core.catalog.is_compiled() {
        return Ok(());
    }
    let held = app.clone();
    let compiling = app.core.tasks.spawn_blocking(move || held.core.catalog.connectors().for_each(drop));
    compiling.await.map_err(Error::internal)
}
