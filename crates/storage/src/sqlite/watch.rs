//! What ends a statement before it is done: it takes more than the caller's thread has time for, or nobody waits for its
//! answer any more. SQLite asks as it works.

use rusqlite::Connection;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

/// After how many instructions of its machine SQLite asks.
const EVERY: i32 = 1_000;

/// How often it may ask while a statement runs on its caller's thread: some milliseconds. A point read ends before it asks
/// once.
const QUICK: i64 = 200;

/// Looks after the statements of one connection.
#[derive(Clone, Debug)]
pub(crate) struct Watch(Arc<State>);

#[derive(Debug)]
struct State {
    left: AtomicI64,
    /// How often the connection was lent, and the newest time at which whoever had it went away. One who goes late does
    /// nothing to the next.
    uses: AtomicU64,
    abandoned: AtomicU64,
}

impl Watch {
    /// Watches a connection from here on.
    pub(crate) fn over(connection: &Connection) -> Result<Self, rusqlite::Error> {
        let state =
            Arc::new(State { left: AtomicI64::new(QUICK), uses: AtomicU64::new(1), abandoned: AtomicU64::new(0) });
        let asked = Arc::clone(&state);
        let stop = move || {
            let abandoned = asked.abandoned.load(Ordering::Relaxed) == asked.uses.load(Ordering::Relaxed);
            abandoned || asked.left.fetch_sub(1, Ordering::Relaxed) <= 0
        };
        connection.progress_handler(EVERY, Some(stop))?;
        Ok(Self(state))
    }

    /// The next statement runs on its caller's thread.
    pub(crate) fn bounded(&self) {
        self.0.left.store(QUICK, Ordering::Relaxed);
    }

    /// The next statement has all the time that its caller has.
    pub(crate) fn unbounded(&self) {
        self.0.left.store(i64::MAX, Ordering::Relaxed);
    }

    /// Whether the last statement was ended because it took too long for its caller's thread.
    pub(crate) fn was_interrupted(&self) -> bool {
        self.0.left.load(Ordering::Relaxed) < 0
    }

    /// Ends the statement that is running, once this is dropped before it was [kept](Waits::answered).
    pub(crate) fn waits(&self) -> Waits {
        Waits(Some((self.clone(), self.0.uses.load(Ordering::Relaxed))))
    }

    /// Nobody has the connection: what was given up is forgotten.
    pub(crate) fn rest(&self) {
        self.0.uses.fetch_add(1, Ordering::Relaxed);
    }
}

/// Somebody waits for an answer.
#[derive(Debug)]
pub(crate) struct Waits(Option<(Watch, u64)>);

impl Waits {
    /// The answer has come.
    pub(crate) fn answered(mut self) {
        self.0 = None;
    }
}

impl Drop for Waits {
    fn drop(&mut self) {
        if let Some((watch, uses)) = &self.0 {
            watch.0.abandoned.fetch_max(*uses, Ordering::Relaxed);
        }
    }
}
