//! Who wrote what is checked, and what is wrong with it.

use crate::error::Problem;

/// Who wrote a file: what is shipped may do what a user's may not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Author {
    /// This project: may name natives.
    Us,
    /// A user: may not, and may leave out what people are told.
    User,
    /// A user who asks for all that is demanded of us: may name no native either.
    Strict,
}

/// What is wrong so far.
#[derive(Debug, Default)]
pub(super) struct Problems(pub(super) Vec<Problem>);

impl Problems {
    #[track_caller]
    pub(super) fn add(&mut self, at: impl Into<String>, why: impl Into<String>) {
        #[cfg(test)]
        seen::note(std::panic::Location::caller());
        self.0.push(Problem::new(at, why));
    }

    /// Adds it where something does not hold.
    #[track_caller]
    pub(super) fn demand(&mut self, holds: bool, at: &str, why: &str) {
        if !holds {
            self.add(at, why);
        }
    }
}

/// Which rules were seen to fail, by the lines that say them: a test goes over all.
#[cfg(test)]
pub(super) mod seen {
    use std::cell::RefCell;
    use std::collections::BTreeSet;
    use std::panic::Location;

    thread_local! {
        static LINES: RefCell<BTreeSet<(String, u32)>> = const { RefCell::new(BTreeSet::new()) };
    }

    pub(super) fn note(place: &Location<'_>) {
        LINES.with_borrow_mut(|lines| lines.insert((place.file().to_owned(), place.line())));
    }

    /// Those of this thread.
    pub(in crate::lint) fn lines() -> BTreeSet<(String, u32)> {
        LINES.with_borrow(Clone::clone)
    }
}
