//! Revoking at the provider what an account held, when it is ended here. It is tried once: an account is ended here
//! whatever the provider says, and the journal keeps what it said.

use super::oauth;
use super::sealed;
use crate::connections::{self, Wired};
use crate::{App, Result};
use valetkey_core::places::CredentialRow;
use valetkey_domain::Ctx;
use valetkey_domain::account::ConnectedAccount;
use valetkey_outbound::oauth::{self as endpoint, Revocation, Revoked, TokenIn};
use valetkey_storage::accounts as rows;

/// What became of an account's tokens at the provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AtProvider {
    /// They are revoked.
    Revoked,
    /// There were none.
    Nothing,
    /// The provider offers no revocation.
    NotOffered,
    /// They were left alone: another account here may live on the same grant, which a revocation would end as a whole.
    Shared,
    /// It was tried and did not work; the tokens may live on until the person withdraws them there.
    Failed,
}

impl AtProvider {
    /// The word in the journal.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Revoked => "revoked",
            Self::Nothing => "nothing_to_revoke",
            Self::NotOffered => "not_offered",
            Self::Shared => "left_because_shared",
            Self::Failed => "failed",
        }
    }
}

/// Revokes an account's tokens, in a task that goes on if the caller is dropped.
pub(crate) async fn at_provider(app: &App, ctx: &Ctx, wired: &Wired, account: &ConnectedAccount) -> AtProvider {
    let (at, context, wired) = (app.clone(), ctx.clone(), wired.clone());
    let (account, id) = (account.clone(), account.id.clone());
    let task = app.core.tasks.spawn(async move { attempt(&at, &context, &wired, &account).await });
    match task.await {
        Ok(Ok(became)) => became,
        Ok(Err(error)) => {
            tracing::warn!(account = %id, cause = ?error, "tokens were not revoked at the provider");
            AtProvider::Failed
        }
        Err(_) => AtProvider::Failed,
    }
}

async fn attempt(app: &App, ctx: &Ctx, wired: &Wired, account: &ConnectedAccount) -> Result<AtProvider> {
    let Some(held) = &account.credential else { return Ok(AtProvider::Nothing) };
    let (Some(rule), Some(url)) = (&wired.oauth().revoke, &wired.endpoints.revoke_url) else {
        return Ok(AtProvider::NotOffered);
    };
    if shared(app, ctx, wired, account).await? {
        return Ok(AtProvider::Shared);
    }
    let audience = wired.audience();
    if held.audience != audience {
        return Ok(AtProvider::Failed);
    }
    let row = CredentialRow::Account(account, held.generation);
    let plain = sealed::open(app, ctx, row, &audience, &held.sealed).await?;
    // A refresh token's end is the end of the grant; an access token's may be of that token alone.
    let token = plain.refresh_token.as_ref().unwrap_or(&plain.access_token);
    let client = oauth::Endpoint::of(wired)?;
    // Without it the provider can still be asked; it goes nowhere that it was not given for.
    let secret = connections::client_secret(app, wired).await;
    let client = secret.as_ref().ok().map(|secret| client.client(secret.as_ref()));
    let outbound = app.core.outbound.of(&wired.connection.environment);
    let revocation = Revocation { url, method: rule.method.clone(), token_in: TokenIn::Form(&rule.field), token };
    Ok(match endpoint::revoke(&outbound, &revocation, client.as_ref()).await {
        Revoked::Revoked => AtProvider::Revoked,
        Revoked::NotThere => AtProvider::NotOffered,
        failed @ (Revoked::Refused { .. } | Revoked::Unreachable { .. }) => {
            tracing::warn!(account = %account.id, %failed, "the provider did not revoke");
            AtProvider::Failed
        }
    })
}

/// Whether another account that holds tokens may live on the same grant: the same OAuth client at the same provider,
/// and the same person there or one that is unknown.
async fn shared(app: &App, ctx: &Ctx, wired: &Wired, account: &ConnectedAccount) -> Result<bool> {
    let mut tx = app.core.store.read().await?;
    let siblings = rows::maybe_sharing(ctx, &mut tx, Some(&account.id), account.subject.as_deref()).await?;
    drop(tx);
    let own = client_of(wired);
    for sibling in siblings {
        let theirs = Wired::of(app, connections::get(app, ctx, &sibling).await?)?;
        if client_of(&theirs) == own {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Which OAuth client at which provider.
fn client_of(wired: &Wired) -> (Option<String>, Option<&str>) {
    (connections::origin(&wired.endpoints.token_url), wired.connection.settings.client_id.as_deref())
}

#[cfg(test)]
mod tests {
    use crate::connections::Wired;
    use crate::provider::{HOUR, there};
    use crate::{accounts, connections};
    use valetkey_domain::Secret;
    use valetkey_domain::connection::{Connection, Settings};

    #[tokio::test]
    async fn attack_59_the_client_secret_goes_to_no_revocation_endpoint_that_it_was_not_given_for() {
        let mut there = there("{rotates: false, lost_answer: retry_now}").await;
        let (app, ctx) = (there.app.clone(), there.ctx.clone());
        let settings =
            Settings { revoke_url: Some(format!("{}/refuses", there.elsewhere)), ..there.connection.settings.clone() };
        // Behind our back, as somebody with the database could: the seal alone has to hold.
        let edited = Connection { settings: settings.clone(), ..there.connection.clone() };
        assert!(connections::client_secret(&app, &Wired::with(there.connector.clone(), edited)).await.is_err());
        // By the front door, without the secret and with it.
        let moved = connections::Change { settings: Some(settings), ..connections::Change::default() };
        there.connection = connections::update(&app, &ctx, &there.connection, moved).await.unwrap();
        assert!(there.connection.client_secret.is_none());
        let given =
            connections::Change { client_secret: Some(Secret::from("hunter2")), ..connections::Change::default() };
        there.connection = connections::update(&app, &ctx, &there.connection, given).await.unwrap();
        there.sign_in(HOUR).await;
        accounts::delete(&app, &ctx, &accounts::Which::Id(there.account.id.clone())).await.unwrap();
        let asked = there.provider.asked("/refuses");
        assert!(asked.len() == 3 && asked[1].contains("client_secret=hunter2"), "{asked:?}");
    }
}
