//! The writer: one thread, one connection, commits in groups.
//!
//! Write transactions run one after the other, each a SAVEPOINT inside one BEGIN IMMEDIATE. While another is waiting
//! the outer transaction stays open; when none is, or the group is full, it is committed, and only then the group's
//! callers are told. So a commit costs one fsync for as many callers as there happen to be, without a timer. If the
//! outer COMMIT fails, or the driver gives the outer transaction up (disk full), every caller of the group is told so.

use super::database_file::DatabaseFile;
use super::lock::FileGuard;
use super::session::Session;
use super::statement;
use crate::recent::Recent;
use crate::{Arg, Error, Row};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::oneshot;

/// Transactions in one group at most, so that the first caller of a busy time isn't kept for ever.
const GROUP: usize = 256;

type Reply<T> = oneshot::Sender<Result<T, Error>>;

/// A caller that wants to write.
enum Turn {
    /// It is told when it is its turn, then heard through `commands` until it commits or goes.
    Interactive { started: Reply<()>, commands: Receiver<Command> },
    /// All it wants is known: it is told when that is saved.
    Batch { sql: &'static str, each: Vec<Vec<Arg>>, saved: Reply<()> },
}

impl Turn {
    fn refuse(self, error: &Error) {
        let (Self::Interactive { started: reply, .. } | Self::Batch { saved: reply, .. }) = self;
        drop(reply.send(Err(error.clone())));
    }
}

enum Command {
    All { sql: &'static str, args: Vec<Arg>, reply: Reply<Vec<Row>> },
    Run { sql: &'static str, each: Vec<Vec<Arg>>, reply: Reply<u64> },
    Commit { reply: Reply<()> },
}

/// The writer thread's handle. Dropping it lets the thread finish what it has and waits for that.
#[derive(Debug)]
pub(crate) struct Writer {
    turns: Option<Sender<Turn>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub(crate) fn start(
        session: Session,
        file: Arc<DatabaseFile>,
        idle: Duration,
        recent: Arc<Recent>,
        guard: Arc<FileGuard>,
    ) -> Result<Self, Error> {
        let (turns, waiting) = channel();
        let path = file.path.clone();
        let owned = WriterThread { session, file, idle, recent, waiting, _guard: guard };
        let thread = std::thread::Builder::new().name("sqlite-writer".into()).spawn(move || owned.work());
        let thread = thread.map_err(|error| Error::Location { path, message: error.to_string() })?;
        Ok(Self { turns: Some(turns), thread: Some(thread) })
    }
}

impl Writer {
    fn queue(&self, turn: Turn) -> Result<(), Error> {
        self.turns.as_ref().ok_or(Error::Closed)?.send(turn).map_err(|_| Error::Closed)
    }

    /// Runs a statement for each list of arguments in one transaction: one message to the thread and one back, whatever
    /// their number.
    pub(crate) async fn apply(&self, sql: &'static str, each: Vec<Vec<Arg>>) -> Result<(), Error> {
        let (saved, answer) = oneshot::channel();
        self.queue(Turn::Batch { sql, each, saved })?;
        answer.await.unwrap_or(Err(Error::Closed))
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.turns = None;
        if let Some(thread) = self.thread.take() {
            // It only ends in an error if the thread panicked, and then the panic has been reported there.
            drop(thread.join());
        }
    }
}

/// A write transaction as its caller holds it.
#[derive(Debug)]
pub(crate) struct Write {
    commands: Sender<Command>,
    failed: bool,
    // Last: the writer must not be waited for while it still waits for this transaction.
    _writer: Arc<Writer>,
}

impl Write {
    pub(crate) async fn begin(writer: Arc<Writer>) -> Result<Self, Error> {
        let (commands, received) = channel();
        let (started, starts) = oneshot::channel();
        writer.queue(Turn::Interactive { started, commands: received })?;
        starts.await.map_err(|_| Error::Closed)??;
        Ok(Self { commands, failed: false, _writer: writer })
    }

    pub(crate) async fn all(&mut self, sql: &'static str, args: Vec<Arg>) -> Result<Vec<Row>, Error> {
        self.ask(|reply| Command::All { sql, args, reply }).await
    }

    pub(crate) async fn run(&mut self, sql: &'static str, each: Vec<Vec<Arg>>) -> Result<u64, Error> {
        self.ask(|reply| Command::Run { sql, each, reply }).await
    }

    pub(crate) async fn commit(mut self) -> Result<(), Error> {
        self.ask(|reply| Command::Commit { reply }).await
    }

    /// Sends a command and waits for its answer. The writer hangs up on a transaction that failed or was held idle.
    async fn ask<T>(&mut self, command: impl FnOnce(Reply<T>) -> Command) -> Result<T, Error> {
        if self.failed {
            return Err(Error::Failed);
        }
        let (reply, answer) = oneshot::channel();
        // A writer that has hung up drops the reply, so the answer alone tells.
        drop(self.commands.send(command(reply)));
        let answer = answer.await.unwrap_or(Err(Error::Idle));
        self.failed = answer.is_err();
        answer
    }
}

/// How a transaction of the group ended.
enum TurnResult {
    /// Its work is in the group; the caller waits for the outer COMMIT.
    Ready(Reply<()>),
    /// Its work was undone, or it never began.
    Undone,
    /// The driver gave up the outer transaction, so the whole group is gone.
    Lost(Error),
}

/// What the thread owns.
struct WriterThread {
    session: Session,
    file: Arc<DatabaseFile>,
    idle: Duration,
    /// Outdated here and not where a caller waits: it may have gone before the commit.
    recent: Arc<Recent>,
    waiting: Receiver<Turn>,
    // Last: the connection closes before the lock is free.
    _guard: Arc<FileGuard>,
}

impl WriterThread {
    fn work(self) {
        while let Ok(first) = self.waiting.recv() {
            match self.execute("BEGIN IMMEDIATE") {
                Ok(()) => self.serve_group(first),
                Err(error) => self.refuse(first, &error),
            }
        }
    }

    /// Tells all who wait that nothing can be written now; each would only wait for the same lock again.
    fn refuse(&self, first: Turn, error: &Error) {
        // Counted first: who comes after the first was told has not waited, and the lock may be gone for it.
        let others: Vec<_> = self.waiting.try_iter().collect();
        for turn in std::iter::once(first).chain(others) {
            turn.refuse(error);
        }
    }

    fn serve_group(&self, first: Turn) {
        let mut ready = Vec::new();
        let mut next = Some(first);
        let (mut served, mut changes) = (0, false);
        while let Some(turn) = next.take() {
            let appends = matches!(turn, Turn::Batch { .. });
            match self.serve(turn) {
                TurnResult::Ready(reply) => {
                    ready.push(reply);
                    changes |= !appends;
                }
                TurnResult::Undone => {}
                TurnResult::Lost(error) => return reply_all(ready, &Err(error)),
            }
            served += 1;
            next = if served < GROUP { self.waiting.try_recv().ok() } else { None };
        }
        let saved = self.execute("COMMIT");
        statement::roll_back(&self.session);
        if changes {
            self.recent.outdate();
        }
        reply_all(ready, &saved);
    }

    fn serve(&self, turn: Turn) -> TurnResult {
        let begun = self.execute("SAVEPOINT one");
        match turn {
            Turn::Interactive { started, commands } => self.serve_commands(begun, started, &commands),
            Turn::Batch { sql, each, saved } => self.run_batch(begun, sql, &each, saved),
        }
    }

    fn run_batch(
        &self,
        begun: Result<(), Error>,
        sql: &'static str,
        each: &[Vec<Arg>],
        saved: Reply<()>,
    ) -> TurnResult {
        match begun.and_then(|()| statement::run(&self.session, &self.file, sql, each)) {
            Ok(_) => self.release(saved),
            Err(error) => {
                drop(saved.send(Err(error.clone())));
                self.undo(error)
            }
        }
    }

    fn serve_commands(&self, begun: Result<(), Error>, started: Reply<()>, commands: &Receiver<Command>) -> TurnResult {
        let failed = begun.is_err();
        if started.send(begun).is_err() || failed {
            return self.undo(Error::Closed);
        }
        while let Ok(command) = commands.recv_timeout(self.idle) {
            let answered = match command {
                Command::All { sql, args, reply } => {
                    reply_with(reply, statement::all(&self.session, &self.file, sql, &args))
                }
                Command::Run { sql, each, reply } => {
                    reply_with(reply, statement::run(&self.session, &self.file, sql, &each))
                }
                Command::Commit { reply } => return self.release(reply),
            };
            if let Err(error) = answered {
                return self.undo(error);
            }
        }
        self.undo(Error::Idle)
    }

    fn release(&self, reply: Reply<()>) -> TurnResult {
        match self.execute("RELEASE one") {
            Ok(()) => TurnResult::Ready(reply),
            Err(error) => {
                drop(reply.send(Err(error.clone())));
                self.undo(error)
            }
        }
    }

    /// Undoes one transaction and leaves the group standing, if it still does.
    fn undo(&self, why: Error) -> TurnResult {
        if self.session.is_autocommit() {
            return TurnResult::Lost(why);
        }
        match self.execute("ROLLBACK TO one").and_then(|()| self.execute("RELEASE one")) {
            Ok(()) => TurnResult::Undone,
            Err(error) => {
                statement::roll_back(&self.session);
                TurnResult::Lost(error)
            }
        }
    }

    fn execute(&self, sql: &'static str) -> Result<(), Error> {
        statement::run(&self.session, &self.file, sql, &[Vec::new()]).map(drop)
    }
}

/// Answers a statement, and keeps its failure for the caller of this.
fn reply_with<T>(reply: Reply<T>, result: Result<T, Error>) -> Result<(), Error> {
    let failure = result.as_ref().err().cloned();
    // A caller that has gone is noticed at its next command.
    drop(reply.send(result));
    failure.map_or(Ok(()), Err)
}

fn reply_all(group: Vec<Reply<()>>, result: &Result<(), Error>) {
    for reply in group {
        drop(reply.send(result.clone()));
    }
}
