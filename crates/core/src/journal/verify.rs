//! Checks the whole journal: every record against its seal, every place against the one before, every checkpoint against
//! what it covers and names.
//!
//! What it finds: a record that was changed, is missing, was moved, added or put back. What it cannot know by itself is
//! that a segment once was longer: that takes a head that was held elsewhere, by another segment's checkpoint, in the
//! memory of the server that is asked, or by the operator.

#[cfg(test)]
mod tests;

use super::segment::{BEFORE, CHECKPOINT, COVERS, NAMES, REMOVED, THROUGH};
use crate::keyring::Keyring;
use crate::{Core, Result};
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::sync::Arc;
use valetkey_domain::Ctx;
use valetkey_domain::id::{DataKeyId, SegmentId};
use valetkey_domain::journal::{Entry, Head, Seal};
use valetkey_storage::journal::audit::{self as rows, StoredRecord};
use valetkey_storage::{Store, Tx};
use valetkey_vault::chain::{Fault, Walk};
use valetkey_vault::{DataKey, chain};

/// Records read at a time.
const PAGE: u32 = 1_000;

/// Findings and open intents that are listed. More findings are counted; of more open intents it is said that there are.
const LISTED: usize = 1_000;

/// How much later another segment must have been opened before it is missed that it does not name an end: clocks differ,
/// and a commit takes its time.
const LATER: i64 = 15 * 60 * 1_000;

/// What a check found.
#[derive(Debug, Default)]
pub struct Report {
    /// Records looked at.
    pub records: u64,
    /// Segments they stand in.
    pub segments: usize,
    /// Records without a place yet: committed within the last seconds, or left by a process that ended.
    pub waiting: u64,
    /// What is wrong; at most a thousand.
    pub findings: Vec<Finding>,
    /// How many findings there are in all.
    pub found: u64,
    /// Intents of which nobody recorded how they ended: no sign of tampering. At most a thousand.
    pub open_intents: Vec<OpenIntent>,
    /// Whether there are more of them.
    pub more_open_intents: bool,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The segment; empty for a record in none.
    pub segment: String,
    /// The number in it; none for a record without one.
    pub seq: Option<i64>,
    /// The record's id; empty where it is the record that is missing.
    pub record: String,
    /// What is wrong with it.
    pub what: String,
}

/// An intent without an outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenIntent {
    /// The record's id.
    pub record: String,
    /// What was intended.
    pub action: String,
    /// On what.
    pub subject: String,
}

/// Checks all records, in all environments, as they are at this moment; tells `ctx` how far it is.
///
/// `held` are heads that were kept elsewhere, as [`super::Writer::head`] gave them.
///
/// # Errors
/// The database or a key cannot be read. What is wrong with the journal is in the report.
pub async fn verify(core: &Core, ctx: &Ctx, held: &[Head]) -> Result<Report> {
    // Before the snapshot, which then has at least this much.
    let own = core.journal.sealer.head();
    check(&core.store, &core.keyring, ctx, &own, held).await
}

async fn check(store: &Store, keyring: &Keyring, ctx: &Ctx, own: &Head, held: &[Head]) -> Result<Report> {
    let mut audit = Audit::begin(store, keyring, ctx).await?;
    let segments = rows::segments(&mut audit.tx).await?;
    audit.report.segments = segments.len();
    for segment in segments {
        audit.segment(&segment).await?;
    }
    audit.unplaced().await?;
    audit.unnamed();
    for (head, record) in std::mem::take(&mut audit.named).into_values() {
        audit.expect(&head, &format!("the checkpoint {record}")).await?;
    }
    for head in held {
        audit.expect(head, "the head that was held elsewhere").await?;
    }
    audit.expect(own, "the server that writes it").await?;
    audit.open_intents().await?;
    Ok(audit.report)
}

/// A check under way, on one snapshot.
struct Audit<'a> {
    keyring: &'a Keyring,
    ctx: &'a Ctx,
    tx: Tx,
    total: u64,
    keys: HashMap<DataKeyId, Option<Arc<DataKey>>>,
    /// The newest head of each segment that a checkpoint names, and that checkpoint.
    named: HashMap<SegmentId, (Head, String)>,
    /// The newest record of each segment, and when it was made.
    ends: Vec<(Head, i64)>,
    /// When a segment was opened last.
    opened: i64,
    /// Since when records are kept.
    kept: i64,
    report: Report,
}

impl<'a> Audit<'a> {
    async fn begin(store: &Store, keyring: &'a Keyring, ctx: &'a Ctx) -> Result<Self> {
        let mut tx = store.read().await?;
        let total = rows::count(&mut tx).await?;
        let (keys, named, ends, report) = (HashMap::new(), HashMap::new(), Vec::new(), Report::default());
        Ok(Self { keyring, ctx, tx, total, keys, named, ends, opened: i64::MIN, kept: i64::MIN, report })
    }

    async fn segment(&mut self, name: &str) -> Result<()> {
        let Ok(segment) = SegmentId::parse(name) else {
            self.find(name, None, "", "no process of Valetkey has a segment of this name");
            return Ok(());
        };
        let mut walk = Walk::behind(self.cut(&segment).await?);
        let (mut behind, mut newest) = (i64::MIN, i64::MAX);
        loop {
            let page = rows::positioned(&mut self.tx, name, behind, PAGE).await?;
            let Some((last, found)) = page.last() else { break };
            behind = *last;
            newest = found.sealed.as_ref().map_or(i64::MAX, |(entry, _)| entry.at);
            self.looked_at(page.len());
            for (seq, found) in page {
                self.placed(&mut walk, seq, found).await?;
            }
        }
        self.ends.push((walk.head().clone(), newest));
        Ok(())
    }

    /// A record with a place: its seal, its link, and what it says of others.
    async fn placed(&mut self, walk: &mut Walk, seq: i64, found: StoredRecord) -> Result<()> {
        let before = walk.head().clone();
        let segment = before.segment.as_str();
        let (leaf, link) = (found.sealed.as_ref().map(|(_, seal)| seal.leaf), found.position.map(|(_, link)| link));
        let fault = walk.step(seq, &leaf.unwrap_or_default(), &link.unwrap_or_default());
        let sealed = match found.sealed {
            Some((entry, seal)) if self.fits(&entry, &seal).await? => Some(entry),
            _ => None,
        };
        let Some(entry) = sealed else {
            self.find(segment, Some(seq), &found.id, "was changed: it is not what was sealed");
            // What follows from the change is no finding of its own; that records before it are gone is.
            if let Some(missing @ Fault::Missing { .. }) = fault {
                self.misplaced(segment, seq, "", &missing);
            }
            return Ok(());
        };
        if let Some(fault) = &fault {
            self.misplaced(segment, seq, &entry.id, fault);
        }
        match entry.action.as_str() {
            CHECKPOINT if entry.environment.is_empty() => {
                self.checkpoint(&entry, fault.is_none().then_some(&before), seq);
            }
            REMOVED if entry.environment.is_empty() => {
                let before = detail(&entry).get(BEFORE).and_then(Value::as_i64);
                self.kept = self.kept.max(before.unwrap_or(i64::MIN));
            }
            _ => {}
        }
        Ok(())
    }

    fn misplaced(&mut self, segment: &str, seq: i64, record: &str, fault: &Fault) {
        let unlinked = "does not follow from the record before it: records were moved, or a link was changed";
        match fault {
            Fault::Unlinked => self.find(segment, Some(seq), record, unlinked),
            Fault::Again => self.find(segment, Some(seq), record, "stands where records were removed by retention"),
            Fault::Missing { from, to } if from == to => self.find(segment, Some(*from), "", "is missing"),
            Fault::Missing { from, to } => {
                self.find(segment, Some(*from), "", &format!("is missing, with all up to number {to}"));
            }
        }
    }

    /// What an authentic checkpoint says. `before` is the head that it must cover.
    fn checkpoint(&mut self, entry: &Entry, before: Option<&Head>, seq: i64) {
        let detail = detail(entry);
        if seq == 1 {
            self.opened = self.opened.max(entry.at);
        }
        let covers = detail.get(COVERS).and_then(head);
        if let Some(before) = before.filter(|before| covers.as_ref() != Some(before)) {
            let what = "covers other records than those before it: some were removed or moved, and the links made anew";
            self.find(before.segment.as_str(), Some(seq), &entry.id, what);
        }
        let names = detail.get(NAMES).and_then(Value::as_array).into_iter().flatten();
        for named in names.filter_map(head) {
            let newest = self.named.get(&named.segment).is_none_or(|(known, _)| known.seq < named.seq);
            if newest {
                self.named.insert(named.segment.clone(), (named, entry.id.clone()));
            }
        }
    }

    /// Records that wait for their place, and those that can have none.
    async fn unplaced(&mut self) -> Result<()> {
        let mut behind = String::new();
        loop {
            let page = rows::unpositioned(&mut self.tx, &behind, PAGE).await?;
            let Some(last) = page.last() else { break };
            behind.clone_from(&last.id);
            self.looked_at(page.len());
            for found in page {
                match found.sealed {
                    Some((entry, seal)) if self.fits(&entry, &seal).await? => self.report.waiting += 1,
                    _ => self.find(
                        "",
                        None,
                        &found.id,
                        "was changed, or was not written by Valetkey: it has no seal that fits",
                    ),
                }
            }
        }
        for id in rows::astray(&mut self.tx, PAGE).await? {
            self.find("", None, &id, "has a number but no segment, as nothing of Valetkey is written");
        }
        Ok(())
    }

    /// Whoever opens a segment names the ends of those before. An end that nobody named is not where the segment ended.
    fn unnamed(&mut self) {
        for (end, at) in std::mem::take(&mut self.ends) {
            let named = self.named.get(&end.segment).is_some_and(|(head, _)| head.seq >= end.seq);
            if !named && at >= self.kept && at < self.opened.saturating_sub(LATER) {
                let what =
                    "is its segment's last, and a segment that was opened later does not name it: others were cut off";
                self.find(end.segment.as_str(), Some(end.seq), "", what);
            }
        }
    }

    /// That a head which somebody knows is still there.
    async fn expect(&mut self, known: &Head, by: &str) -> Result<()> {
        let cut = self.cut(&known.segment).await?;
        if known.seq < cut.seq || known.seq == 0 {
            return Ok(());
        }
        let there =
            if known.seq == cut.seq { Some(cut) } else { rows::at(&mut self.tx, &known.segment, known.seq).await? };
        let what = match there {
            Some(there) if there.link == known.link => return Ok(()),
            Some(_) => format!("is not the record that {by} knows: the records up to it were replaced"),
            None => format!("is missing, with what was between it and the last record before it: {by} knows it"),
        };
        self.find(known.segment.as_str(), Some(known.seq), "", &what);
        Ok(())
    }

    async fn open_intents(&mut self) -> Result<()> {
        // One more than is listed says whether there are more.
        let mut open = rows::open_intents(&mut self.tx, LISTED as u32 + 1).await?;
        self.report.more_open_intents = open.len() > LISTED;
        open.truncate(LISTED);
        let open = open.into_iter().map(|(record, action, subject)| OpenIntent { record, action, subject });
        self.report.open_intents = open.collect();
        Ok(())
    }

    /// Where a segment begins: at its beginning, or where a removal that is on record has cut it.
    async fn cut(&mut self, segment: &SegmentId) -> Result<Head> {
        let mut cut = Head::beginning(segment.clone());
        for found in rows::own_records(&mut self.tx, REMOVED, segment.as_str()).await? {
            let Some((entry, seal)) = found.sealed else { continue };
            let through = detail(&entry).get(THROUGH).and_then(head).filter(|through| through.segment == *segment);
            if let Some(through) = through.filter(|through| through.seq > cut.seq)
                && self.fits(&entry, &seal).await?
            {
                cut = through;
            }
        }
        Ok(cut)
    }

    async fn fits(&mut self, entry: &Entry, seal: &Seal) -> Result<bool> {
        if !self.keys.contains_key(&seal.key) {
            let key = self.keyring.journal_key_of(&seal.key).await?;
            self.keys.insert(seal.key.clone(), key);
        }
        let key = self.keys.get(&seal.key).and_then(Option::as_ref);
        Ok(key.is_some_and(|key| chain::fits(key, entry, seal)))
    }

    fn find(&mut self, segment: &str, seq: Option<i64>, record: &str, what: &str) {
        self.report.found += 1;
        if self.report.findings.len() < LISTED {
            let (segment, record, what) = (segment.to_owned(), record.to_owned(), what.to_owned());
            self.report.findings.push(Finding { segment, seq, record, what });
        }
    }

    fn looked_at(&mut self, records: usize) {
        self.report.records += records as u64;
        self.ctx.progress.report(self.report.records, Some(self.total), "records checked");
    }
}

fn head(value: &Value) -> Option<Head> {
    value.as_str()?.parse().ok()
}

fn detail(entry: &Entry) -> Map<String, Value> {
    serde_json::from_str(&entry.detail).unwrap_or_default()
}
