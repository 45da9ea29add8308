//! The journal: who did what, for whom, and how it ended.
//!
//! - [`fact`] goes into the transaction that makes the change.
//! - [`Writer::fact_now`] is committed when it returns: before an answer leaves.
//! - [`Writer::intent`] is committed when it returns: before an effect. [`Writer::outcome`] is queued behind it and
//!   committed as soon as the writer gets to it. An intent without an outcome says that the outcome is unknown.
//!
//! One writer per process commits whatever is waiting, up to [`GROUP`] records at a time, without a timer: alone a
//! record waits for nothing, under load many share one commit. It writes in a transaction of its own, so nobody may
//! wait for it while holding a write transaction.

#[cfg(test)]
mod tests;

use crate::{App, Error, Result};
use serde_json::{Map, Value};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use valetkey_domain::ctx::Actor;
use valetkey_domain::id::RecordId;
use valetkey_domain::journal::{Phase, Record};
use valetkey_domain::{Clock, Ctx, Kind, Rng};
use valetkey_storage::{Store, Tx, journal as rows};

pub use valetkey_storage::journal::Line;

/// Records in one commit at most.
const GROUP: usize = 256;

/// Records that may wait; beyond that calls are refused.
const QUEUE: usize = 4_096;

/// How long to wait after a commit that failed before outcomes are tried again.
const RETRY: Duration = Duration::from_millis(100);

/// Writes a record in the transaction that makes the change it tells of.
///
/// # Errors
/// The database cannot be written: the change must not be committed either.
pub async fn fact(
    app: &App,
    ctx: &Ctx,
    tx: &mut Tx,
    action: &'static str,
    subject: &str,
    detail: Map<String, Value>,
) -> Result<()> {
    let record = record(app.clock.as_ref(), app.rng.as_ref(), ctx, action, subject, Phase::Fact, detail);
    Ok(rows::append(tx, [&record]).await?)
}

/// The environment's newest records, newest first, of all subjects or of one.
///
/// # Errors
/// The database cannot be read.
pub async fn newest(app: &App, ctx: &Ctx, subject: Option<&str>, size: u32) -> Result<Vec<Line>> {
    Ok(rows::newest(ctx, &mut app.store.read().await?, subject, size).await?)
}

/// The process's one writer.
pub struct Writer {
    queue: mpsc::Sender<Waiting>,
    clock: Arc<dyn Clock>,
    rng: Arc<dyn Rng>,
    task: TaskTracker,
    closing: CancellationToken,
    healthy: Arc<AtomicBool>,
}

/// A record on its way, and who waits for its commit. Nobody waits for an outcome.
struct Waiting {
    record: Record,
    committed: Option<oneshot::Sender<Result<()>>>,
}

impl Writer {
    /// Starts the writer. Its task is its own: it must outlive the effects that shutdown waits for.
    #[must_use]
    pub fn start(store: Store, clock: Arc<dyn Clock>, rng: Arc<dyn Rng>) -> Self {
        let (queue, waiting) = mpsc::channel(QUEUE);
        let (task, closing) = (TaskTracker::new(), CancellationToken::new());
        let healthy = Arc::new(AtomicBool::new(true));
        let (health, time, random) = (healthy.clone(), clock.clone(), rng.clone());
        let desk = Desk { store, waiting, unsaved: Vec::new(), healthy: health, clock: time, rng: random };
        task.spawn(desk.work(closing.clone()));
        task.close();
        Self { queue, clock, rng, task, closing, healthy }
    }

    /// Records that something is about to be done; on return the record is committed.
    ///
    /// # Errors
    /// It could not be recorded: don't do it.
    pub async fn intent(
        &self,
        ctx: &Ctx,
        action: &'static str,
        subject: &str,
        detail: Map<String, Value>,
    ) -> Result<()> {
        self.commit(self.record(ctx, action, subject, Phase::Intent, detail)).await
    }

    /// Records something that is done and must be known before its answer leaves; on return the record is committed.
    ///
    /// # Errors
    /// It could not be recorded: hold the answer back.
    pub async fn fact_now(
        &self,
        ctx: &Ctx,
        action: &'static str,
        subject: &str,
        detail: Map<String, Value>,
    ) -> Result<()> {
        self.commit(self.record(ctx, action, subject, Phase::Fact, detail)).await
    }

    /// Queues how the intent with the same action and subject ended. Once queued it is tried until it is committed.
    ///
    /// # Errors
    /// The queue is full or closed: say that the effect was made and not recorded, and don't repeat it.
    pub fn outcome(&self, ctx: &Ctx, action: &'static str, subject: &str, detail: Map<String, Value>) -> Result<()> {
        let record = self.record(ctx, action, subject, Phase::Outcome, detail);
        self.queue.try_send(Waiting { record, committed: None }).map_err(|_| refused())
    }

    /// Whether records are taken and the last ones could be committed. If not, calls are refused, and the process is
    /// not ready. A journal that failed is tried again until it works, whether or not anybody calls.
    #[must_use]
    pub fn healthy(&self) -> bool {
        self.healthy.load(Ordering::Relaxed) && !self.queue.is_closed() && self.queue.capacity() > 0
    }

    /// Takes no more records and returns when those that wait are committed, or have been tried once more.
    pub async fn close(&self) {
        self.closing.cancel();
        self.task.wait().await;
    }

    async fn commit(&self, record: Record) -> Result<()> {
        let (committed, answer) = oneshot::channel();
        self.queue.try_send(Waiting { record, committed: Some(committed) }).map_err(|_| refused())?;
        answer.await.unwrap_or_else(|_| Err(refused()))
    }

    fn record(
        &self,
        ctx: &Ctx,
        action: &'static str,
        subject: &str,
        phase: Phase,
        detail: Map<String, Value>,
    ) -> Record {
        record(self.clock.as_ref(), self.rng.as_ref(), ctx, action, subject, phase, detail)
    }
}

/// What the writer's task owns.
struct Desk {
    store: Store,
    waiting: mpsc::Receiver<Waiting>,
    /// Outcomes whose commit failed; the next commit takes them along.
    unsaved: Vec<Waiting>,
    healthy: Arc<AtomicBool>,
    clock: Arc<dyn Clock>,
    rng: Arc<dyn Rng>,
}

impl Desk {
    async fn work(mut self, closing: CancellationToken) {
        loop {
            let mut group = std::mem::take(&mut self.unsaved);
            // At least one, so that closing always gets to the end of the queue.
            let room = QUEUE.saturating_sub(group.len()).clamp(1, GROUP);
            let failed_before = !group.is_empty();
            tokio::select! {
                biased;
                count = self.waiting.recv_many(&mut group, room) => {
                    if count == 0 && group.is_empty() {
                        return;
                    }
                    if count == 0 {
                        return self.last_try(group).await;
                    }
                }
                () = closing.cancelled(), if !self.waiting.is_closed() => self.waiting.close(),
                () = tokio::time::sleep(RETRY), if failed_before => {}
            }
            self.save(group).await;
        }
    }

    /// Commits a group and tells those who wait. What nobody waits for is kept if that fails.
    async fn save(&mut self, group: Vec<Waiting>) {
        if group.is_empty() {
            return;
        }
        let saved = self.append(&group).await;
        self.note(&saved, &group);
        for waiting in group {
            match (waiting.committed, &saved) {
                (Some(committed), Ok(())) => drop(committed.send(Ok(()))),
                (Some(committed), Err(error)) => drop(committed.send(Err(refused().because(error.clone())))),
                (None, Ok(())) => {}
                (None, Err(_)) => self.unsaved.push(Waiting { record: waiting.record, committed: None }),
            }
        }
    }

    /// Keeps who asks for health informed. An interruption is a fact of its own: it is tried until it is committed,
    /// which tells that the journal works again, and leaves a trace of the gap.
    fn note(&mut self, saved: &std::result::Result<(), valetkey_storage::Error>, group: &[Waiting]) {
        let before = self.healthy.swap(saved.is_ok(), Ordering::Relaxed);
        match (before, saved, group.first()) {
            (true, Err(error), Some(first)) => {
                tracing::error!(%error, records = group.len(), "the journal cannot be written: calls are refused");
                let record = self.interrupted(&first.record, error);
                self.unsaved.push(Waiting { record, committed: None });
            }
            (false, Ok(()), _) => tracing::info!("the journal is written again"),
            _ => {}
        }
    }

    fn interrupted(&self, first: &Record, error: &valetkey_storage::Error) -> Record {
        Record {
            id: RecordId::new(self.clock.as_ref(), self.rng.as_ref()),
            environment: first.environment.clone(),
            at: self.clock.now(),
            actor: Actor::System,
            request: first.request.clone(),
            action: "journal.interrupted",
            subject: "journal".into(),
            phase: Phase::Fact,
            detail: Map::from_iter([("why".to_owned(), Value::from(error.to_string()))]),
        }
    }

    async fn append(&self, group: &[Waiting]) -> std::result::Result<(), valetkey_storage::Error> {
        let mut tx = self.store.write().await?;
        rows::append(&mut tx, group.iter().map(|waiting| &waiting.record)).await?;
        tx.commit().await
    }

    /// Closing: what cannot be committed now is lost, and its intent will say that the outcome is unknown.
    async fn last_try(&mut self, group: Vec<Waiting>) {
        self.save(group).await;
        for lost in &self.unsaved {
            tracing::error!(record = %lost.record.id, subject = lost.record.subject, "an outcome is not recorded");
        }
    }
}

fn record(
    clock: &dyn Clock,
    rng: &dyn Rng,
    ctx: &Ctx,
    action: &'static str,
    subject: &str,
    phase: Phase,
    detail: Map<String, Value>,
) -> Record {
    Record {
        id: RecordId::new(clock, rng),
        environment: ctx.environment.clone(),
        at: clock.now(),
        actor: ctx.actor.clone(),
        request: ctx.request.clone(),
        action,
        subject: subject.to_owned(),
        phase,
        detail,
    }
}

fn refused() -> Error {
    Error::new(Kind::Unavailable, "the journal cannot be written, and nothing is done unrecorded: try again later")
}
