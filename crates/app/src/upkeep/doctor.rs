//! Is everything as it should be? What an operator asks after a move, before an upgrade, and when something is odd.
//!
//! Each part of the installation is looked at by a file below this one, in a fixed order, and says what it looked at or
//! what is wrong with it and what to do. Nothing is changed, and nothing secret is said. [`rows`] is the part that finds
//! rows which were put back as they were earlier; read docs/decisions/0022 first.

mod address;
mod clock;
mod database;
mod installation;
mod keys;
mod report;
mod rows;
mod sealed;
#[cfg(test)]
mod tests;

use report::cause;
pub use report::{Check, Part, Verdict};
pub use rows::accept;

use crate::insight::audit;
use crate::{App, Error, Result};
use std::sync::Arc;
use valetkey_core::context;
use valetkey_domain::ctx::{Actor, Progress};
use valetkey_domain::{Clock, Ctx};

/// Looks at everything that can be looked at through the database and from outside. `machine` is this machine's own
/// clock; the app may go by another.
pub async fn examine(app: &App, machine: &dyn Clock, progress: &Arc<dyn Progress>) -> Vec<Check> {
    let (address, theirs) = address::look(app).await;
    let mut checks = settled("public_url", address);
    checks.extend(settled("clock", clock::look(app, machine, theirs).await));
    checks.extend(settled("database", database::look(app).await));
    checks.extend(settled("installation", installation::look(app).await));
    checks.extend(settled("keys", keys::look(app, progress.as_ref()).await));
    checks.extend(settled("sealed", sealed::look(app, progress.as_ref()).await));
    checks.extend(settled("journal", chain(app, progress).await));
    checks.extend(settled("rows", rows::look(app, progress.as_ref()).await));
    checks
}

/// A part that could not be looked at is one that something is wrong with.
fn settled(part: &'static str, looked: Result<Part>) -> Vec<Check> {
    let unseen = |error: &Error| {
        let mut unseen = Part::of(part);
        unseen.problem(format!("cannot be looked at: {}", cause(error)), "see the log, and run this again");
        unseen
    };
    looked.unwrap_or_else(|error| unseen(&error)).done()
}

/// The journal's own check: what follows about rows stands on it.
async fn chain(app: &App, progress: &Arc<dyn Progress>) -> Result<Part> {
    let ctx = Ctx { progress: progress.clone(), ..context::installation(&app.core, Actor::Operator) };
    let report = audit::verify(app, &ctx, &[]).await?;
    let mut part = Part::of("journal");
    let several = if report.segments == 1 { "" } else { "s" };
    part.checked(format!("{} records in {} segment{several}, each as it was sealed", report.records, report.segments));
    if report.found > 0 {
        let found = format!("{} of {} records are not what was sealed, or are missing", report.found, report.records);
        part.problem(found, "`valetkey logs verify` lists them: somebody who can write the database changed it");
    }
    Ok(part)
}
