//! The writer's task: takes what waits, gives each record its place, commits them in groups.

use super::queue::{Order, QUEUE, Waiting, detail, refused};
use super::writer_task::WriterTask;
use serde_json::json;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;
use valetkey_storage::journal::{Item, Position};
use valetkey_storage::{Error, journal as rows};
use valetkey_vault::chain;

/// Records in one commit at most.
const GROUP: usize = 256;

/// How long to wait after a commit that failed before outcomes are tried again.
pub(super) const RETRY: Duration = Duration::from_millis(100);

/// How often a checkpoint is written while there is anything new.
const CHECKPOINT: Duration = Duration::from_secs(10);

impl WriterTask {
    pub(super) async fn work(mut self, closing: CancellationToken) {
        // At once what an earlier process has left, then in turn.
        self.upkeep().await;
        let mut checkpoints = tokio::time::interval_at(Instant::now() + CHECKPOINT, CHECKPOINT);
        checkpoints.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let mut group = std::mem::take(&mut self.unsaved);
            // At least one, so that closing always gets to the end of the queue.
            let room = QUEUE.saturating_sub(group.len()).clamp(1, GROUP);
            let failed_before = !group.is_empty();
            tokio::select! {
                biased;
                // Before the queue, which under load is never empty.
                _ = checkpoints.tick() => self.upkeep().await,
                Some(order) = self.orders.recv() => self.obey(order).await,
                count = self.waiting.recv_many(&mut group, room) => {
                    if count == 0 {
                        return self.finish(group).await;
                    }
                }
                () = closing.cancelled(), if !self.waiting.is_closed() => self.waiting.close(),
                () = tokio::time::sleep(RETRY), if failed_before => {}
            }
            self.save(group).await;
        }
    }

    async fn obey(&mut self, order: Order) {
        match order {
            Order::Head(reply) => {
                drop(reply.send(self.covering_head().await.map_err(|error| refused().because(error))));
            }
            Order::Remove { before, reply } => {
                drop(reply.send(self.remove_some(before).await.map_err(|error| refused().because(error))));
            }
        }
    }

    /// Commits a group and tells those who wait. What nobody waits for is kept if that fails.
    async fn save(&mut self, mut group: Vec<Waiting>) {
        if group.is_empty() {
            return;
        }
        let saved = self.append(&mut group).await;
        self.note(&saved, &group);
        for waiting in group {
            match (waiting.committed, &saved) {
                (Some(committed), Ok(())) => drop(committed.send(Ok(()))),
                (Some(committed), Err(error)) => drop(committed.send(Err(refused().because(error.clone())))),
                (None, Ok(())) => {}
                (None, Err(_)) => self.unsaved.push(Waiting { committed: None, ..waiting }),
            }
        }
    }

    /// Commits a group behind the segment's head: all of it or nothing. Records of it that turn out to be there already
    /// are taken out of it.
    pub(super) async fn append(&mut self, group: &mut Vec<Waiting>) -> std::result::Result<(), Error> {
        self.settle(group).await?;
        self.open().await?;
        let mut head = self.sealer.head();
        let place = |Waiting { entry, seal, .. }: &Waiting| {
            head = chain::next(&head, &seal.leaf);
            Item { entry: entry.clone(), seal: seal.clone(), position: Position::At(head.clone()) }
        };
        let items: Vec<_> = group.iter().map(place).collect();
        let saved = rows::append_now(&self.store, items).await;
        self.moved(head, saved)
    }

    /// Keeps who asks for health informed. An interruption is a fact of its own: it is tried until it is committed,
    /// which tells that the journal works again, and leaves a trace of the gap.
    fn note(&mut self, saved: &std::result::Result<(), Error>, group: &[Waiting]) {
        let before = self.healthy.swap(saved.is_ok(), Ordering::Relaxed);
        match (before, saved, group.first()) {
            (true, Err(error), Some(first)) => {
                tracing::error!(%error, records = group.len(), "the journal cannot be written: calls are refused");
                let detail = detail([("why", json!(error.to_string()))]);
                let entry = self.own_entry(&first.entry.environment, "journal.interrupted", "journal", detail);
                let seal = self.sealer.seal(&entry);
                self.unsaved.push(Waiting { entry, seal, committed: None, counted: first.counted.clone() });
            }
            (false, Ok(()), _) => tracing::info!("the journal is written again"),
            _ => {}
        }
    }

    /// Closing: what cannot be committed now is lost, and its intent will say that the outcome is unknown.
    async fn finish(&mut self, group: Vec<Waiting>) {
        self.save(group).await;
        for lost in &self.unsaved {
            tracing::error!(record = lost.entry.id, subject = lost.entry.subject, "an outcome is not recorded");
        }
        self.upkeep().await;
    }
}
