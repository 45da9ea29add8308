//! How the bodies of requests are written.

use serde::Deserialize;

/// How a body is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BodyForm {
    /// As JSON.
    #[default]
    Json,
    /// As a form: texts, numbers and truth values as they are, everything else as JSON text.
    Form,
    /// As JSON; where there is a file, as JSON and the file (`multipart/related`).
    Multipart,
    /// As JSON with a GraphQL document in `query` and its variables in `variables`.
    Graphql,
}
