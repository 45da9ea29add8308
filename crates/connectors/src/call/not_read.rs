//! What was asked for and is missing in an answer, told beside it.

use super::batch::Missing;
use serde_json::{Value, json};

/// The member that says it.
pub(super) const MEMBER: &str = "not_read";
/// The most that are named.
const MAX_IDS: usize = 50;
/// The longest name, in bytes: what is longer is no id.
const MAX_ID: usize = 200;

/// What names an element: its `id`, or itself where it is a text or a number; else nothing.
pub(super) fn name(element: &Value) -> Value {
    let id = element.get("id").unwrap_or(element);
    match id {
        Value::String(text) if text.len() <= MAX_ID => id.clone(),
        Value::Number(_) => id.clone(),
        _ => Value::Null,
    }
}

/// How many are missing, which, why, and when to ask again.
pub(super) fn note(missing: &[Missing]) -> Option<Value> {
    let first = missing.first()?;
    let ids: Vec<&Value> = missing.iter().map(|one| &one.id).filter(|id| !id.is_null()).take(MAX_IDS).collect();
    let mut note = json!({
        "reason": first.failure.message,
        "count": missing.len(),
        "ids": ids,
        "read_on": "All the rest was read. Read these by their ids, or repeat the call later.",
    });
    let wait = missing.iter().filter_map(|one| one.failure.retry_after).max();
    if let (Some(wait), Some(note)) = (wait, note.as_object_mut()) {
        note.insert("retry_after_seconds".to_owned(), wait.as_secs().into());
    }
    Some(note)
}
