//! Where something stands, in the words of the API.

use crate::error::Problem;

/// The place of a pattern.
pub(super) fn at(index: usize) -> String {
    format!("auth_patterns[{index}]")
}

/// What is wrong at a place.
pub(super) fn problem(at: impl Into<String>, why: impl Into<String>) -> Problem {
    Problem::new(at, why)
}
