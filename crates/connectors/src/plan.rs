//! A tool's way to its answer, compiled: stages one after another, and how the answer is made of what they saved.

use crate::expression::Expression;
use crate::file::Over;
use crate::native::Native;
use crate::shape::Shape;
use crate::target::Target;
use http::Method;
use serde_json::Value;

/// The name under which the one request of a tool without steps is saved.
pub(crate) const ANSWER: &str = "answer";
/// The most requests that one call may make.
pub(crate) const MAX_CALLS: usize = 50;

/// All of a tool's stages and its output.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) stages: Vec<Stage>,
    /// Whether the shape sees the whole scope (tools with steps) or only the answer.
    pub(crate) whole: bool,
    pub(crate) output: Output,
}

/// One stage.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) action: Action,
    pub(crate) save: String,
    pub(crate) when: Option<Expression>,
    pub(crate) each: Option<Each>,
}

/// What a stage does.
#[derive(Debug)]
pub(crate) enum Action {
    /// Sends a request.
    Call(Box<Call>),
    /// Runs a function of ours.
    Native(Native),
}

/// A stage that is done once for each element of a list.
#[derive(Debug)]
pub(crate) struct Each {
    pub(crate) list: Expression,
    pub(crate) element: String,
    pub(crate) limit: usize,
    pub(crate) concurrency: usize,
    /// Statuses that cost only their element.
    pub(crate) skip: Vec<u16>,
}

/// One request, before anything is filled in.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) method: Method,
    /// From the root of the host, with `{variables}`.
    pub(crate) path: String,
    pub(crate) fills: Vec<(Target, Fill)>,
}

/// Where a value comes from.
#[derive(Debug)]
pub(crate) enum Fill {
    /// An argument by name.
    Input(String),
    /// Always the same.
    Always(Value),
    /// Computed.
    Computed(Expression),
}

/// How the answer is made.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) shape: Option<Shape>,
    pub(crate) max_bytes: usize,
    pub(crate) list: Option<String>,
    pub(crate) spare: Vec<String>,
    pub(crate) over: Over,
    pub(crate) read_on: String,
    /// The member that the next page's token is answered in, and the shape that finds the token.
    pub(crate) next: Option<(String, Shape)>,
}

impl Output {
    pub(crate) const fn heavy(&self) -> bool {
        match &self.shape {
            Some(shape) => shape.heavy(),
            None => false,
        }
    }
}
