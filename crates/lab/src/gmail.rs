//! Gmail over mailboxes that rest as RFC 5322 texts: what the API shows is read from them at each call.
//!
//! Read `operations.rs` for what is played, `mime.rs` for how a text becomes Google's form, `search.rs` for `q`, `send.rs`
//! for what is accepted.

mod attachments;
mod change;
mod drafts;
mod filters;
mod headers;
mod history;
mod insert;
mod labels;
mod matching;
mod messages;
mod mime;
pub(crate) mod operations;
mod profile;
pub(crate) mod raw;
mod search;
pub(crate) mod send;
mod settings;
mod threading;
mod threads;
mod tokens;

use crate::api::call::Call;
use crate::api::error::ApiError;
use crate::cite;
use crate::oauth::scopes::GMAIL_METADATA;
use crate::state::{Mail, State, User};
use serde_json::{Value, json};

/// A message in a few members, for the lab's keeper.
pub(crate) fn summary(mail: &Mail) -> Value {
    let message = mime::parse(&mail.raw);
    let shown = |address: Option<&mail_parser::Address<'_>>| {
        let listed = address.into_iter().flat_map(mail_parser::Address::iter);
        listed.filter_map(|one| one.address.as_deref().map(str::to_owned)).collect::<Vec<_>>()
    };
    json!({
        "id": mail.id,
        "thread": mail.thread,
        "at": mail.at.to_string(),
        "from": shown(message.from()),
        "to": shown(message.to()),
        "cc": shown(message.cc()),
        "bcc": shown(message.bcc()),
        "subject": message.subject(),
        "text": message.body_text(0),
    })
}

/// The mailbox that the path names: the caller's own, as `me` or by its address.
fn mailbox<'a>(state: &'a State, call: &Call) -> Result<&'a User, ApiError> {
    let named = call.path("userId");
    let user = state.user(&call.caller.user).ok_or_else(ApiError::bad_credentials)?;
    if named == "me" || named.eq_ignore_ascii_case(&user.email) {
        return Ok(user);
    }
    let said = format!("Delegation denied for {}", user.email);
    Err(ApiError::forbidden("forbidden", said, cite::GMAIL_ERRORS))
}

/// The same, to be changed.
fn owned<'a>(state: &'a mut State, call: &Call) -> Result<&'a mut User, ApiError> {
    let email = mailbox(state, call)?.email.clone();
    state.user_mut(&email).ok_or_else(ApiError::bad_credentials)
}

/// The message of this id.
fn mail<'a>(user: &'a User, id: &str) -> Result<&'a Mail, ApiError> {
    if id.is_empty() || id.len() > 16 || !id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(ApiError::invalid("Invalid id value", cite::GMAIL_ERRORS));
    }
    user.mail.iter().find(|mail| mail.id == id).ok_or_else(missing)
}

/// There is no such message or thread.
fn missing() -> ApiError {
    ApiError::not_found("Requested entity was not found.", cite::GMAIL_ERRORS)
}

/// Whether the token sees headers only: it has the metadata scope and none that shows more.
fn headers_only(call: &Call) -> bool {
    let wider = ["https://mail.google.com/", ".modify", ".readonly"];
    let scopes = &call.caller.scopes;
    scopes.contains(GMAIL_METADATA)
        && !scopes.iter().any(|scope| scope.contains("mail") && wider.iter().any(|end| scope.ends_with(end)))
}
