//! What is said of a part.

use crate::Error;
use valetkey_domain::Kind;

/// How a part is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// As it should be.
    Ok,
    /// It works, and may not tomorrow, or something could not be made sure of.
    Warning,
    /// It does not work, or is not safe.
    Problem,
}

impl Verdict {
    /// The word shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Problem => "problem",
        }
    }
}

/// One line of the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// The part: `clock`, `rows`...
    pub part: &'static str,
    /// How it is.
    pub verdict: Verdict,
    /// What was looked at, or what is wrong.
    pub found: String,
    /// What to do; empty where nothing is wrong.
    pub todo: String,
}

/// A part while it is looked at. Where nothing is wrong it becomes one line that says what was looked at, else a line
/// for each thing that is wrong.
#[derive(Debug)]
pub struct Part {
    name: &'static str,
    checked: Vec<String>,
    wrong: Vec<Check>,
}

impl Part {
    /// Nothing was looked at yet.
    #[must_use]
    pub const fn of(name: &'static str) -> Self {
        Self { name, checked: Vec::new(), wrong: Vec::new() }
    }

    /// This was looked at.
    pub fn checked(&mut self, what: impl Into<String>) {
        self.checked.push(what.into());
    }

    /// This may become a problem, or could not be made sure of.
    pub fn warning(&mut self, found: impl Into<String>, todo: impl Into<String>) {
        self.note(Verdict::Warning, found.into(), todo.into());
    }

    /// This is wrong.
    pub fn problem(&mut self, found: impl Into<String>, todo: impl Into<String>) {
        self.note(Verdict::Problem, found.into(), todo.into());
    }

    /// The lines, the worst first.
    #[must_use]
    pub fn done(mut self) -> Vec<Check> {
        if self.wrong.is_empty() {
            let (found, todo) = (self.checked.join("; "), String::new());
            return vec![Check { part: self.name, verdict: Verdict::Ok, found, todo }];
        }
        self.wrong.sort_by_key(|check| std::cmp::Reverse(check.verdict));
        self.wrong
    }

    fn note(&mut self, verdict: Verdict, found: String, todo: String) {
        self.wrong.push(Check { part: self.name, verdict, found, todo });
    }
}

/// What an error says to an operator: the cause, where callers would only be told that there is one.
pub(super) fn cause(error: &Error) -> String {
    match std::error::Error::source(error) {
        Some(source) if error.kind() == Kind::Internal || source.is::<valetkey_storage::Error>() => source.to_string(),
        _ => error.message().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sound_part_is_one_line_and_a_part_with_troubles_a_line_for_each() {
        let mut part = Part::of("clock");
        part.checked("one");
        part.checked("two");
        let ok = Check { part: "clock", verdict: Verdict::Ok, found: "one; two".into(), todo: String::new() };
        assert_eq!(part.done(), [ok]);
        let mut part = Part::of("clock");
        part.checked("one");
        part.warning("late", "wait");
        part.problem("stopped", "wind it up");
        let verdicts: Vec<_> = part.done().iter().map(|check| check.verdict).collect();
        assert_eq!(verdicts, [Verdict::Problem, Verdict::Warning]);
    }
}
