//! A compiled shape, which is a projection or a program.

use super::demand::{self, Demand};
use super::error::Error;
use super::{closed, program, projection, text};
use serde_json::Value;

/// What one application may use, in the units of [`meter`](super::meter): about a second at worst.
const ALLOWANCE: usize = 1_000_000;

/// A compiled shape. Cheap to share between threads.
#[derive(Debug)]
pub struct Shape {
    pub(super) text: Box<str>,
    pub(super) way: Way,
}

#[derive(Debug)]
pub(super) enum Way {
    Projection(projection::Projection),
    Program(program::Program),
}

impl Shape {
    /// Compiles a jq text.
    ///
    /// # Errors
    /// [`Error::TooLarge`], [`Error::Syntax`] or [`Error::NotOffered`]; each says where.
    pub fn compile(text: &str) -> Result<Self, Error> {
        on_deep_stack(|| Self::compile_here(text))
    }

    fn compile_here(text: &str) -> Result<Self, Error> {
        let term = text::parse(text)?;
        closed::check(&term)?;
        let way = match projection::Projection::of(&term) {
            Some(projection) => Way::Projection(projection),
            None => Way::Program(program::Program::compile(term)?),
        };
        Ok(Self { text: text.into(), way })
    }

    /// Applies it to one value. No output is `null`.
    ///
    /// # Errors
    /// [`Error::Unfit`], [`Error::Several`] or [`Error::Stopped`].
    pub fn apply(&self, value: &Value) -> Result<Value, Error> {
        self.apply_within(value, ALLOWANCE)
    }

    pub(super) fn apply_within(&self, value: &Value, allowance: usize) -> Result<Value, Error> {
        match &self.way {
            Way::Projection(projection) => projection.apply(value, allowance),
            Way::Program(program) => on_deep_stack(|| program.apply(value, allowance)),
        }
    }

    /// Whether it may take milliseconds and so must run on a blocking thread.
    #[must_use]
    pub const fn heavy(&self) -> bool {
        matches!(self.way, Way::Program(_))
    }

    /// What it reads of a value.
    #[must_use]
    pub(crate) fn demand(&self) -> Demand {
        match &self.way {
            Way::Projection(projection) => Demand::of(projection, &Demand::whole()),
            Way::Program(_) => Demand::whole(),
        }
    }

    /// The path to the list whose elements become those of a member of what it gives; see [`demand::source`].
    #[must_use]
    pub(crate) fn source(&self, member: &str) -> Option<Vec<Box<str>>> {
        match &self.way {
            Way::Projection(projection) => demand::source(projection, member),
            Way::Program(_) => None,
        }
    }

    /// The text that it was compiled from.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// Runs what recurses as deep as the bounds of [`text`] and [`meter`](super::meter) allow, which is more than a small thread's stack.
pub(super) fn on_deep_stack<T>(work: impl FnOnce() -> T) -> T {
    const NEEDED: usize = 4 << 20;
    stacker::maybe_grow(NEEDED, 2 * NEEDED, work)
}
