//! `gmail_label_change`: ends a change of labels that would change nothing, or contradicts itself, before anything is
//! sent. Arguments: `add_label_ids`, `remove_label_ids`. Gives nothing.

use super::label_lists::LabelLists;
use super::scope::Scope;
use crate::{Failure, Setting};
use serde_json::Value;

pub(super) fn run(scope: &Scope, setting: &Setting) -> Result<Value, Failure> {
    let labels = LabelLists::read(scope, &setting.work)?;
    if labels.is_empty() {
        return Err(Failure::invalid(
            "there is nothing to change: give add_label_ids, remove_label_ids, or both. Removing INBOX archives, \
             removing UNREAD marks as read, adding STARRED gives a star",
        ));
    }
    labels.agree()?;
    Ok(Value::Null)
}
