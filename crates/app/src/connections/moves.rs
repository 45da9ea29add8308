//! Who may move a connection: its endpoints, its scopes and whose OAuth client it is decide who is given users' tokens,
//! and what those can do.

use super::wired::Wired;
use crate::{App, Error, Result};
use std::collections::BTreeSet;
use valetkey_core::rights;
use valetkey_domain::{Ctx, Kind};

/// What differs between the two and decides where tokens go, by the API's names. Saying again what stands, or what the
/// connector says itself, moves nothing; nor does the first client id, without which nobody could sign in.
pub(super) fn between(old: &Wired, new: &Wired) -> Vec<&'static str> {
    let pairs = old.endpoints.named().into_iter().zip(new.endpoints.named());
    let mut moved: Vec<_> = pairs.filter(|(old, new)| old != new).map(|((name, _), _)| name).collect();
    if scopes(old) != scopes(new) {
        moved.push("scopes");
    }
    let (was, is) = (&old.connection.settings.client_id, &new.connection.settings.client_id);
    if was.is_some() && was != is {
        moved.push("client_id");
    }
    moved
}

/// Refuses what the caller may not move. `of` is what it belongs to, in words.
///
/// # Errors
/// `PERMISSION_DENIED`, naming what would be moved and the scope that it takes.
pub(super) async fn check(app: &App, ctx: &Ctx, of: &str, moved: &[&str]) -> Result<()> {
    if moved.is_empty() || rights::directs_secrets(&app.core, ctx).await? {
        return Ok(());
    }
    let message = format!(
        "this API client may not decide {} of {of}: that says who is given users' tokens, and it lacks '{}'. A client with \
         that scope can, and for a connection the operator (valetkey connection update)",
        moved.join(", "),
        rights::SECRETS_SCOPE
    );
    Err(Error::new(Kind::PermissionDenied, message))
}

fn scopes(wired: &Wired) -> BTreeSet<String> {
    wired.scopes().into_iter().collect()
}

#[cfg(test)]
mod tests;
