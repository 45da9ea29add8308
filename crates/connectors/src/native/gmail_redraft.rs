//! `gmail_redraft`: a draft written anew. Arguments as for `gmail_compose`; the saved `draft` is users.drafts.get's
//! answer in the format `full`. Gives `{raw, threadId?}`.
//!
//! Google replaces the whole mail. So that an answer stays one, its place in the conversation is kept (threadId,
//! In-Reply-To, References) unless another `thread_id` is given; and a draft with attached files is refused, because
//! they would be lost.

use super::body::{Heading, compose, subject};
use super::headers::find;
use super::ids::message_ids;
use super::part::attachments;
use super::scope::{Scope, argument, member, needed, text};
use crate::{Failure, FailureKind, Setting};
use serde_json::{Map, Value};

/// The most ids that are kept in References, the newest of them.
const MAX_REFERENCES: usize = 50;

pub(super) fn run(scope: &Scope, setting: &Setting) -> Result<Value, Failure> {
    let before = needed(scope, "draft")?.get("message").unwrap_or(&Value::Null);
    let payload = before.get("payload").unwrap_or(&Value::Null);
    let files = attachments(payload, &setting.work)?;
    if !files.is_empty() {
        let names: Vec<String> = files.iter().take(20).map(|file| file.filename.chars().take(100).collect()).collect();
        let said = format!(
            "this draft has attached files, which a change would remove: {}. Change it in Gmail, or make a new draft with \
             gmail_create_draft",
            names.join(", ")
        );
        return Err(Failure::new(FailureKind::Conflict, said));
    }
    setting.work.spend(argument(scope, "subject").and_then(Value::as_str).map_or(1, str::len))?;
    let own = member(before, "threadId");
    let named = text(scope, "thread_id")?.map(str::trim);
    let stays = named.is_none() || named == own;
    let ids = |name: &str| find(payload, name).filter(|_| stays).map(message_ids).unwrap_or_default();
    let mut references = ids("References");
    references.drain(..references.len().saturating_sub(MAX_REFERENCES));
    let heading = Heading {
        subject: subject(scope)?.unwrap_or_default(),
        in_reply_to: ids("In-Reply-To").into_iter().next(),
        references,
    };
    let mut message = Map::new();
    message.insert("raw".to_owned(), compose(scope, setting, heading)?.into());
    if let Some(thread) = named.or(own) {
        message.insert("threadId".to_owned(), thread.into());
    }
    Ok(Value::Object(message))
}
