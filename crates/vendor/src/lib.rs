//! What vendors say about their own APIs, cut down to a digest that is small enough to commit, and the question that
//! a digest answers without a network: does this request fit?
//!
//! It never sends anything and knows nothing of connectors, users or credentials. Connector files are linted against
//! digests, and the provider lab refuses with them what the vendor would refuse. Read [`digest`] first, then [`fit`].

pub mod digest;
pub mod discovery;
pub mod fit;
mod format;
pub mod graphql;
pub mod openapi;
mod template;

pub use digest::{Digest, Operation, Parameter, Place, Schema, described};
pub use fit::{Misfit, RequestParts};

/// Why a vendor's description could not be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The text is not the JSON of a digest.
    #[error("not a digest: {0}")]
    NotADigest(#[from] serde_json::Error),
    /// The description lacks a member that everything else hangs on, or has it in another type.
    #[error("the description has no usable `{0}`")]
    Missing(String),
    /// An operation was asked for that the description does not have.
    #[error("the description has no operation `{0}`")]
    NoOperation(String),
    /// A schema names another one that the description does not have.
    #[error("the description refers to the schema `{0}`, which it does not have")]
    NoSchema(String),
    /// Schemas of one operation, or of all, have too many parts once their references are followed.
    #[error("the schemas of {of} of its operations have more than {most} parts once their references are followed")]
    TooLarge {
        /// `one` or `all`.
        of: &'static str,
        /// How many they may have.
        most: usize,
    },
    /// A path template with a form that is not understood here, such as `{+name}`.
    #[error("the path `{path}` of `{operation}` has a variable of a form that is not supported")]
    Template {
        /// The operation whose path it is.
        operation: String,
        /// The template as the vendor wrote it.
        path: String,
    },
}
