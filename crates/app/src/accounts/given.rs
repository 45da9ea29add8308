//! Credentials that an app brings itself, sealed. Which kinds there are, the schemes know.

use crate::connections::Wired;
use crate::credentials::schemes::Brought;
use crate::credentials::sealed;
use crate::{App, Result};
use valetkey_core::places::CredentialRow;
use valetkey_domain::Ctx;
use valetkey_domain::account::ConnectedAccount;
use valetkey_storage::accounts as rows;

/// What the app brought, sealed for this account. How long a provider's tokens live is unknown: they are used until it
/// refuses them. They replace the tokens of generation `over`.
pub(super) async fn seal(
    app: &App,
    ctx: &Ctx,
    wired: &Wired,
    account: &ConnectedAccount,
    over: i64,
    brought: Option<&Brought>,
) -> Result<Option<rows::Tokens>> {
    let Some(brought) = brought else { return Ok(None) };
    let row = CredentialRow::Account(account, over + 1);
    let granted = (brought.scopes.clone(), brought.expires_at);
    sealed::tokens(app, ctx, wired, row, &brought.plain, granted).await.map(Some)
}
