//! `comments` on a file.

use super::access::Role;
use super::find::{allowed, changed, seen};
use super::remarks::{content, missing, need_fields, new, own, reworded, shown};
use super::replies;
use crate::api::call::Call;
use crate::api::error::ApiError;
use crate::api::outcome::{Answer, Outcome};
use crate::drive_files::{Comment, DriveFile};
use crate::json::put;
use crate::state::State;
use serde_json::{Value, json};
use valetkey_domain::Timestamp;

pub(crate) fn list(state: &State, _: Timestamp, call: &Call) -> Outcome {
    call.refuse_unplayed(&["pageToken", "startModifiedTime"])?;
    need_fields(call)?;
    let file = seen(state, call, call.path("fileId"))?;
    let there = file.comments.iter().rev().filter(|comment| call.flag("includeDeleted") || !comment.said.deleted);
    let page: Vec<Value> = there.take(call.page_size("pageSize", 20, 100)).map(|one| view(state, one, call)).collect();
    Ok(json!({"kind": "drive#commentList", "comments": page}).into())
}

pub(crate) fn get(state: &State, _: Timestamp, call: &Call) -> Outcome {
    need_fields(call)?;
    Ok(view(state, find(seen(state, call, call.path("fileId"))?, call)?, call).into())
}

pub(crate) fn create(state: &mut State, now: Timestamp, call: &Call) -> Outcome {
    need_fields(call)?;
    let id = allowed(state, call, call.path("fileId"), Role::Commenter)?;
    let anchor = call.members().get("anchor").and_then(Value::as_str).map(str::to_owned);
    let said = new(call, now, content(call).unwrap_or_default())?;
    let comment = Comment { anchor, resolved: false, said, replies: Vec::new() };
    let shown = view(state, &comment, call);
    changed(state, &id)?.comments.push(comment);
    Ok(shown.into())
}

pub(crate) fn update(state: &mut State, now: Timestamp, call: &Call) -> Outcome {
    need_fields(call)?;
    let id = allowed(state, call, call.path("fileId"), Role::Commenter)?;
    reworded(&mut find_mut(changed(state, &id)?, call)?.said, call, now)?;
    Ok(view(state, find(seen(state, call, &id)?, call)?, call).into())
}

pub(crate) fn delete(state: &mut State, _: Timestamp, call: &Call) -> Outcome {
    let id = allowed(state, call, call.path("fileId"), Role::Commenter)?;
    let comment = find_mut(changed(state, &id)?, call)?;
    own(&comment.said, call)?;
    comment.said.deleted = true;
    Ok(Answer::default())
}

/// The comment that the path names.
fn find<'a>(file: &'a DriveFile, call: &Call) -> Result<&'a Comment, ApiError> {
    let named = call.path("commentId");
    let there = |comment: &&Comment| comment.said.id == named && (call.flag("includeDeleted") || !comment.said.deleted);
    file.comments.iter().find(there).ok_or_else(|| missing("Comment", named))
}

fn find_mut<'a>(file: &'a mut DriveFile, call: &Call) -> Result<&'a mut Comment, ApiError> {
    let named = call.path("commentId");
    let found = file.comments.iter_mut().find(|comment| comment.said.id == named && !comment.said.deleted);
    found.ok_or_else(|| missing("Comment", named))
}

fn view(state: &State, comment: &Comment, call: &Call) -> Value {
    let mut whole = shown(state, &comment.said, "drive#comment", call);
    put(&mut whole, "resolved", comment.resolved);
    if let Some(anchor) = &comment.anchor {
        put(&mut whole, "anchor", anchor.as_str());
    }
    let replies: Vec<Value> = comment.replies.iter().map(|reply| replies::view(state, reply, call)).collect();
    put(&mut whole, "replies", replies);
    whole
}
