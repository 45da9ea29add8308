//! How people, issues, comments and labels are shown.

use crate::api::call::Call;
use crate::api::error::ApiError;
use crate::api::outcome::Outcome;
use crate::repositories::{Comment, Issue, Label, Repository};
use crate::state::State;
use serde_json::{Value, json};
use valetkey_domain::Timestamp;

/// Somebody's login: their address up to the `@`.
pub(super) fn login(email: &str) -> &str {
    email.split('@').next().unwrap_or(email)
}

/// Whose the token is.
pub(super) fn me(state: &State, _: Timestamp, call: &Call) -> Outcome {
    let user = state.user(&call.caller.user).ok_or_else(ApiError::bad_credentials)?;
    let mut shown = person(state, &user.email);
    crate::json::put(&mut shown, "name", user.name.as_str());
    Ok(shown.into())
}

/// A person; their id is how many there were before them.
fn person(state: &State, email: &str) -> Value {
    let before = state.users.iter().position(|user| user.email == email);
    let login = login(email);
    json!({
        "login": login, "id": before.map(|before| before + 1), "type": "User", "site_admin": false,
        "html_url": format!("https://github.com/{login}"), "url": format!("https://api.github.com/users/{login}"),
    })
}

/// A moment to the second, as GitHub has it.
fn moment(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn address(repository: &Repository) -> String {
    format!("{}/{}", login(&repository.owner), repository.name)
}

pub(super) fn issue(state: &State, repository: &Repository, number: u64, issue: &Issue) -> Value {
    let at = address(repository);
    let labels = issue.labels.iter().filter_map(|name| repository.labels.get(name));
    let assignees: Vec<Value> = issue.assignees.iter().map(|email| person(state, email)).collect();
    let (closed_at, closed_by) = match &issue.closed {
        Some((at, by)) => (json!(moment(*at)), person(state, by)),
        None => (Value::Null, Value::Null),
    };
    json!({
        "id": issue.id, "number": number, "title": issue.title, "body": issue.body,
        "state": if issue.closed.is_some() { "closed" } else { "open" }, "state_reason": issue.reason,
        "user": person(state, &issue.author), "labels": labels.map(|one| label(repository, one)).collect::<Vec<_>>(),
        "assignee": assignees.first(), "assignees": assignees, "milestone": null, "comments": issue.comments.len(),
        "locked": issue.locked, "created_at": moment(issue.created), "updated_at": moment(issue.updated),
        "closed_at": closed_at, "closed_by": closed_by,
        "html_url": format!("https://github.com/{at}/issues/{number}"),
        "url": format!("https://api.github.com/repos/{at}/issues/{number}"),
    })
}

pub(super) fn comment(state: &State, repository: &Repository, number: u64, comment: &Comment) -> Value {
    let (at, id) = (address(repository), comment.id);
    json!({
        "id": id, "body": comment.body, "user": person(state, &comment.author), "author_association": "NONE",
        "created_at": moment(comment.created), "updated_at": moment(comment.updated),
        "html_url": format!("https://github.com/{at}/issues/{number}#issuecomment-{id}"),
        "url": format!("https://api.github.com/repos/{at}/issues/comments/{id}"),
        "issue_url": format!("https://api.github.com/repos/{at}/issues/{number}"),
    })
}

pub(super) fn label(repository: &Repository, label: &Label) -> Value {
    json!({
        "id": label.id, "name": label.name, "color": label.color, "description": label.description, "default": false,
        "url": format!("https://api.github.com/repos/{}/labels/{}", address(repository), label.name),
    })
}
