//! Shapes: short jq texts that say what of an app's answer is shown.
//!
//! What only selects and builds ([`projection`]) runs in code of ours, in microseconds. Anything else runs in jaq, in a
//! closed dialect ([`closed`]): no environment, clock, input, output or definitions, and every value that is made is
//! paid for from a fixed allowance ([`meter`]), which bounds steps, memory, time and depth at once. Such a shape is
//! [`heavy`](Shape::heavy): run it off the async threads.

mod bounds;
mod closed;
mod compiled;
mod demand;
mod error;
mod meter;
mod program;
mod projection;
mod text;
mod value;

pub use compiled::Shape;
pub(crate) use demand::Demand;
pub use error::Error;

#[cfg(test)]
mod tests;
