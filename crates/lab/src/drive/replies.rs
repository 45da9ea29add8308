//! `replies` to a comment.

use super::access::Role;
use super::find::{allowed, changed, seen};
use super::remarks::{content, missing, need_fields, new, own, reworded, shown};
use crate::api::call::Call;
use crate::api::error::ApiError;
use crate::api::outcome::{Answer, Outcome};
use crate::cite;
use crate::drive_files::{Comment, DriveFile, Reply};
use crate::json::put;
use crate::state::State;
use serde_json::{Value, json};
use valetkey_domain::Timestamp;

pub(crate) fn list(state: &State, _: Timestamp, call: &Call) -> Outcome {
    call.refuse_unplayed(&["pageToken"])?;
    need_fields(call)?;
    let comment = of(seen(state, call, call.path("fileId"))?, call)?;
    let there = comment.replies.iter().filter(|reply| call.flag("includeDeleted") || !reply.said.deleted);
    let page: Vec<Value> = there.take(call.page_size("pageSize", 20, 100)).map(|one| view(state, one, call)).collect();
    Ok(json!({"kind": "drive#replyList", "replies": page}).into())
}

pub(crate) fn get(state: &State, _: Timestamp, call: &Call) -> Outcome {
    need_fields(call)?;
    let comment = of(seen(state, call, call.path("fileId"))?, call)?;
    let named = call.path("replyId");
    let there = |reply: &&Reply| reply.said.id == named && (call.flag("includeDeleted") || !reply.said.deleted);
    let reply = comment.replies.iter().find(there).ok_or_else(|| missing("Reply", named))?;
    Ok(view(state, reply, call).into())
}

/// Says something, or settles the comment, or both.
pub(crate) fn create(state: &mut State, now: Timestamp, call: &Call) -> Outcome {
    need_fields(call)?;
    let id = allowed(state, call, call.path("fileId"), Role::Commenter)?;
    let action = call.members().get("action").and_then(Value::as_str).map(str::to_owned);
    let settles = match action.as_deref() {
        None => None,
        Some("resolve") => Some(true),
        Some("reopen") => Some(false),
        Some(_) => return Err(ApiError::invalid("Invalid action.", cite::DRIVE_COMMENTS)),
    };
    if content(call).is_none() && action.is_none() {
        return Err(ApiError::calendar("required", "Required: content", cite::DRIVE_COMMENTS));
    }
    let reply = Reply { action, said: new(call, now, content(call).unwrap_or_default())? };
    let shown = view(state, &reply, call);
    let comment = of_mut(changed(state, &id)?, call)?;
    comment.resolved = settles.unwrap_or(comment.resolved);
    comment.replies.push(reply);
    Ok(shown.into())
}

pub(crate) fn update(state: &mut State, now: Timestamp, call: &Call) -> Outcome {
    need_fields(call)?;
    let id = allowed(state, call, call.path("fileId"), Role::Commenter)?;
    let reply = find_mut(changed(state, &id)?, call)?;
    reworded(&mut reply.said, call, now)?;
    let reply = reply.clone();
    Ok(view(state, &reply, call).into())
}

pub(crate) fn delete(state: &mut State, _: Timestamp, call: &Call) -> Outcome {
    let id = allowed(state, call, call.path("fileId"), Role::Commenter)?;
    let reply = find_mut(changed(state, &id)?, call)?;
    own(&reply.said, call)?;
    reply.said.deleted = true;
    Ok(Answer::default())
}

/// A reply as somebody sees it.
pub(super) fn view(state: &State, reply: &Reply, call: &Call) -> Value {
    let mut whole = shown(state, &reply.said, "drive#reply", call);
    if let Some(action) = &reply.action {
        put(&mut whole, "action", action.as_str());
    }
    whole
}

/// The comment that the path names.
fn of<'a>(file: &'a DriveFile, call: &Call) -> Result<&'a Comment, ApiError> {
    let named = call.path("commentId");
    file.comments.iter().find(|comment| comment.said.id == named).ok_or_else(|| missing("Comment", named))
}

fn of_mut<'a>(file: &'a mut DriveFile, call: &Call) -> Result<&'a mut Comment, ApiError> {
    let named = call.path("commentId");
    let found = file.comments.iter_mut().find(|comment| comment.said.id == named && !comment.said.deleted);
    found.ok_or_else(|| missing("Comment", named))
}

fn find_mut<'a>(file: &'a mut DriveFile, call: &Call) -> Result<&'a mut Reply, ApiError> {
    let named = call.path("replyId");
    let found = of_mut(file, call)?.replies.iter_mut().find(|reply| reply.said.id == named && !reply.said.deleted);
    found.ok_or_else(|| missing("Reply", named))
}
