//! What is demanded of a connector file, without a network: that it agrees with the vendor's own description, that
//! models can use it, and that it is as safe as the ones that were shipped. Nothing is reported only once: everything
//! that is found is told.
//!
//! [`whole`] looks at the file as one, [`decided`] at what a draft left open, [`auth`] at how people sign in, [`scopes`] at what people are asked for, [`tools`] at each tool's face, [`requests`] at what it sends against the digest,
//! [`names`] at what is documented for the connector.

mod auth;
mod body;
mod decided;
mod documents;
pub mod names;
mod problems;
mod requests;
mod scopes;
mod tools;
mod whole;

#[cfg(test)]
mod tests;

pub use problems::Author;

use crate::error::Problem;
use crate::file::{DescriptionKind, File, ToolFile};
use problems::Problems;
use valetkey_vendor::Digest;

/// Everything that is wrong with a file. `digests` are of the APIs that its descriptions name, in their order.
#[must_use]
pub fn check(file: &File, digests: &[Digest], author: Author) -> Vec<Problem> {
    let mut problems = Problems::default();
    whole::check(file, digests, &mut problems);
    decided::check(file, &mut problems);
    auth::check(file, author, &mut problems);
    scopes::check(file, digests, author, &mut problems);
    let described = if file.description.kind != DescriptionKind::Manual { digests } else { &[] };
    let schema = documents::schema(described, &mut problems);
    for (name, tool) in file.tools.iter() {
        tools::check(file, name, tool, author, &mut problems);
        requests::check(file, name, tool, described, schema.as_ref(), &mut problems);
    }
    problems.0
}

/// Everything that is wrong with a tool that was made of a document, which no file and no digest stand around.
pub(crate) fn imported(name: &str, tool: &ToolFile) -> Vec<Problem> {
    let mut problems = Problems::default();
    let _ = tools::face(false, name, tool, Author::User, &mut problems);
    requests::imported(name, tool, &mut problems);
    problems.0
}
