//! A provider that gave a refresh token once often gives none again at a second consent of the same person: then the first
//! one goes on being good, and is kept.

use super::exchange::{Exchange, Granted};
use crate::credentials::sealed;
use crate::{Error, Result};
use valetkey_core::places::CredentialRow;
use valetkey_domain::account::{ConnectedAccount, Status};
use valetkey_domain::{Kind, Secret};
use valetkey_storage::accounts::{Lease, Subject};

/// The account's refresh token, if none was brought and the one that it has is of the same, known person and good as far
/// as known. While it is out for a refresh it may be spent by it: that one's end is waited for.
pub(super) async fn refresh_token(
    exchange: &Exchange,
    granted: &Granted,
    account: &ConnectedAccount,
    before: Option<&Subject>,
    lease: &Lease,
) -> Result<Option<Secret<str>>> {
    let (app, consent) = (&exchange.app, &exchange.consent);
    let same = before.zip(granted.subject.as_ref()).is_some_and(|(before, now)| before.id == now.id);
    let audience = consent.wired.audience(account);
    let usable = account.status == Status::Active && same && granted.plain.refresh_token.is_none();
    let Some(held) = account.credential.as_ref().filter(|held| usable && held.refreshable) else { return Ok(None) };
    if held.audience != audience || lease.lost_at.is_some() {
        return Ok(None);
    }
    if lease.until.is_some_and(|until| until > app.core.now()) {
        return Err(Error::new(Kind::Unavailable, "the account is being refreshed: the end of that is waited for"));
    }
    let row = CredentialRow::Account(account, held.generation);
    match sealed::open(app, &consent.ctx, row, &audience, &held.sealed).await {
        Ok(plain) => Ok(plain.refresh_token),
        Err(error) => {
            tracing::warn!(account = %account.id, cause = ?error, "the earlier refresh token can't be opened: none is kept");
            Ok(None)
        }
    }
}
