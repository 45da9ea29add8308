//! What a path names, and what the caller may do with it. GitHub says that there is no such thing where somebody may not do
//! what they ask for, and means it of repositories too.

use super::view::login;
use crate::api::call::Call;
use crate::api::caller::Caller;
use crate::api::error::ApiError;
use crate::cite;
use crate::repositories::{Issue, Repository};
use crate::state::{State, User};
use http::{HeaderMap, HeaderValue};
use serde_json::Value;
use valetkey_vendor::Operation;

/// The scopes of which any allows it to change a public repository.
const SCOPES: [&str; 2] = ["repo", "public_repo"];
/// The most of a page.
const MOST: usize = 100;

/// Lets in who may: what is public is anybody's to read.
pub(crate) fn admit(caller: &Caller, operation: &Operation) -> Result<(), ApiError> {
    let covered = SCOPES.iter().any(|scope| caller.scopes.contains(*scope));
    if operation.method == "GET" || covered { Ok(()) } else { Err(missing(cite::GITHUB_SCOPES)) }
}

/// Says which scopes the token has, and which of them would do.
pub(crate) fn name_scopes(caller: &Caller, operation: &Operation, headers: &mut HeaderMap) {
    let has = caller.scopes.iter().cloned().collect::<Vec<_>>().join(", ");
    let wants = if operation.method == "GET" { String::new() } else { SCOPES.join(", ") };
    for (name, scopes) in [("x-oauth-scopes", has), ("x-accepted-oauth-scopes", wants)] {
        if let Ok(scopes) = HeaderValue::from_str(&scopes) {
            headers.insert(name, scopes);
        }
    }
}

pub(super) fn missing(page: &str) -> ApiError {
    ApiError::not_found("Not Found", page)
}

/// What GitHub says of a value that it does not take.
pub(super) fn invalid(what: &str, field: &str, code: &str) -> ApiError {
    ApiError::validation(what, field, code, cite::GITHUB_ISSUES)
}

fn key(call: &Call) -> String {
    format!("{}/{}", call.path("owner"), call.path("repo")).to_lowercase()
}

pub(super) fn repository<'a>(state: &'a State, call: &Call) -> Result<&'a Repository, ApiError> {
    state.github.by_name.get(&key(call)).ok_or_else(|| missing(cite::GITHUB_ISSUES))
}

pub(super) fn repository_mut<'a>(state: &'a mut State, call: &Call) -> Result<&'a mut Repository, ApiError> {
    state.github.by_name.get_mut(&key(call)).ok_or_else(|| missing(cite::GITHUB_ISSUES))
}

pub(super) fn number(call: &Call) -> Result<u64, ApiError> {
    call.path("issue_number").parse().map_err(|_| missing(cite::GITHUB_ISSUES))
}

pub(super) fn issue<'a>(repository: &'a Repository, call: &Call) -> Result<&'a Issue, ApiError> {
    repository.issues.get(&number(call)?).ok_or_else(|| missing(cite::GITHUB_ISSUES))
}

pub(super) fn issue_mut<'a>(repository: &'a mut Repository, call: &Call) -> Result<&'a mut Issue, ApiError> {
    repository.issues.get_mut(&number(call)?).ok_or_else(|| missing(cite::GITHUB_ISSUES))
}

/// Whether the caller may push: the owner alone.
pub(super) fn may_push(repository: &Repository, call: &Call) -> bool {
    repository.owner == call.caller.user
}

/// # Errors
/// The caller is neither the owner nor who made it.
pub(super) fn own(repository: &Repository, author: &str, call: &Call) -> Result<(), ApiError> {
    if may_push(repository, call) || author == call.caller.user {
        return Ok(());
    }
    Err(ApiError::forbidden("forbidden", "Must have admin rights to Repository.", cite::GITHUB_ISSUES))
}

/// # Errors
/// The caller may not push.
pub(super) fn need_push(repository: &Repository, call: &Call) -> Result<(), ApiError> {
    if may_push(repository, call) { Ok(()) } else { Err(missing(cite::GITHUB_ISSUES)) }
}

/// Who has this login.
pub(super) fn known<'a>(state: &'a State, named: &str) -> Option<&'a User> {
    state.users.iter().find(|user| login(&user.email).eq_ignore_ascii_case(named))
}

/// A member of the body that is a text; null is none.
pub(super) fn text(call: &Call, name: &str) -> Option<String> {
    call.members().get(name).and_then(Value::as_str).map(str::to_owned)
}

/// The elements of the page that is asked for, and the address of the next one where there is one.
pub(super) fn page<T>(call: &Call, all: Vec<T>) -> (Vec<T>, Option<String>) {
    let size = call.page_size("per_page", 30, MOST);
    let page = call.query("page").and_then(|text| text.parse::<usize>().ok()).unwrap_or(1).max(1);
    let end = page.saturating_mul(size);
    let next = (all.len() > end).then(|| {
        let mut others = form_urlencoded::Serializer::new(String::new());
        others.extend_pairs(call.query.iter().filter(|(name, _)| name != "page"));
        format!("https://api.github.com/next?{}", others.append_pair("page", &(page + 1).to_string()).finish())
    });
    (all.into_iter().skip(end - size).take(size).collect(), next)
}
