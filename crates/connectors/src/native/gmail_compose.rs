//! `gmail_compose`: a new message from the arguments, for `messages.send` and `drafts.create`.
//!
//! Arguments: `to`, `cc`, `bcc` (lists of addresses), `from`, `subject`, `body`, `content_type` (`text/plain`, or
//! `text/html`, which gets a readable text beside it), `thread_id`. Gives `{raw, threadId?}`.

use super::body::{Heading, compose, subject};
use super::scope::{Scope, argument, text};
use crate::{Failure, Setting};
use serde_json::{Map, Value};

pub(super) fn run(scope: &Scope, setting: &Setting) -> Result<Value, Failure> {
    setting.work.spend(argument(scope, "subject").and_then(Value::as_str).map_or(1, str::len))?;
    let heading = Heading { subject: subject(scope)?.unwrap_or_default(), in_reply_to: None, references: Vec::new() };
    let mut message = Map::new();
    message.insert("raw".to_owned(), compose(scope, setting, heading)?.into());
    if let Some(thread) = text(scope, "thread_id")? {
        message.insert("threadId".to_owned(), thread.into());
    }
    Ok(Value::Object(message))
}
