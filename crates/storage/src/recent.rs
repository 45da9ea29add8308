//! What was read a moment ago, for who asks the same again: a client that opens a server, lists its tools and calls one
//! asks for the same rows four times.
//!
//! A row stands until this process saves anything but records of the journal, and for [`LIFE`] at most. So what is ended
//! in this process has ended for the next who asks, and what another process ends, or a hand at the database, a second
//! later. What is looked at for a change is read as it is ([`crate::Store::glance`]).

use crate::{Arg, Row};
use moka::sync::Cache;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::time::Instant;

/// How long a row stands at most. A test may be slower than that on a busy machine.
pub(crate) const LIFE: Duration = Duration::from_secs(if cfg!(test) { 3_600 } else { 1 });

/// How much memory rows may take, in bytes.
const ROOM: u64 = 8 << 20;

/// What a value or a row takes beside its bytes, roughly.
const BESIDE: usize = 32;

/// The rows that were read a moment ago.
#[derive(Debug)]
pub(crate) struct Recent {
    /// How often rows may have changed here since the start.
    changes: AtomicU64,
    answers: Cache<Question, Answer>,
}

/// A statement (where its text lies, for each is written once) and its arguments.
#[derive(Clone, Debug, Hash, PartialEq, Eq)]
pub(crate) struct Question {
    sql: (usize, usize),
    args: Vec<Arg>,
}

/// The rows of an answer, and when that was.
#[derive(Clone, Debug)]
struct Answer {
    rows: Arc<[Row]>,
    asked: AskedAt,
}

/// When something was asked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AskedAt {
    at: Instant,
    changes: u64,
}

impl Question {
    pub(crate) fn new(sql: &'static str, args: Vec<Arg>) -> Self {
        Self { sql: (sql.as_ptr().addr(), sql.len()), args }
    }

    /// The statement's arguments.
    pub(crate) fn args(&self) -> Vec<Arg> {
        self.args.clone()
    }
}

impl Default for Recent {
    fn default() -> Self {
        let answers = Cache::builder().time_to_live(LIFE).weigher(weight).max_capacity(ROOM).build();
        Self { changes: AtomicU64::new(0), answers }
    }
}

impl Recent {
    /// Rows may have changed: what was read up to now stands no longer.
    pub(crate) fn outdate(&self) {
        self.changes.fetch_add(1, Ordering::SeqCst);
    }

    /// The same once this is dropped, also where whoever holds it is dropped before it has an answer.
    pub(crate) fn outdated_after(&self) -> impl Drop + '_ {
        struct After<'a>(&'a Recent);
        impl Drop for After<'_> {
            fn drop(&mut self) {
                self.0.outdate();
            }
        }
        After(self)
    }

    /// Now, as when something is asked.
    pub(crate) fn asked(&self) -> AskedAt {
        AskedAt { at: Instant::now(), changes: self.changes.load(Ordering::SeqCst) }
    }

    /// The rows that answered this, if they stand.
    pub(crate) fn get(&self, question: &Question) -> Option<Vec<Row>> {
        let Answer { rows, asked } = self.answers.get(question)?;
        let stands = asked.changes == self.changes.load(Ordering::SeqCst) && asked.at.elapsed() < LIFE;
        stands.then(|| rows.to_vec())
    }

    /// Keeps an answer to what was asked before it was read: a change meanwhile may or may not be in it. That there is
    /// nothing is not kept: it would hide what another process has just made.
    pub(crate) fn keep(&self, question: Question, asked: AskedAt, rows: &[Row]) {
        if rows.is_empty() {
            return;
        }
        self.answers.insert(question, Answer { rows: rows.into(), asked });
    }
}

fn weight(question: &Question, answer: &Answer) -> u32 {
    let values = answer.rows.iter().flat_map(Row::values).chain(&question.args);
    let bytes: usize = values.map(|value| value.len() + BESIDE).sum();
    u32::try_from(bytes + BESIDE).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question() -> Question {
        Question { sql: (1, 2), args: vec![Arg::from("ann")] }
    }

    fn rows() -> Vec<Row> {
        vec![Row::new(["n".to_owned()].into(), vec![Arg::from(7)])]
    }

    #[test]
    fn it_stands_for_a_second() {
        let recent = Recent::default();
        let now = recent.asked();
        recent.keep(question(), now, &rows());
        assert_eq!(recent.get(&question()).unwrap()[0].integer("n").unwrap(), 7);
        let before = AskedAt { at: now.at.checked_sub(LIFE).unwrap(), ..now };
        recent.keep(question(), before, &rows());
        assert!(recent.get(&question()).is_none());
    }

    #[test]
    fn what_was_asked_before_a_change_and_came_after_it_is_not_given() {
        let recent = Recent::default();
        let asked = recent.asked();
        recent.outdate();
        recent.keep(question(), asked, &rows());
        assert!(recent.get(&question()).is_none());
    }

    #[test]
    fn it_outdates_also_where_nobody_waited() {
        let recent = Recent::default();
        let asked = recent.asked();
        recent.keep(question(), asked, &rows());
        let after = recent.outdated_after();
        assert!(recent.get(&question()).is_some());
        drop(after);
        assert!(recent.get(&question()).is_none());
    }

    #[test]
    fn that_there_is_nothing_is_not_kept() {
        let recent = Recent::default();
        recent.keep(question(), recent.asked(), &[]);
        assert!(recent.get(&question()).is_none());
    }

    #[test]
    fn it_takes_no_more_room_than_it_has() {
        let recent = Recent::default();
        let long = "x".repeat(100_000);
        for number in 0..500 {
            let question = Question { sql: (1, 2), args: vec![Arg::from(number)] };
            let rows = [Row::new(["s".to_owned()].into(), vec![Arg::from(long.as_str())])];
            recent.keep(question, recent.asked(), &rows);
        }
        recent.answers.run_pending_tasks();
        assert!((1..=ROOM).contains(&recent.answers.weighted_size()), "{}", recent.answers.weighted_size());
    }
}
