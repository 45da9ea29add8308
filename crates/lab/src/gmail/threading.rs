//! Which thread a message joins: Google wants the thread's id (from the sender), a reference to one of its messages,
//! and the same subject. Source: <https://developers.google.com/workspace/gmail/api/guides/threads>.

use super::mime;
use crate::state::User;
use mail_parser::{HeaderValue, Message};
use std::collections::BTreeSet;

/// Whether the message continues this thread of the mailbox.
pub(crate) fn continues(user: &User, thread: &str, message: &Message<'_>) -> bool {
    user.mail.iter().filter(|mail| mail.thread == thread).any(|mail| follows(message, &mime::parse(&mail.raw)))
}

/// The thread of the mailbox that the message continues, if any.
pub(crate) fn of(user: &User, message: &Message<'_>) -> Option<String> {
    let earlier = user.mail.iter().rev().find(|mail| follows(message, &mime::parse(&mail.raw)));
    earlier.map(|mail| mail.thread.clone())
}

fn follows(message: &Message<'_>, earlier: &Message<'_>) -> bool {
    let named = earlier.message_id().is_some_and(|id| references(message).contains(id));
    named && subject(message) == subject(earlier)
}

fn references(message: &Message<'_>) -> BTreeSet<String> {
    let ids = |value: &HeaderValue<'_>| match value {
        HeaderValue::Text(id) => vec![id.to_string()],
        HeaderValue::TextList(ids) => ids.iter().map(ToString::to_string).collect(),
        _ => Vec::new(),
    };
    ids(message.references()).into_iter().chain(ids(message.in_reply_to())).collect()
}

/// The subject without `Re:`, `Fwd:` and the like.
fn subject(message: &Message<'_>) -> String {
    message.thread_name().unwrap_or_default().trim().to_lowercase()
}
