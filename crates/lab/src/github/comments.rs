//! Comments on issues.

use super::find::{invalid, issue, issue_mut, missing, own, page, repository, repository_mut, text};
use super::{find, view};
use crate::api::call::Call;
use crate::api::error::ApiError;
use crate::api::outcome::{Answer, Outcome};
use crate::cite;
use crate::repositories::{Comment, Repository};
use crate::state::State;
use serde_json::Value;
use valetkey_domain::Timestamp;

pub(crate) fn get(state: &State, _: Timestamp, call: &Call) -> Outcome {
    let repository = repository(state, call)?;
    let (number, comment) = named(repository, call)?;
    Ok(view::comment(state, repository, number, comment).into())
}

pub(crate) fn list(state: &State, _: Timestamp, call: &Call) -> Outcome {
    call.refuse_unplayed(&["since"])?;
    let repository = repository(state, call)?;
    let number = find::number(call)?;
    let (found, next) = page(call, issue(repository, call)?.comments.iter().collect());
    let shown: Value = found.into_iter().map(|comment| view::comment(state, repository, number, comment)).collect();
    Ok(Answer { next, ..Answer::from(shown) })
}

pub(crate) fn create(state: &mut State, now: Timestamp, call: &Call) -> Outcome {
    let body = said(call)?;
    let there = repository(state, call)?;
    let is_locked = issue(there, call)?.locked;
    if is_locked && !find::may_push(there, call) {
        let message = "Unable to create comment because issue is locked.";
        return Err(ApiError::forbidden("forbidden", message, cite::GITHUB_ISSUES));
    }
    let id = state.github.next_id();
    let made = Comment { id, author: call.caller.user.clone(), body, created: now, updated: now };
    let issue = issue_mut(repository_mut(state, call)?, call)?;
    issue.comments.push(made);
    issue.updated = now;
    Ok(Answer { made: true, ..answered(state, call, id)? })
}

pub(crate) fn update(state: &mut State, now: Timestamp, call: &Call) -> Outcome {
    let body = said(call)?;
    let id = allowed(state, call)?;
    for comment in all_mut(repository_mut(state, call)?).flatten().filter(|comment| comment.id == id) {
        (comment.body, comment.updated) = (body.clone(), now);
    }
    answered(state, call, id)
}

pub(crate) fn delete(state: &mut State, _: Timestamp, call: &Call) -> Outcome {
    let id = allowed(state, call)?;
    for comments in all_mut(repository_mut(state, call)?) {
        comments.retain(|comment| comment.id != id);
    }
    Ok(Answer::default())
}

/// The id of a comment that the caller may change.
fn allowed(state: &State, call: &Call) -> Result<u64, ApiError> {
    let repository = repository(state, call)?;
    let (_, comment) = named(repository, call)?;
    own(repository, &comment.author, call)?;
    Ok(comment.id)
}

fn all_mut(repository: &mut Repository) -> impl Iterator<Item = &mut Vec<Comment>> {
    repository.issues.values_mut().map(|issue| &mut issue.comments)
}

/// The comment that the path names, with its issue's number.
fn named<'a>(repository: &'a Repository, call: &Call) -> Result<(u64, &'a Comment), ApiError> {
    let id = call.path("comment_id").parse::<u64>().ok();
    find_by(repository, id).ok_or_else(|| missing(cite::GITHUB_COMMENTS))
}

fn find_by(repository: &Repository, id: Option<u64>) -> Option<(u64, &Comment)> {
    let issues = repository.issues.iter();
    let mut all = issues.flat_map(|(number, issue)| issue.comments.iter().map(|comment| (*number, comment)));
    all.find(|(_, comment)| Some(comment.id) == id)
}

fn answered(state: &State, call: &Call, id: u64) -> Outcome {
    let repository = repository(state, call)?;
    let (number, comment) = find_by(repository, Some(id)).ok_or_else(|| missing(cite::GITHUB_COMMENTS))?;
    Ok(view::comment(state, repository, number, comment).into())
}

fn said(call: &Call) -> Result<String, ApiError> {
    let body = text(call, "body").filter(|body| !body.trim().is_empty());
    body.ok_or_else(|| invalid("IssueComment", "body", "missing_field"))
}
