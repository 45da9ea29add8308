//! Tokens of consents that wait for a person's word about an account, when the app itself gives it others: nobody will
//! take them, so they end at the provider.

use crate::connections::Wired;
use crate::credentials::revocations;
use crate::credentials::revoke::{self, Ready};
use crate::{App, Result};
use serde_json::{Map, Value, json};
use valetkey_core::journal;
use valetkey_core::places::CredentialRow;
use valetkey_domain::Ctx;
use valetkey_domain::account::ConnectedAccount;
use valetkey_domain::id::AuthorizationId;
use valetkey_storage::{Tx, pending_credentials};

/// What waits, made ready to be revoked.
#[derive(Default)]
pub(super) struct Waiting(Vec<(AuthorizationId, Ready)>);

impl Waiting {
    /// What waits for a word about this account.
    pub(super) async fn of(app: &App, ctx: &Ctx, wired: &Wired, account: &ConnectedAccount) -> Result<Self> {
        let waiting = pending_credentials::of_account(ctx, &mut app.core.store.glance().await?, &account.id).await?;
        let mut all = Vec::with_capacity(waiting.len());
        for (id, pending) in waiting {
            let (row, tokens) = (CredentialRow::Pending(&id, account), &pending.tokens);
            let subject = pending.subject.as_ref().map(|subject| subject.id.as_str());
            let ready =
                revoke::sealed_in(app, ctx, Some(wired), row, &tokens.audience, &tokens.sealed, subject).await?;
            all.push((id, ready));
        }
        Ok(Self(all))
    }

    /// Removes them here, with what is then to be done at the provider. One that its person has chosen meanwhile is none
    /// of these any more.
    pub(super) async fn end(&mut self, ctx: &Ctx, tx: &mut Tx) -> Result<()> {
        let mut ended = Vec::with_capacity(self.0.len());
        for (id, ready) in self.0.drain(..) {
            if pending_credentials::delete(ctx, tx, &id).await? {
                ready.insert(ctx, tx).await?;
                ended.push((id, ready));
            }
        }
        self.0 = ended;
        Ok(())
    }

    /// What the journal says of each.
    pub(super) fn told(&self) -> impl Iterator<Item = (&AuthorizationId, Map<String, Value>)> {
        self.0.iter().map(|(id, ready)| {
            let word = json!(ready.at_provider().as_str());
            (id, journal::detail([("at_provider", word), ("why", json!("tokens_given"))]))
        })
    }

    /// Makes the revocations, once all of it is saved.
    pub(super) fn go_on(self, app: &App, ctx: &Ctx) {
        for (_, ready) in self.0 {
            revocations::go_on(app, ctx, ready);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::accounts::{AccountRef, ImportedCredential, update};
    use crate::consent::replace;
    use crate::fixture::{HOUR, fixture, until};
    use crate::insight::audit;
    use serde_json::Map;
    use valetkey_domain::Secret;

    #[tokio::test]
    async fn tokens_that_an_app_gives_end_those_that_wait_for_a_word() {
        let fixture = fixture("{rotates: true}").await;
        fixture.sign_in(HOUR).await;
        fixture.provider.signs_in("mallory@p");
        fixture.provider.gives(&HOUR.replace("-1", "-m"));
        let state = fixture.start(&fixture.link().await, "browser").await;
        let id = fixture.back(&state, "browser").await.unwrap();
        let which = AccountRef::Id(fixture.account.id.clone());
        update(&fixture.app, &fixture.ctx, &which, None, Map::new()).await.unwrap();
        assert!(fixture.provider.asked("/revoke").is_empty(), "nothing was given");
        // The app's are ann's own.
        fixture.provider.signs_in("ann@p");
        let given =
            ImportedCredential::Tokens { access_token: Secret::from("at-app"), refresh_token: None, scopes: vec![] };
        update(&fixture.app, &fixture.ctx, &which, Some(given), Map::new()).await.unwrap();
        until(async || fixture.provider.asked("/revoke") == [" token=rt-m"]).await;
        let lines = audit::newest(&fixture.app, &fixture.ctx, Some(id.as_str()), 10).await.unwrap();
        assert!(lines.iter().any(|line| line.action == "authorization.thrown_away"
            && line.detail.get("why").is_some_and(|why| why == "tokens_given")));
        let browser = Secret::from("browser");
        assert!(replace(&fixture.app, &id, Some(&browser), false).await.is_err(), "there is nothing left to choose");
        assert_eq!(fixture.token(None).await.unwrap().0, "at-app");
    }
}
