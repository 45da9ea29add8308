//! Calendar: one primary calendar per user, events as their organisers wrote them, and what each viewer sees of them.
//!
//! Read `view.rs` for how an event is shown, `rules.rs` for what is refused, `recurrence.rs` for instances.

mod calendars;
mod delete;
mod events;
mod find;
mod invitation;
mod list;
pub(crate) mod operations;
mod patch;
mod recurrence;
mod rules;
pub(crate) mod times;
mod view;

use crate::api::call::Call;
use crate::api::error::ApiError;
use crate::cite;
use crate::state::{State, User};

/// The calendar that the path names: the caller's primary one, which is the only one there is.
fn owner<'a>(state: &'a State, call: &Call) -> Result<&'a User, ApiError> {
    let named = call.path("calendarId");
    let user = state.user(&call.caller.user).ok_or_else(ApiError::bad_credentials)?;
    if named == "primary" || named.eq_ignore_ascii_case(&user.email) {
        return Ok(user);
    }
    Err(missing())
}

/// There is no such calendar or event, or none that the caller may know of.
fn missing() -> ApiError {
    ApiError::not_found("Not Found", cite::CALENDAR_ERRORS)
}
