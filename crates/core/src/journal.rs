//! The journal: who did what, for whom, and how it ended.
//!
//! - [`Writer::fact`] goes into the transaction that makes the change.
//! - [`Writer::fact_now`] is committed when it returns: before an answer leaves.
//! - [`Writer::intent`] is committed when it returns: before an effect. [`Writer::outcome`] is queued behind it and
//!   committed as soon as the writer gets to it. An intent without an outcome says that the outcome is unknown.
//!
//! One writer per process commits whatever is waiting, many records at a time, without a timer: alone a record waits for
//! nothing, under load many share one commit. It writes in a transaction of its own, so nobody may wait for it while
//! holding a write transaction.
//!
//! The record of a change says of the row that was changed what it is then (`row_state`), whoever made the change: the noun
//! of the action names the table, the subject the row. So every change of such a row is a [`Writer::fact`], made after it.
//!
//! Every record is sealed when it is made and stands in the chain of its process: `group` commits and numbers, `segment`
//! has the chain's upkeep (checkpoints, what waits for a number, retention), [`verify()`] checks all of it.

mod group;
mod queue;
pub mod row_state;
mod seal;
mod segment;
#[cfg(test)]
mod tests;
pub mod verify;
mod writer_task;

use crate::Result;
use crate::keyring::Keyring;
use queue::{Order, QUEUE, Waiting, refused};
use seal::Sealer;
use serde_json::{Map, Value};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use valetkey_domain::id::{RecordId, SegmentId};
use valetkey_domain::journal::{Entry, Head, Phase, Record};
use valetkey_domain::{Clock, Ctx, Rng, Timestamp};
use valetkey_storage::{Store, Tx, journal as rows};
use writer_task::WriterTask;

pub use queue::detail;
pub use segment::REMOVED;
pub use verify::verify;

/// The process's one writer.
pub struct Writer {
    queue: mpsc::Sender<Waiting>,
    orders: mpsc::Sender<Order>,
    sealer: Arc<Sealer>,
    clock: Arc<dyn Clock>,
    rng: Arc<dyn Rng>,
    task: TaskTracker,
    closing: CancellationToken,
    healthy: Arc<AtomicBool>,
    /// Each record that waits holds one.
    waiting: Arc<()>,
}

impl Writer {
    /// Starts the writer. Its task is its own: it must outlive the effects that shutdown waits for.
    ///
    /// # Errors
    /// The key that seals records cannot be had.
    pub async fn start(store: Store, keyring: Keyring, clock: Arc<dyn Clock>, rng: Arc<dyn Rng>) -> Result<Self> {
        let ((queue, waiting), (orders, ordered)) = (mpsc::channel(QUEUE), mpsc::channel(1));
        let (task, closing) = (TaskTracker::new(), CancellationToken::new());
        let healthy = Arc::new(AtomicBool::new(true));
        let segment = SegmentId::new(clock.as_ref(), rng.as_ref());
        let sealer = Arc::new(Sealer::new(keyring.journal_key().await?, Head::beginning(segment)));
        let writer_task = WriterTask {
            store,
            keyring,
            sealer: sealer.clone(),
            waiting,
            orders: ordered,
            unsaved: Vec::new(),
            fresh: false,
            doubt: None,
            healthy: healthy.clone(),
            clock: clock.clone(),
            rng: rng.clone(),
        };
        task.spawn(writer_task.work(closing.clone()));
        task.close();
        Ok(Self { queue, orders, sealer, clock, rng, task, closing, healthy, waiting: Arc::default() })
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
        self.commit(&self.record(ctx, action, subject, Phase::Intent, detail)).await
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
        self.commit(&self.record(ctx, action, subject, Phase::Fact, detail)).await
    }

    /// Queues how the intent with the same action and subject ended. Once queued it is tried until it is committed.
    ///
    /// # Errors
    /// The queue is full or closed: say that the effect was made and not recorded, and don't repeat it.
    pub fn outcome(&self, ctx: &Ctx, action: &'static str, subject: &str, detail: Map<String, Value>) -> Result<()> {
        self.queue(&self.record(ctx, action, subject, Phase::Outcome, detail), None)
    }

    /// Writes a record in the transaction that makes the change it tells of, after the change. It is sealed at once; its
    /// place in the chain it gets once it is committed, so that a transaction that is rolled back leaves no gap.
    ///
    /// # Errors
    /// The database cannot be written: the change must not be committed either.
    pub async fn fact(
        &self,
        ctx: &Ctx,
        tx: &mut Tx,
        action: &'static str,
        subject: &str,
        detail: Map<String, Value>,
    ) -> Result<RecordId> {
        let mut record = self.record(ctx, action, subject, Phase::Fact, detail);
        let id = record.id.clone();
        let counted = row_state::count(tx, action, subject).await?;
        let item = self.sealer.promised(|key| {
            if let Some(row) = &counted {
                row_state::write(&mut record.detail, key, &record.environment, row.as_ref())?;
            }
            Ok(Entry::from(&record))
        })?;
        rows::append(tx, [item]).await?;
        Ok(id)
    }

    /// Whether a record would be taken now, for what is recorded only once it was done.
    ///
    /// # Errors
    /// It would not: don't begin.
    pub fn accepts(&self) -> Result<()> {
        if self.healthy() { Ok(()) } else { Err(refused()) }
    }

    /// Whether records are taken and the last ones could be committed. If not, calls are refused, and the process is
    /// not ready. A journal that failed is tried again until it works, whether or not anybody calls.
    #[must_use]
    pub fn healthy(&self) -> bool {
        self.healthy.load(Ordering::Relaxed) && !self.queue.is_closed() && self.queue.capacity() > 0
    }

    /// How many records wait for their commit, in the queue or in one that is under way.
    #[must_use]
    pub fn waiting(&self) -> usize {
        Arc::strong_count(&self.waiting) - 1
    }

    /// The newest head, after everything that was committed so far has its place and a checkpoint. It covers the whole
    /// journal: the other segments' heads are named before it.
    ///
    /// # Errors
    /// The journal cannot be written.
    pub async fn head(&self) -> Result<Head> {
        let (reply, answer) = oneshot::channel();
        self.order(Order::Head(reply), answer).await
    }

    /// Removes some of the records that are older than this, and records how far; how many went. None are left when
    /// that is 0.
    ///
    /// # Errors
    /// The journal cannot be written: nothing was removed.
    pub async fn remove_some(&self, before: Timestamp) -> Result<u64> {
        let (reply, answer) = oneshot::channel();
        self.order(Order::Remove { before, reply }, answer).await
    }

    /// Takes no more records and returns when those that wait are committed, or have been tried once more, and the
    /// chain ends with a checkpoint.
    pub async fn close(&self) {
        self.closing.cancel();
        self.task.wait().await;
    }

    async fn order<T>(&self, order: Order, answer: oneshot::Receiver<Result<T>>) -> Result<T> {
        self.orders.send(order).await.map_err(|_| refused())?;
        answer.await.unwrap_or_else(|_| Err(refused()))
    }

    async fn commit(&self, record: &Record) -> Result<()> {
        let (committed, answer) = oneshot::channel();
        self.queue(record, Some(committed))?;
        answer.await.unwrap_or_else(|_| Err(refused()))
    }

    /// Seals a record here, on the caller's thread, and queues it.
    fn queue(&self, record: &Record, committed: Option<oneshot::Sender<Result<()>>>) -> Result<()> {
        let entry = Entry::from(record);
        let seal = self.sealer.seal(&entry);
        self.queue.try_send(Waiting { entry, seal, committed, counted: self.waiting.clone() }).map_err(|_| refused())
    }

    fn record(
        &self,
        ctx: &Ctx,
        action: &'static str,
        subject: &str,
        phase: Phase,
        detail: Map<String, Value>,
    ) -> Record {
        Record {
            id: RecordId::new(self.clock.as_ref(), self.rng.as_ref()),
            environment: ctx.environment.clone(),
            at: self.clock.now(),
            actor: ctx.actor.clone(),
            request: ctx.request.clone(),
            action,
            subject: subject.to_owned(),
            phase,
            detail,
        }
    }
}
