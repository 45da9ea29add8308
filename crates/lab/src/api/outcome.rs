//! What operations come to.

use super::error::ApiError;
use serde_json::Value;

/// What an operation answers.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    /// None: 204 without a body.
    pub(crate) body: Option<Value>,
    pub(crate) etag: Option<String>,
    /// Instead of a body: a file with its media type.
    pub(crate) file: Option<(String, Vec<u8>)>,
    /// Whether something was made, of which GitHub's status speaks.
    pub(crate) made: bool,
    /// Where the next page is, which GitHub says in a header.
    pub(crate) next: Option<String>,
}

impl Answer {
    /// A file as it is.
    pub(crate) fn file(kind: &str, content: Vec<u8>) -> Self {
        Self { file: Some((kind.to_owned(), content)), ..Self::default() }
    }
}

impl From<Value> for Answer {
    fn from(body: Value) -> Self {
        let etag = body.get("etag").and_then(Value::as_str).map(str::to_owned);
        Self { body: Some(body), etag, ..Self::default() }
    }
}

/// What an operation comes to: an answer or a refusal.
pub(crate) type Outcome = Result<Answer, ApiError>;
