//! What can be wrong with a shape.

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
