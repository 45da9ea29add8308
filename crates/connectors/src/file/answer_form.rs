//! How the answers of requests are read.

use serde::Deserialize;

/// What an app answers with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnswerForm {
    /// JSON.
    #[default]
    Json,
    /// A file, whatever is in it: an object of `type`, `size` and `text`, or `data` in base64.
    File,
}
