//! What ends a statement before it is done: it takes more than the caller's thread has time for, or more than any has, or
//! nobody waits for its answer any more. SQLite asks as it works.

use rusqlite::Connection;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

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
    /// When the statement ends that has more time than its caller's thread; and whether one did.
    end: Mutex<Option<Instant>>,
    ended: AtomicBool,
    /// How often the connection was lent, and the newest time at which whoever had it went away. One who goes late does
    /// nothing to the next.
    uses: AtomicU64,
    abandoned: AtomicU64,
}

impl Watch {
    /// Watches a connection from here on.
    pub(crate) fn over(connection: &Connection) -> Result<Self, rusqlite::Error> {
        let state = Arc::new(State {
            left: AtomicI64::new(QUICK),
            end: Mutex::default(),
            ended: AtomicBool::new(false),
            uses: AtomicU64::new(1),
            abandoned: AtomicU64::new(0),
        });
        let asked = Arc::clone(&state);
        let stop = move || {
            let abandoned = asked.abandoned.load(Ordering::Relaxed) == asked.uses.load(Ordering::Relaxed);
            abandoned || asked.left.fetch_sub(1, Ordering::Relaxed) <= 0 || asked.is_over()
        };
        connection.progress_handler(EVERY, Some(stop))?;
        Ok(Self(state))
    }

    /// The next statement runs on its caller's thread.
    pub(crate) fn bounded(&self) {
        self.0.left.store(QUICK, Ordering::Relaxed);
        self.0.end_at(None);
    }

    /// The next statement has this long; without a limit all the time that its caller has.
    pub(crate) fn limited(&self, longest: Option<Duration>) {
        self.0.left.store(i64::MAX, Ordering::Relaxed);
        self.0.end_at(longest.map(|longest| Instant::now() + longest));
    }

    /// Whether the last statement was ended because it took longer than it had.
    pub(crate) fn was_too_long(&self) -> bool {
        self.0.ended.load(Ordering::Relaxed)
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

impl State {
    fn end_at(&self, end: Option<Instant>) {
        *self.end.lock().unwrap_or_else(PoisonError::into_inner) = end;
        self.ended.store(false, Ordering::Relaxed);
    }

    fn is_over(&self) -> bool {
        let end = *self.end.lock().unwrap_or_else(PoisonError::into_inner);
        let over = end.is_some_and(|end| Instant::now() >= end);
        self.ended.fetch_or(over, Ordering::Relaxed);
        over
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
