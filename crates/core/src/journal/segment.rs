//! The upkeep of this process's segment of the chain: it is opened with its first record, given checkpoints, and cut at
//! its old end.
//!
//! A checkpoint is a record of the chain. Under its own seal it states the head before it, which no writer of the database
//! can make anew, and the newest heads of the other segments, so that whoever holds one head holds all.

use super::queue::{Waiting, detail};
use super::writer_task::WriterTask;
use crate::failpoint::{Failpoint, reach};
use serde_json::json;
use std::time::Duration;
use valetkey_domain::id::SegmentId;
use valetkey_domain::journal::{Entry, Head};
use valetkey_domain::{Timestamp, time};
use valetkey_storage::journal::chain as rows;
use valetkey_storage::journal::{Item, Position, append};
use valetkey_storage::{Error, Tx};
use valetkey_vault::chain;

/// What a checkpoint's record says was done.
pub(super) const CHECKPOINT: &str = "journal.checkpoint";
/// What the record of a removal says was done.
pub const REMOVED: &str = "journal.removed";
/// In a checkpoint: the head before it.
pub(super) const COVERS: &str = "covers";
/// In a checkpoint: the newest heads of other segments.
pub(super) const NAMES: &str = "names";
/// In a removal: the newest record that went.
pub(super) const THROUGH: &str = "through";
/// In a removal: since when records are kept, in milliseconds since 1970.
pub(super) const BEFORE: &str = "before";

/// Records that are handled in one transaction at most.
const PART: u32 = 2_000;

/// How long other processes have to give their own records their places before that is done for them.
const OTHERS: Duration = Duration::from_secs(60);

impl WriterTask {
    /// Sees to what is due every few seconds. A failure is tried again the next time.
    pub(super) async fn upkeep(&mut self) {
        match self.keyring.journal_key().await {
            Ok(key) => self.sealer.set_key(key),
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "the journal goes on with the key it has");
            }
        }
        if let Err(error) = self.checkpoint_if(false).await {
            tracing::error!(%error, "the journal's newest records have no checkpoint yet");
        }
    }

    /// A head that covers everything committed so far, in all segments.
    pub(super) async fn covering_head(&mut self) -> Result<Head, Error> {
        self.settle(&mut Vec::new()).await?;
        self.open().await?;
        self.checkpoint_if(true).await?;
        Ok(self.sealer.head())
    }

    /// Removes the oldest records, if they are older than this, and records up to where.
    pub(super) async fn remove_some(&mut self, before: Timestamp) -> Result<u64, Error> {
        self.settle(&mut Vec::new()).await?;
        let before = time::to_millis(before);
        if rows::old_part(&mut self.store.read().await?, before, 1).await?.is_none() {
            return Ok(0);
        }
        self.open().await?;
        let mut tx = self.store.write().await?;
        let Some(part) = rows::old_part(&mut tx, before, PART).await? else { return Ok(0) };
        rows::remove(&mut tx, &part).await?;
        let through = json!(part.through.to_string());
        let detail = detail([(THROUGH, through), ("records", json!(part.records)), (BEFORE, json!(before))]);
        let entry = self.own_entry("", REMOVED, part.through.segment.as_str(), detail);
        let head = self.put(&mut tx, self.sealer.head(), entry).await?;
        let saved = tx.commit().await;
        self.moved(head, saved)?;
        Ok(part.records)
    }

    /// Takes note of how a commit ended that would lead to this head.
    pub(super) fn moved(&mut self, head: Head, saved: Result<(), Error>) -> Result<(), Error> {
        match saved {
            Ok(()) => self.sealer.set_head(head),
            Err(_) => self.doubt = Some(head),
        }
        self.fresh = true;
        saved
    }

    /// After a commit that failed: finds out whether it did. Records of the group that are there are taken out of it.
    /// Where the segment ends otherwise than it can have, it is left as it is, for a check to find, and another begun.
    pub(super) async fn settle(&mut self, group: &mut Vec<Waiting>) -> Result<(), Error> {
        let Some(tried) = self.doubt.clone() else { return Ok(()) };
        let stood = self.sealer.head();
        let mut tx = self.store.read().await?;
        let found = rows::newest(&mut tx, &stood.segment).await?;
        let found = found.unwrap_or_else(|| Head::beginning(stood.segment.clone()));
        let ids: Vec<_> = group.iter().map(|waiting| waiting.entry.id.clone()).collect();
        let known = rows::known(&mut tx, &ids).await?;
        group.retain(|waiting| !known.contains(&waiting.entry.id));
        self.doubt = None;
        if found == tried {
            self.sealer.set_head(found);
        } else if found != stood {
            tracing::error!(%found, expected = %stood, "the journal was changed by another hand: run `logs verify`");
            let segment = SegmentId::new(self.clock.as_ref(), self.rng.as_ref());
            self.sealer.set_head(Head::beginning(segment));
        }
        Ok(())
    }

    /// Opens the segment if it has no record yet: its first is a checkpoint. In a journal that is older than the chain
    /// the first segment of all takes the old records up.
    pub(super) async fn open(&mut self) -> Result<(), Error> {
        let head = self.sealer.head();
        if head.seq > 0 {
            return Ok(());
        }
        let mut tx = self.store.write().await?;
        let first = rows::is_new(&mut tx).await?;
        let opened = self.state(&mut tx, head).await?;
        let head = if first { self.adopt(&mut tx, opened.clone()).await? } else { opened.clone() };
        let adopted = head != opened;
        let saved = tx.commit().await;
        self.moved(head, saved)?;
        self.fresh = adopted;
        Ok(())
    }

    async fn adopt(&self, tx: &mut Tx, mut head: Head) -> Result<Head, Error> {
        loop {
            let old = rows::unsealed(tx, PART).await?;
            if old.is_empty() {
                return Ok(head);
            }
            let adopt = |entry: Entry| {
                let seal = self.sealer.seal(&entry);
                head = chain::next(&head, &seal.leaf);
                (entry, seal, head.clone())
            };
            let adopted: Vec<_> = old.into_iter().map(adopt).collect();
            rows::adopt(tx, &adopted).await?;
        }
    }

    /// Gives places to what waits for one and writes a checkpoint behind it, if there is anything to cover; `all` means
    /// also what other segments have new.
    async fn checkpoint_if(&mut self, all: bool) -> Result<(), Error> {
        let own = self.sealer.head().segment;
        let mut tx = self.store.read().await?;
        let waits = !rows::waiting(&mut tx, &own, self.others_before(), 1).await?.is_empty();
        let elsewhere = all && !rows::unnamed(&mut tx, &own).await?.is_empty();
        drop(tx);
        if !(self.fresh || waits || elsewhere) {
            return Ok(());
        }
        self.settle(&mut Vec::new()).await?;
        self.open().await?;
        while self.checkpoint().await? == PART as usize {}
        Ok(())
    }

    /// How many records it gave a place.
    async fn checkpoint(&mut self) -> Result<usize, Error> {
        let mut head = self.sealer.head();
        let mut tx = self.store.write().await?;
        let waiting = rows::waiting(&mut tx, &head.segment, self.others_before(), PART).await?;
        let place = |record: rows::Waiting| {
            head = chain::next(&head, &record.leaf);
            (record, head.clone())
        };
        let placed: Vec<_> = waiting.into_iter().map(place).collect();
        rows::assign(&mut tx, &placed).await?;
        let head = self.state(&mut tx, head).await?;
        if !placed.is_empty() {
            reach(Failpoint::JournalPlaced);
        }
        let saved = tx.commit().await;
        self.moved(head, saved)?;
        self.fresh = false;
        Ok(placed.len())
    }

    /// Puts a checkpoint behind this head.
    async fn state(&self, tx: &mut Tx, head: Head) -> Result<Head, Error> {
        rows::open(tx, &head.segment).await?;
        let others = rows::unnamed(tx, &head.segment).await?;
        rows::name(tx, &others).await?;
        let names: Vec<_> = others.iter().map(Head::to_string).collect();
        let detail = detail([(COVERS, json!(head.to_string())), (NAMES, json!(names))]);
        let entry = self.own_entry("", CHECKPOINT, "journal", detail);
        self.put(tx, head, entry).await
    }

    async fn put(&self, tx: &mut Tx, head: Head, entry: Entry) -> Result<Head, Error> {
        let seal = self.sealer.seal(&entry);
        let head = chain::next(&head, &seal.leaf);
        append(tx, [Item { entry, seal, position: Position::At(head.clone()) }]).await?;
        Ok(head)
    }

    /// Where no other process can be, whatever waits was left behind by one that ended.
    fn others_before(&self) -> i64 {
        if self.store.is_exclusive() { i64::MAX } else { time::to_millis(self.clock.now() - OTHERS) }
    }
}
