//! `gmail_filter`: what a new filter looks for and does, from its arguments: `from`, `to`, `subject`, `query`,
//! `has_attachment`; `add_label_ids`, `remove_label_ids`, `forward`, and the `should_…` of Gmail's own page, each of
//! which stands for one label. Gives `{criteria, action}`.

use super::label_lists::LabelLists;
use super::scope::{Scope, argument, text};
use crate::{Failure, Setting};
use serde_json::{Map, Value, json};

/// What fits a mail, by argument and by Gmail's member.
const CRITERIA: [(&str, &str); 4] = [("from", "from"), ("to", "to"), ("subject", "subject"), ("query", "query")];
/// Which label is put on.
const ADDED: [(&str, &str); 3] =
    [("should_star", "STARRED"), ("should_trash", "TRASH"), ("should_always_mark_important", "IMPORTANT")];
/// Which label is taken off.
const REMOVED: [(&str, &str); 4] = [
    ("should_archive", "INBOX"),
    ("should_mark_read", "UNREAD"),
    ("should_never_spam", "SPAM"),
    ("should_never_mark_important", "IMPORTANT"),
];

pub(super) fn run(scope: &Scope, setting: &Setting) -> Result<Value, Failure> {
    let criteria = criteria(scope, setting)?;
    if criteria.is_empty() {
        return Err(Failure::invalid(
            "say which mails the filter is for: at least one of from, to, subject, query, has_attachment",
        ));
    }
    let mut labels = LabelLists::read(scope, &setting.work)?;
    labels.add.extend(asked(scope, &ADDED));
    labels.remove.extend(asked(scope, &REMOVED));
    labels.agree()?;
    let forward = text(scope, "forward")?.map(str::trim);
    setting.work.spend(forward.map_or(0, str::len))?;
    if labels.is_empty() && forward.is_none() {
        return Err(Failure::invalid(
            "say what the filter does: at least one of add_label_ids, remove_label_ids, forward, or a should_… that is \
             true",
        ));
    }
    let mut action = Map::new();
    for (name, labels) in [("addLabelIds", labels.add), ("removeLabelIds", labels.remove)] {
        if !labels.is_empty() {
            action.insert(name.to_owned(), labels.into());
        }
    }
    if let Some(forward) = forward {
        action.insert("forward".to_owned(), forward.into());
    }
    Ok(json!({"criteria": criteria, "action": action}))
}

fn criteria(scope: &Scope, setting: &Setting) -> Result<Map<String, Value>, Failure> {
    let mut criteria = Map::new();
    for (name, member) in CRITERIA {
        if let Some(given) = text(scope, name)? {
            setting.work.spend(given.len())?;
            criteria.insert(member.to_owned(), given.trim().into());
        }
    }
    if is_true(scope, "has_attachment") {
        criteria.insert("hasAttachment".to_owned(), true.into());
    }
    Ok(criteria)
}

fn asked<'a>(scope: &'a Scope, labels: &'a [(&str, &str)]) -> impl Iterator<Item = String> + 'a {
    labels.iter().filter(|(name, _)| is_true(scope, name)).map(|(_, label)| (*label).to_owned())
}

fn is_true(scope: &Scope, name: &str) -> bool {
    argument(scope, name) == Some(&Value::Bool(true))
}
