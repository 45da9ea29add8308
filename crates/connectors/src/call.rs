//! One tool call, as a machine without I/O: it says which requests to send and is given the answers, until it is done.
//! Whoever drives it adds the credential, the socket, the deadline and the journal.
//!
//! [`run`] goes from stage to stage, [`each`] through a list for one, [`batch`] does a stage's requests some at a time,
//! [`render`] makes a request of arguments, [`answer`] reads what came, [`received`] where that is a file, [`cut`] keeps the answer in its budget.

mod answer;
mod batch;
mod clock;
mod cut;
mod each;
mod graphql;
mod link;
mod multipart;
mod not_read;
mod outcome;
mod received;
mod render;
mod run;
mod squeeze;

pub use answer::{memory_needed, memory_needed_by};
pub use run::{Run, Step};

#[cfg(test)]
mod tests;
