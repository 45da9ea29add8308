//! The journal's readers. What is written there, and how, is `valetkey_core::journal`.

use crate::{App, Listed, Page, Result};
use valetkey_domain::Ctx;
use valetkey_domain::id::AccountId;
use valetkey_domain::journal::Head;
use valetkey_storage::journal as rows;

pub use valetkey_core::journal::verify::{Finding, OpenIntent, Report};
pub use valetkey_storage::journal::JournalRecord;

/// The environment's newest records, newest first, of all subjects or of one.
///
/// # Errors
/// The database cannot be read.
pub async fn newest(app: &App, ctx: &Ctx, subject: Option<&str>, size: u32) -> Result<Vec<JournalRecord>> {
    Ok(rows::newest(ctx, &mut app.core.store.glance().await?, subject, size).await?)
}

/// A page of the environment's records, newest first, of all subjects or of one; 100 at most. There is no total.
///
/// # Errors
/// The database cannot be read, or the token is none of this list's.
pub async fn list(app: &App, ctx: &Ctx, subject: Option<&str>, page: &Page) -> Result<Listed<JournalRecord>> {
    Ok(rows::list(ctx, &mut app.core.store.read().await?, subject, page).await?)
}

/// How the last refresh of an account's tokens ended; none if there was none.
///
/// # Errors
/// The database cannot be read.
pub async fn last_refresh(app: &App, ctx: &Ctx, account: &AccountId) -> Result<Option<JournalRecord>> {
    Ok(rows::last_refresh(ctx, &mut app.core.store.read().await?, account).await?)
}

/// Checks all records, in all environments, as they are at this moment; tells `ctx` how far it is. `held` are heads that
/// were kept elsewhere, as [`head`] gave them.
///
/// # Errors
/// The database or a key cannot be read. What is wrong with the journal is in the report.
pub async fn verify(app: &App, ctx: &Ctx, held: &[Head]) -> Result<Report> {
    valetkey_core::journal::verify(&app.core, ctx, held).await
}

/// The newest head: it covers everything that was committed so far.
///
/// # Errors
/// The journal cannot be written.
pub async fn head(app: &App) -> Result<Head> {
    app.core.journal.head().await
}
