//! What is done to messages and threads that are there: labels, the bin, deleting. Every change is noted for
//! `users.history.list`.

use super::{labels, mail, mailbox, mime, missing, owned};
use crate::api::call::Call;
use crate::api::error::ApiError;
use crate::api::outcome::{Answer, Outcome};
use crate::cite;
use crate::mailbox::{Change, Kind};
use crate::state::{Mail, State, User};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use valetkey_domain::Timestamp;

/// Labels to put on and to take off.
struct Edit {
    add: Vec<String>,
    remove: Vec<String>,
}

impl Edit {
    fn fixed(add: &[&str], remove: &[&str]) -> Self {
        let owned = |labels: &[&str]| labels.iter().map(|label| (*label).to_owned()).collect();
        Self { add: owned(add), remove: owned(remove) }
    }

    /// What a body asks for.
    fn read(user: &User, call: &Call) -> Result<Self, ApiError> {
        let edit = Self { add: texts(call, "addLabelIds"), remove: texts(call, "removeLabelIds") };
        if edit.add.is_empty() && edit.remove.is_empty() {
            return Err(ApiError::invalid("No label add or removes specified", cite::GMAIL_LABELS));
        }
        labels::usable(user, &edit.add)?;
        labels::usable(user, &edit.remove)?;
        if edit.add.iter().any(|label| edit.remove.contains(label)) {
            return Err(ApiError::invalid("Cannot both add and remove the same label", cite::GMAIL_LABELS));
        }
        Ok(edit)
    }
}

pub(crate) fn modify(state: &mut State, _: Timestamp, call: &Call) -> Outcome {
    let edit = Edit::read(mailbox(state, call)?, call)?;
    one(state, call, &edit)
}

pub(crate) fn trash(state: &mut State, _: Timestamp, call: &Call) -> Outcome {
    one(state, call, &Edit::fixed(&["TRASH"], &["INBOX", "SPAM"]))
}

pub(crate) fn untrash(state: &mut State, _: Timestamp, call: &Call) -> Outcome {
    one(state, call, &Edit::fixed(&[], &["TRASH"]))
}

pub(crate) fn delete(state: &mut State, _: Timestamp, call: &Call) -> Outcome {
    let id = mail(mailbox(state, call)?, call.path("id"))?.id.clone();
    remove(state, call, &[id].into())
}

/// Ids that are not there are passed over, as Google does.
pub(crate) fn batch_modify(state: &mut State, _: Timestamp, call: &Call) -> Outcome {
    let edit = Edit::read(mailbox(state, call)?, call)?;
    apply(state, call, &batch(call)?, &edit)?;
    Ok(Answer::default())
}

pub(crate) fn batch_delete(state: &mut State, _: Timestamp, call: &Call) -> Outcome {
    let ids = batch(call)?;
    remove(state, call, &ids)
}

pub(crate) fn modify_thread(state: &mut State, _: Timestamp, call: &Call) -> Outcome {
    let edit = Edit::read(mailbox(state, call)?, call)?;
    thread(state, call, &edit)
}

pub(crate) fn trash_thread(state: &mut State, _: Timestamp, call: &Call) -> Outcome {
    thread(state, call, &Edit::fixed(&["TRASH"], &["INBOX", "SPAM"]))
}

pub(crate) fn untrash_thread(state: &mut State, _: Timestamp, call: &Call) -> Outcome {
    thread(state, call, &Edit::fixed(&[], &["TRASH"]))
}

pub(crate) fn delete_thread(state: &mut State, _: Timestamp, call: &Call) -> Outcome {
    let ids = of_thread(mailbox(state, call)?, call.path("id"))?;
    remove(state, call, &ids)
}

/// Takes messages out of the mailbox, and the drafts that they were.
pub(crate) fn remove(state: &mut State, call: &Call, ids: &BTreeSet<String>) -> Outcome {
    let history = state.next_history();
    let user = owned(state, call)?;
    let (gone, kept) = std::mem::take(&mut user.mail).into_iter().partition(|mail| ids.contains(&mail.id));
    user.mail = kept;
    user.mailbox.drafts.retain(|draft| !ids.contains(&draft.message));
    let gone: Vec<Mail> = gone;
    user.mailbox.changes.extend(gone.iter().map(|mail| change(history, Kind::Deleted, mail, &[])));
    Ok(Answer::default())
}

/// A change of a message, as the history tells it.
pub(crate) fn change(history: u64, kind: Kind, mail: &Mail, changed: &[String]) -> Change {
    Change {
        history,
        kind,
        message: mail.id.clone(),
        thread: mail.thread.clone(),
        labels: mail.labels.iter().cloned().collect(),
        changed: changed.to_vec(),
    }
}

fn one(state: &mut State, call: &Call, edit: &Edit) -> Outcome {
    let id = mail(mailbox(state, call)?, call.path("id"))?.id.clone();
    apply(state, call, &[id.clone()].into(), edit)?;
    let changed = mail(mailbox(state, call)?, &id)?;
    Ok(json!({"id": changed.id, "threadId": changed.thread, "labelIds": changed.labels}).into())
}

fn thread(state: &mut State, call: &Call, edit: &Edit) -> Outcome {
    let id = call.path("id");
    let ids = of_thread(mailbox(state, call)?, id)?;
    apply(state, call, &ids, edit)?;
    let user = mailbox(state, call)?;
    let mails = user.mail.iter().filter(|mail| ids.contains(&mail.id));
    let shown: Result<Vec<Value>, _> = mails.map(|mail| mime::resource(mail, mime::View::Minimal)).collect();
    Ok(json!({"id": id, "messages": shown?}).into())
}

fn of_thread(user: &User, thread: &str) -> Result<BTreeSet<String>, ApiError> {
    let ids: BTreeSet<String> =
        user.mail.iter().filter(|mail| mail.thread == thread).map(|mail| mail.id.clone()).collect();
    if ids.is_empty() { Err(missing()) } else { Ok(ids) }
}

fn apply(state: &mut State, call: &Call, ids: &BTreeSet<String>, edit: &Edit) -> Result<(), ApiError> {
    let history = state.next_history();
    let user = owned(state, call)?;
    let mut changes = Vec::new();
    for mail in user.mail.iter_mut().filter(|mail| ids.contains(&mail.id)) {
        let added: Vec<String> = edit.add.iter().filter(|label| !mail.labels.contains(*label)).cloned().collect();
        let removed: Vec<String> = edit.remove.iter().filter(|label| mail.labels.contains(*label)).cloned().collect();
        mail.labels.extend(added.iter().cloned());
        mail.labels.retain(|label| !removed.contains(label));
        for (kind, changed) in [(Kind::Labelled, added), (Kind::Unlabelled, removed)] {
            if !changed.is_empty() {
                mail.history = history;
                changes.push(change(history, kind, mail, &changed));
            }
        }
    }
    user.mailbox.changes.extend(changes);
    Ok(())
}

fn batch(call: &Call) -> Result<BTreeSet<String>, ApiError> {
    let ids = texts(call, "ids");
    if ids.is_empty() || ids.len() > 1_000 {
        let said = "Invalid ids: between one and 1000 of them are taken";
        return Err(ApiError::invalid(said, cite::reference(&call.operation)));
    }
    Ok(ids.into_iter().collect())
}

fn texts(call: &Call, name: &str) -> Vec<String> {
    let listed = call.body.as_ref().and_then(|body| body.get(name)).and_then(Value::as_array);
    listed.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}
