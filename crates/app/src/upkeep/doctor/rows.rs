//! Rows that were put back as they were earlier, brought back after they were deleted, or changed by hand.
//!
//! The journal's record of each change says how often the row has changed by then and what it was ([`row_state`]). Here every
//! row is held against what the journal said of it last. What is concluded stands on the journal being whole, which is a
//! check of its own: who can remove its newest records too is found by that one.

mod accept;
mod judge;

pub use accept::accept;

use super::Part;
use crate::{App, Result};
use judge::{Judged, KnownState, judge};
use serde_json::{Map, Value};
use std::sync::Arc;
use valetkey_core::journal;
use valetkey_core::journal::row_state::{self, IN_DETAIL, RecordedRow};
use valetkey_domain::ctx::Progress;
use valetkey_domain::id::EnvironmentId;
use valetkey_domain::journal::{Entry, Seal};
use valetkey_storage::Tx;
use valetkey_storage::changes::{self, CountedRow, Kind};
use valetkey_storage::journal::audit;
use valetkey_vault::{DataKey, chain};

/// How many rows are read at a time.
const PAGE: i64 = 200;

/// How many rows are listed; more are counted.
const LISTED: usize = 50;

/// Holds every row against the journal.
pub(super) async fn look(app: &App, progress: &dyn Progress) -> Result<Part> {
    let mut audit = Audit::begin(app, progress).await?;
    for kind in Kind::all() {
        audit.table(kind).await?;
    }
    Ok(audit.done())
}

/// A look under way, on one snapshot.
struct Audit<'a> {
    app: &'a App,
    progress: &'a dyn Progress,
    tx: Tx,
    /// Whether retention has removed records.
    trimmed: bool,
    part: Part,
    total: u64,
    looked_at: u64,
    forgotten: u64,
    unrecorded: Vec<String>,
    wrong: usize,
}

impl<'a> Audit<'a> {
    async fn begin(app: &'a App, progress: &'a dyn Progress) -> Result<Self> {
        let mut tx = app.core.store.read().await?;
        let mut total = 0;
        for kind in Kind::all() {
            total += changes::total(&mut tx, kind).await?;
        }
        let (part, unrecorded) = (Part::of("rows"), Vec::new());
        let (trimmed, looked_at, forgotten, wrong) = (false, 0, 0, 0);
        let mut audit = Self { app, progress, tx, trimmed, part, total, looked_at, forgotten, unrecorded, wrong };
        audit.trimmed = audit.removed().await?;
        Ok(audit)
    }

    async fn table(&mut self, kind: Kind) -> Result<()> {
        let mut behind = String::new();
        loop {
            let page = changes::page(&mut self.tx, kind, &behind, PAGE).await?;
            let Some(last) = page.last() else { return Ok(()) };
            behind.clone_from(&last.id);
            for row in &page {
                self.row(kind, row).await?;
            }
            // Other work goes on between two pages.
            tokio::task::yield_now().await;
        }
    }

    async fn row(&mut self, kind: Kind, row: &CountedRow) -> Result<()> {
        self.looked_at += 1;
        self.progress.report(self.looked_at, Some(self.total), "rows held against the journal");
        let known = self.known(row).await?;
        match judge(&row.state, &known, self.trimmed) {
            Judged::Fits => {}
            Judged::Forgotten => self.forgotten += 1,
            // The first key of a purpose is made where it is needed, with nobody to tell of it.
            Judged::Unrecorded if matches!(kind, Kind::DataKey | Kind::SigningKey) => {}
            Judged::Unrecorded => self.unrecorded.push(row.id.clone()),
            Judged::Wrong(what) => self.problem(kind, &row.id, &what),
        }
        Ok(())
    }

    fn problem(&mut self, kind: Kind, id: &str, what: &str) {
        self.wrong += 1;
        if self.wrong <= LISTED {
            let todo = format!(
                "somebody who can write the database did this: compare with `valetkey logs list --subject {id}`, put it \
                 right, then `valetkey doctor --accept {id}`"
            );
            self.part.problem(format!("{} {id} {what}", kind.table()), todo);
        }
    }

    /// Everything authentic that the journal says of the row.
    async fn known(&mut self, row: &CountedRow) -> Result<Vec<KnownState>> {
        let environment = Self::environment(row)?;
        let found = audit::mentioning(&mut self.tx, environment.as_str(), &row.id, IN_DETAIL).await?;
        let mut known = Vec::with_capacity(found.len());
        for record in found {
            let Some((entry, seal)) = record.sealed else { continue };
            let Some(key) = self.authentic(&entry, &seal).await? else { continue };
            let detail: Map<String, Value> = serde_json::from_str(&entry.detail).unwrap_or_default();
            let (change, same, gone) = match row_state::read(&detail) {
                Some(RecordedRow::Changed { change, digest }) => {
                    (change, digest == row_state::digest(&key, environment.as_str(), &row.state.text)?, false)
                }
                Some(RecordedRow::Deleted) => (0, false, true),
                None => continue,
            };
            known.push(KnownState { record: entry.id, action: entry.action, at: entry.at, change, same, gone });
        }
        Ok(known)
    }

    /// In whose journal the row's changes are: those of keys that environments share in the installation's own.
    fn environment(row: &CountedRow) -> Result<EnvironmentId> {
        if row.environment.is_empty() {
            Ok(EnvironmentId::installation())
        } else {
            Ok(EnvironmentId::parse(&row.environment)?)
        }
    }

    /// The key of a record, if the record is what was sealed with it.
    async fn authentic(&mut self, entry: &Entry, seal: &Seal) -> Result<Option<Arc<DataKey>>> {
        let key = self.app.core.keyring.journal_key_of(&seal.key).await?;
        Ok(key.filter(|key| chain::fits(key, entry, seal)))
    }

    async fn removed(&mut self) -> Result<bool> {
        let newest = audit::newest_own(&mut self.tx, journal::REMOVED).await?;
        match newest.and_then(|found| found.sealed) {
            Some((entry, seal)) => Ok(self.authentic(&entry, &seal).await?.is_some()),
            None => Ok(false),
        }
    }

    fn done(mut self) -> Part {
        if self.wrong > LISTED {
            let found = format!("{} more rows are not as the journal says", self.wrong - LISTED);
            self.part.problem(found, "put those above right, and run this again");
        }
        if !self.unrecorded.is_empty() {
            let some: Vec<&str> = self.unrecorded.iter().take(LISTED).map(String::as_str).collect();
            let found = format!(
                "the journal never told of {} rows: older than this check, or planted: {}",
                self.unrecorded.len(),
                some.join(", ")
            );
            let todo = "look at what you don't know, delete it or `valetkey doctor --accept ID`; a row is compared from \
                its next change on";
            self.part.warning(found, todo);
        }
        self.part.checked(format!("{} rows are as the journal says", self.looked_at - self.forgotten));
        if self.forgotten > 0 {
            self.part.checked(format!("of {} more it says nothing any more (journal.keep_days)", self.forgotten));
        }
        self.part
    }
}
