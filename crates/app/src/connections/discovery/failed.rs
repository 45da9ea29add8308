//! What is said where it was not found out how people sign in.

use crate::Error;
use crate::connections::wired::Wired;
use valetkey_domain::Kind;

/// `FAILED_PRECONDITION`, with what is wrong, where, and what to do.
pub(super) fn failed(wired: &Wired, why: &str) -> Error {
    let (app, name) = (&wired.connector.display_name, &wired.connection.name);
    let message = format!(
        "it could not be found out how people sign in at {app} (connection '{name}'): {why}. Try again in a moment; if it \
         lasts, give the connection the endpoints and a client of its own"
    );
    Error::new(Kind::FailedPrecondition, message)
}
