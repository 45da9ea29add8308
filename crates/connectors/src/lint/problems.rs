//! Who wrote what is checked, and what is wrong with it.

use crate::error::Problem;

/// Who wrote a file: what is shipped may do what a user's may not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Author {
    /// This project: may name natives.
    Us,
    /// A user: may not.
    User,
}

/// What is wrong so far.
#[derive(Debug, Default)]
pub(super) struct Problems(pub(super) Vec<Problem>);

impl Problems {
    pub(super) fn add(&mut self, at: impl Into<String>, why: impl Into<String>) {
        self.0.push(Problem { at: at.into(), why: why.into() });
    }

    /// Adds it where something does not hold.
    pub(super) fn demand(&mut self, holds: bool, at: &str, why: &str) {
        if !holds {
            self.add(at, why);
        }
    }
}
