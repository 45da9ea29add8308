//! What was found to break a rule: the first few in words, of the rest how many. A request of a megabyte can break half
//! a million rules, and its answer goes out in headers.

use super::path::FieldPath;
use crate::cut::{cut, quoted};
use std::fmt::Arguments;
use valetkey_proto::v1::errdetails::validation_error_info::FieldViolation;

/// How many are told in words.
const LISTED: usize = 10;
/// The most bytes of what one says.
const DESCRIPTION: usize = 200;

/// What was found so far.
#[derive(Default)]
pub(super) struct Violations {
    /// The first of them, in the order of the fields.
    pub(super) listed: Vec<FieldViolation>,
    /// How many there were beside those.
    pub(super) more: usize,
}

impl Violations {
    /// Notes that the value at a place breaks a rule.
    pub(super) fn note(&mut self, path: FieldPath<'_>, constraint: &str, description: Arguments<'_>) {
        if self.listed.len() >= LISTED {
            self.more = self.more.saturating_add(1);
            return;
        }
        let (field, constraint) = (quoted(&path.to_string()).into_owned(), constraint.to_owned());
        let description = cut(&description.to_string(), DESCRIPTION).into_owned();
        self.listed.push(FieldViolation { field, description, constraint });
    }
}
