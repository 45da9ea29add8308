//! `issues`.

use super::find::{invalid, issue, issue_mut, known, may_push, need_push, own, page, repository, repository_mut, text};
use super::{find, labels, view};
use crate::api::call::Call;
use crate::api::error::ApiError;
use crate::api::outcome::{Answer, Outcome};
use crate::cite;
use crate::repositories::{Issue, Repository};
use crate::state::State;
use serde_json::Value;
use std::cmp::Reverse;
use std::collections::BTreeSet;
use valetkey_domain::Timestamp;

pub(crate) fn get(state: &State, _: Timestamp, call: &Call) -> Outcome {
    let repository = repository(state, call)?;
    Ok(view::issue(state, repository, find::number(call)?, issue(repository, call)?).into())
}

pub(crate) fn list(state: &State, _: Timestamp, call: &Call) -> Outcome {
    call.refuse_unplayed(&["milestone", "mentioned", "since", "type"])?;
    let repository = repository(state, call)?;
    let wanted = |(_, issue): &(&u64, &Issue)| fits(state, issue, call);
    let mut found: Vec<(&u64, &Issue)> = repository.issues.iter().filter(wanted).collect();
    match call.query("sort") {
        Some("updated") => found.sort_by_key(|(number, issue)| Reverse((issue.updated, **number))),
        Some("comments") => found.sort_by_key(|(number, issue)| Reverse((issue.comments.len(), **number))),
        _ => found.sort_by_key(|(number, _)| Reverse(**number)),
    }
    if call.query("direction") == Some("asc") {
        found.reverse();
    }
    let (found, next) = page(call, found);
    let shown: Value =
        found.into_iter().map(|(number, issue)| view::issue(state, repository, *number, issue)).collect();
    Ok(Answer { next, ..Answer::from(shown) })
}

fn fits(state: &State, issue: &Issue, call: &Call) -> bool {
    let in_state = match call.query("state") {
        Some("all") => true,
        Some("closed") => issue.closed.is_some(),
        _ => issue.closed.is_none(),
    };
    let mut named = call.query("labels").unwrap_or_default().split(',').filter(|name| !name.is_empty());
    let labelled = named.all(|name| issue.labels.contains(&name.to_lowercase()));
    let is = |name: &str, email: &String| known(state, name).is_some_and(|user| user.email == *email);
    let by = call.query("creator").is_none_or(|name| is(name, &issue.author));
    let assigned = match call.query("assignee") {
        None => true,
        Some("none") => issue.assignees.is_empty(),
        Some("*") => !issue.assignees.is_empty(),
        Some(name) => issue.assignees.iter().any(|email| is(name, email)),
    };
    in_state && labelled && by && assigned
}

pub(crate) fn create(state: &mut State, now: Timestamp, call: &Call) -> Outcome {
    unplayed(call)?;
    let title = title(call)?.ok_or_else(|| invalid("Issue", "title", "missing_field"))?;
    // Who may not push is not refused: what they may not set is left out.
    let pushes = may_push(repository(state, call)?, call);
    let assignees = if pushes { assignees(state, call)?.unwrap_or_default() } else { BTreeSet::new() };
    let labels = if pushes { labels::named(state, call)?.unwrap_or_default() } else { BTreeSet::new() };
    let id = state.github.next_id();
    let repository = repository_mut(state, call)?;
    let number = repository.issues.keys().last().map_or(1, |last| last + 1);
    let author = call.caller.user.clone();
    let body = text(call, "body");
    let made = Issue {
        id,
        author,
        title,
        body,
        reason: None,
        closed: None,
        locked: false,
        labels,
        assignees,
        created: now,
        updated: now,
        comments: Vec::new(),
    };
    repository.issues.insert(number, made);
    Ok(Answer { made: true, ..answered(state, call, number)? })
}

pub(crate) fn update(state: &mut State, now: Timestamp, call: &Call) -> Outcome {
    unplayed(call)?;
    let there = repository(state, call)?;
    own(there, &issue(there, call)?.author, call)?;
    let title = title(call)?;
    let pushes = may_push(there, call);
    let assignees = if pushes { assignees(state, call)? } else { None };
    let labels = if pushes { labels::named(state, call)? } else { None };
    let number = find::number(call)?;
    let issue = issue_mut(repository_mut(state, call)?, call)?;
    let given = call.members();
    issue.title = title.unwrap_or_else(|| std::mem::take(&mut issue.title));
    if given.contains_key("body") {
        issue.body = text(call, "body");
    }
    match given.get("state").and_then(Value::as_str) {
        Some("closed") => {
            issue.reason = Some(text(call, "state_reason").unwrap_or_else(|| "completed".to_owned()));
            issue.closed.get_or_insert_with(|| (now, call.caller.user.clone()));
        }
        Some("open") if issue.closed.take().is_some() => issue.reason = Some("reopened".to_owned()),
        _ => {}
    }
    issue.assignees = assignees.unwrap_or_else(|| std::mem::take(&mut issue.assignees));
    issue.labels = labels.unwrap_or_else(|| std::mem::take(&mut issue.labels));
    issue.updated = now;
    answered(state, call, number)
}

pub(crate) fn lock(state: &mut State, now: Timestamp, call: &Call) -> Outcome {
    locked(state, now, call, true)
}

pub(crate) fn unlock(state: &mut State, now: Timestamp, call: &Call) -> Outcome {
    locked(state, now, call, false)
}

fn locked(state: &mut State, now: Timestamp, call: &Call, locked: bool) -> Outcome {
    let repository = repository_mut(state, call)?;
    need_push(repository, call)?;
    let issue = issue_mut(repository, call)?;
    (issue.locked, issue.updated) = (locked, now);
    Ok(Answer::default())
}

pub(crate) fn assign(state: &mut State, now: Timestamp, call: &Call) -> Outcome {
    Ok(Answer { made: true, ..reassigned(state, now, call, |assigned, named| assigned.extend(named))? })
}

pub(crate) fn unassign(state: &mut State, now: Timestamp, call: &Call) -> Outcome {
    reassigned(state, now, call, |assigned, named| assigned.retain(|email| !named.contains(email)))
}

fn reassigned(
    state: &mut State,
    now: Timestamp,
    call: &Call,
    change: impl FnOnce(&mut BTreeSet<String>, BTreeSet<String>),
) -> Outcome {
    need_push(repository(state, call)?, call)?;
    let named = assignees(state, call)?.unwrap_or_default();
    let issue = issue_mut(repository_mut(state, call)?, call)?;
    change(&mut issue.assignees, named);
    issue.updated = now;
    answered(state, call, find::number(call)?)
}

fn answered(state: &State, call: &Call, number: u64) -> Outcome {
    let repository: &Repository = repository(state, call)?;
    Ok(view::issue(state, repository, number, issue_of(repository, number)?).into())
}

fn issue_of(repository: &Repository, number: u64) -> Result<&Issue, ApiError> {
    repository.issues.get(&number).ok_or_else(|| find::missing(cite::GITHUB_ISSUES))
}

/// The title that is given, which GitHub takes as a number too.
fn title(call: &Call) -> Result<Option<String>, ApiError> {
    let title = match call.members().get("title") {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(title)) => title.clone(),
        Some(other) => other.to_string(),
    };
    if title.trim().is_empty() { Err(invalid("Issue", "title", "missing_field")) } else { Ok(Some(title)) }
}

/// The people that are named, who are all there.
fn assignees(state: &State, call: &Call) -> Result<Option<BTreeSet<String>>, ApiError> {
    let Some(Value::Array(named)) = call.members().get("assignees").cloned() else { return Ok(None) };
    let email = |login: &Value| known(state, login.as_str()?).map(|user| user.email.clone());
    let found = named.iter().map(|login| email(login).ok_or_else(|| invalid("Issue", "assignees", "invalid")));
    found.collect::<Result<_, _>>().map(Some)
}

fn unplayed(call: &Call) -> Result<(), ApiError> {
    let members = call.members();
    let given = |name: &&&str| members.get(**name).is_some_and(|value| !value.is_null());
    match ["milestone", "type", "assignee"].iter().find(given) {
        Some(name) => Err(ApiError::unplayed_parameter(&call.operation, name)),
        None => Ok(()),
    }
}
