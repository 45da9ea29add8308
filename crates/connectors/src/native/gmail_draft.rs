//! `gmail_draft` and `gmail_listed_draft`: what users.drafts.get answered (saved as `draft`), its message made readable
//! as by `gmail_message` and `gmail_listed_message`. Gives `{id, message}`; the id is the draft's.

use super::gmail_message::{ALONE, LISTED, Length, shown};
use super::scope::{Scope, needed};
use super::work::Work;
use crate::{Failure, Setting};
use serde_json::{Map, Value};

pub(super) fn run(scope: &Scope, setting: &Setting) -> Result<Value, Failure> {
    readable(scope, &ALONE, &setting.work)
}

pub(super) fn run_listed(scope: &Scope, setting: &Setting) -> Result<Value, Failure> {
    readable(scope, &LISTED, &setting.work)
}

fn readable(scope: &Scope, length: &Length, work: &Work) -> Result<Value, Failure> {
    let draft = needed(scope, "draft")?;
    let mut given = Map::new();
    if let Some(id) = draft.get("id") {
        given.insert("id".to_owned(), id.clone());
    }
    if let Some(message) = draft.get("message").and_then(Value::as_object) {
        given.insert("message".to_owned(), shown(message, scope, length, work)?);
    }
    Ok(Value::Object(given))
}
