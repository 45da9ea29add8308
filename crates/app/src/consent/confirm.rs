//! The app confirms that the person who signed in is its user. Until then what the sign-in brought lies aside, where nothing
//! that calls tools looks.

use super::link::Consent;
use super::replace;
use crate::{App, Error, Result};
use serde_json::json;
use valetkey_core::journal;
use valetkey_domain::authorization::{Outcome, Stage};
use valetkey_domain::{Ctx, Kind};
use valetkey_storage::{authorizations, pending_credentials};

/// The most bytes of a request's name that are looked at.
const LONGEST: usize = 1000;

/// How often another user's word is refused by what it is; beyond that the request counts as none.
const REFUSALS: i64 = 10;

/// A confirmed sign-in.
#[derive(Clone, Debug)]
pub struct Confirmed {
    /// Where the person's browser may go on to.
    pub go_on_to: String,
}

/// Confirms a sign-in: `request` is what the person's browser brought to the app, `identifier` the app's name for whoever sits
/// at that browser. It counts once.
///
/// # Errors
/// `INVALID_ARGUMENT`: no request has such a name. `NOT_FOUND`: this one is unknown, used, too old or another
/// environment's. `PERMISSION_DENIED`: its link was made for another user; nothing has changed.
pub async fn confirm(app: &App, ctx: &Ctx, request: &str, identifier: &str) -> Result<Confirmed> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_' || c == '=';
    if request.is_empty() || request.len() > LONGEST || !request.chars().all(plain) {
        return Err(Error::invalid(
            "auth_request_id is none: it is the text that came to your user_verify_url, unchanged",
        ));
    }
    let id = app.core.keyring.request_check(&ctx.environment, request).await?.ok_or_else(unknown)?;
    let consent = Consent::load(app, ctx.clone(), &id).await.map_err(|_| unknown())?;
    let Stage::Done { outcome: asked @ Outcome::Unconfirmed, .. } = &consent.authorization.stage else {
        return Err(unknown());
    };
    let waiting = pending_credentials::get(ctx, &mut app.core.store.glance().await?, &id, app.core.now()).await?;
    let waiting = waiting.ok_or_else(unknown)?;
    if consent.account.owner.identifier.as_str() != identifier {
        refused(app, &consent).await?;
        let message = "the link was made for another user than the one who is signed in to your app: nobody was connected. \
                       Have the user ask for a link of their own";
        return Err(Error::new(Kind::PermissionDenied, message));
    }
    if !replace::take_new(app, &consent, asked, waiting).await? {
        return Err(unknown());
    }
    Ok(Confirmed { go_on_to: app.core.settings.public(&format!("/connect/done/{id}")) })
}

/// Records that another user's word was given, so often and no more: whoever has the name can bring it again and again.
async fn refused(app: &App, Consent { ctx, authorization, account, .. }: &Consent) -> Result<()> {
    let mut change = app.core.change(ctx).await?;
    if !authorizations::count_try(ctx, &mut change, &authorization.id, REFUSALS).await? {
        return Err(unknown());
    }
    let detail = journal::detail([("why", json!("another identifier was given"))]);
    change.record("account.confirmation_refused", account.id.as_str(), detail).await?.commit().await
}

/// The same answer whatever the reason, so that nothing can be learnt from it.
fn unknown() -> Error {
    Error::new(Kind::NotFound, "auth request not found or no longer valid")
}

#[cfg(test)]
mod tests;
