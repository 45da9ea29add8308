//! What operations come to.

use super::error::ApiError;
use serde_json::Value;

/// What an operation answers.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    /// None: 204 without a body.
    pub(crate) body: Option<Value>,
    pub(crate) etag: Option<String>,
}

impl From<Value> for Answer {
    fn from(body: Value) -> Self {
        let etag = body.get("etag").and_then(Value::as_str).map(str::to_owned);
        Self { body: Some(body), etag }
    }
}

/// What an operation comes to: an answer or a refusal.
pub(crate) type Outcome = Result<Answer, ApiError>;
