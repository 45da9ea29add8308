//! Work in parts of which none may hold up the others: one environment's row that cannot be read is no reason to leave
//! everybody else's undone.

use crate::{Error, Result};

/// What the parts did so far.
#[derive(Debug, Default)]
pub(crate) struct Parts {
    done: u64,
    failed: Option<Error>,
}

impl Parts {
    /// Takes note of how a part ended. `what` says in the log what it was about.
    pub(crate) fn note(&mut self, what: &str, part: Result<u64>) {
        match part {
            Ok(done) => self.done += done,
            Err(error) => {
                tracing::warn!(cause = ?error, "{what} failed: the rest goes on");
                self.failed.get_or_insert(error);
            }
        }
    }

    /// How much was done in all.
    ///
    /// # Errors
    /// The first failure, if there was one.
    pub(crate) fn end(self) -> Result<u64> {
        match self.failed {
            Some(error) => Err(error),
            None => Ok(self.done),
        }
    }
}
