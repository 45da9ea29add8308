//! Shapes: short jq texts that say what of an app's answer is shown.
//!
//! What only selects and builds ([`projection`]) runs in code of ours, in microseconds. Anything else runs in jaq, in a
//! closed dialect ([`closed`]): no environment, clock, input, output or definitions, and every value that is made is
//! paid for from a fixed allowance ([`meter`]), which bounds steps, memory, time and depth at once. Such a shape is
//! [`heavy`](Shape::heavy): run it off the async threads.

mod closed;
mod meter;
mod program;
mod projection;
mod text;
mod value;

use serde_json::Value;

/// What one application may use, in the units of [`meter`]: about a second at worst.
const ALLOWANCE: usize = 1_000_000;

/// A compiled shape. Cheap to share between threads.
#[derive(Debug)]
pub struct Shape {
    text: Box<str>,
    way: Way,
}

#[derive(Debug)]
enum Way {
    Projection(projection::Projection),
    Program(program::Program),
}

/// Why a shape does not compile, or could not be applied.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It is longer, deeper or has more operators than a shape may.
    #[error("the shape is too large: {0}")]
    TooLarge(String),
    /// It is not jq.
    #[error("the shape is not valid jq: {0}")]
    Syntax(String),
    /// It is jq, but uses what shapes may not.
    #[error("a shape may not use {0}")]
    NotOffered(String),
    /// The answer does not have the form that the shape expects.
    #[error("the shape does not fit the answer: {0}")]
    Unfit(String),
    /// It gives more than one value.
    #[error("the shape gives several values; put it in [ ] to get a list")]
    Several,
    /// It was stopped because it made too much, or too deep, of a thing.
    #[error("the shape was stopped: {0}")]
    Stopped(&'static str),
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

    fn apply_within(&self, value: &Value, allowance: usize) -> Result<Value, Error> {
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

    /// The text that it was compiled from.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// Runs what recurses as deep as the bounds of [`text`] and [`meter`] allow, which is more than a small thread's stack.
fn on_deep_stack<T>(work: impl FnOnce() -> T) -> T {
    const NEEDED: usize = 4 << 20;
    stacker::maybe_grow(NEEDED, 2 * NEEDED, work)
}

#[cfg(test)]
mod tests;
