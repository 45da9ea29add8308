//! Calendar: a primary calendar per user with events as their organisers wrote them, and what each viewer sees of them;
//! calendars beside it, the list of calendars, and who may see them.
//!
//! Read `view.rs` for how an event is shown, `rules.rs` for what is refused, `recurrence.rs` for instances.

mod busy;
mod calendars;
mod delete;
mod events;
mod find;
mod invitation;
mod list;
mod listed;
pub(crate) mod operations;
mod patch;
mod recurrence;
mod rules;
mod secondary;
mod sharing;
pub(crate) mod times;
mod view;

use crate::api::call::Call;
use crate::api::error::ApiError;
use crate::cite;
use crate::state::{State, User};

/// The entity tag of what has none of its own here.
const ETAG: &str = "\"lab-1\"";

/// Whose calendar the path names, for its events: the caller's primary one. Those beside it have none in this lab.
fn owner<'a>(state: &'a State, call: &Call) -> Result<&'a User, ApiError> {
    let named = call.path("calendarId");
    let user = state.user(&call.caller.user).ok_or_else(ApiError::bad_credentials)?;
    if named == "primary" || named.eq_ignore_ascii_case(&user.email) {
        return Ok(user);
    }
    if user.agenda.calendars.contains_key(named) {
        return Err(ApiError::unplayed_parameter(&call.operation, "calendarId"));
    }
    Err(missing())
}

/// Who calls.
fn caller<'a>(state: &'a State, call: &Call) -> Result<&'a User, ApiError> {
    state.user(&call.caller.user).ok_or_else(ApiError::bad_credentials)
}

/// The same, to be changed.
fn caller_mut<'a>(state: &'a mut State, call: &Call) -> Result<&'a mut User, ApiError> {
    state.user_mut(&call.caller.user).ok_or_else(ApiError::bad_credentials)
}

/// The id of a calendar of this user's own.
fn own_id(user: &User, named: &str) -> Result<String, ApiError> {
    if named == "primary" || named.eq_ignore_ascii_case(&user.email) {
        return Ok(user.email.clone());
    }
    if user.agenda.calendars.contains_key(named) { Ok(named.to_owned()) } else { Err(missing()) }
}

/// There is no such calendar or event, or none that the caller may know of.
fn missing() -> ApiError {
    ApiError::not_found("Not Found", cite::CALENDAR_ERRORS)
}
