//! Tokens of an account that the app replaces by others: nobody holds them any more, so they end at the provider if they
//! are known to be another person's. Of the same person they may be of the grant that the new ones live on too.

use crate::connections::Wired;
use crate::credentials::identity::{self, Whose};
use crate::credentials::revocations;
use crate::credentials::revoke::{self, AtProvider, Ready};
use crate::credentials::schemes::Brought;
use crate::tenancy::clients;
use crate::{App, Error, Result};
use serde_json::{Value, json};
use std::time::Duration;
use valetkey_domain::account::ConnectedAccount;
use valetkey_domain::{Ctx, Kind};
use valetkey_storage::Tx;
use valetkey_storage::accounts::Subject;

/// How long the provider is waited for. The app waits for this too.
const PATIENCE: Duration = Duration::from_secs(8);

/// What becomes of them.
#[derive(Default)]
pub(super) struct Replaced {
    /// Who the new ones are of, where that is known.
    pub(super) by: Option<Subject>,
    old: Option<Ready>,
}

impl Replaced {
    /// Looks whose the new tokens are, where the account holds others of a known person.
    pub(super) async fn of(
        app: &App,
        ctx: &Ctx,
        wired: &Wired,
        account: &ConnectedAccount,
        brought: &Brought,
    ) -> Result<Self> {
        if !wired.is_oauth() || account.credential.is_none() {
            return Ok(Self::default());
        }
        let left = Ready::Settled(AtProvider::Shared);
        let Some(before) = &account.subject else { return Ok(Self { by: None, old: Some(left) }) };
        let granted = Some(brought.scopes.as_slice()).filter(|scopes| !scopes.is_empty());
        // Where the account lacks a part of the address, it is no address, and nobody says.
        let there = wired.clone().at(account).unwrap_or_else(|_| wired.clone());
        let asked = identity::whose(app, ctx, &there, &brought.plain.access_token, granted);
        let by = match tokio::time::timeout(PATIENCE, asked).await {
            Ok(Ok(Whose::Theirs(subject))) => Some(subject),
            Ok(Ok(Whose::NoQuestion | Whose::NotCovered)) | Err(_) => None,
            Ok(Err(error)) => {
                tracing::info!(account = %account.id, %error, "nobody knows whose the tokens are that the app brought");
                None
            }
        };
        // The provider may have taken its time.
        if !clients::stands(app, ctx).await? {
            let message = "nothing was changed: the API client that asked was withdrawn meanwhile";
            return Err(Error::new(Kind::Unauthenticated, message));
        }
        let old = match &by {
            Some(by) if by.id != *before => revoke::of_account(app, ctx, Some(wired), account).await?,
            _ => left,
        };
        Ok(Self { by, old: Some(old) })
    }

    /// Saves what is then to be done at the provider.
    pub(super) async fn insert(&self, ctx: &Ctx, tx: &mut Tx) -> Result<()> {
        match &self.old {
            Some(old) => old.insert(ctx, tx).await,
            None => Ok(()),
        }
    }

    /// What the journal says of them.
    pub(super) fn told(&self) -> Option<(String, Value)> {
        let old = self.old.as_ref()?;
        Some(("replaced_at_provider".to_owned(), json!(old.at_provider().as_str())))
    }

    /// Makes the revocation, once all of it is saved.
    pub(super) fn go_on(self, app: &App, ctx: &Ctx) {
        self.old.and_then(|old| revocations::go_on(app, ctx, old));
    }
}

#[cfg(test)]
mod tests {
    use crate::accounts::{AccountRef, ImportedCredential, update};
    use crate::fixture::{Fixture, HOUR, Reply, fixture, revoke_due, until};
    use crate::insight::audit;
    use crate::tenancy::clients;
    use serde_json::{Map, Value};
    use std::time::Duration;
    use valetkey_domain::ctx::Actor;
    use valetkey_domain::{Ctx, Kind, Secret};

    /// What the journal says of ann's tokens, after the app has brought others.
    async fn replaced(fixture: &Fixture) -> Option<Value> {
        let which = AccountRef::Id(fixture.account.id.clone());
        let given =
            ImportedCredential::Tokens { access_token: Secret::from("at-app"), refresh_token: None, scopes: vec![] };
        update(&fixture.app, &fixture.ctx, &which, Some(given), Map::new()).await.unwrap();
        assert_eq!(fixture.token(None).await.unwrap().0, "at-app");
        let lines = audit::newest(&fixture.app, &fixture.ctx, Some(which_id(&which)), 50).await.unwrap();
        lines.into_iter().find(|line| line.action == "account.updated").unwrap().detail.remove("replaced_at_provider")
    }

    fn which_id(which: &AccountRef) -> &str {
        match which {
            AccountRef::Id(id) => id.as_str(),
            AccountRef::Of(..) => "",
        }
    }

    #[tokio::test]
    async fn another_persons_tokens_end_the_ones_before_at_the_provider() {
        let fixture = fixture("{rotates: true}").await;
        fixture.sign_in(HOUR).await;
        fixture.provider.signs_in("mallory@p");
        fixture.provider.will_revoke(Reply::Answer(503, String::new()));
        assert_eq!(replaced(&fixture).await.unwrap(), "to_be_revoked");
        let ended = async || {
            fixture.clock.advance(Duration::from_secs(11));
            revoke_due(&fixture.app).await;
            let lines = audit::newest(&fixture.app, &fixture.ctx, None, 1_000).await.unwrap();
            lines.iter().any(|line| line.action == "account.revoked")
        };
        until(ended).await;
        assert!(fixture.provider.asked("/revoke").iter().all(|body| body == " token=rt-1"));
        assert_eq!(fixture.now().await.subject.unwrap(), "id of mallory@p");
    }

    #[tokio::test]
    async fn attack_82_a_client_that_is_withdrawn_while_the_provider_is_asked_changes_nothing() {
        for deleted in [false, true] {
            let fixture = fixture("{rotates: true}").await;
            fixture.sign_in(HOUR).await;
            let (app, ctx) = (&fixture.app, &fixture.ctx);
            let issued = clients::create(app, ctx, "shop", vec![clients::SECRETS_SCOPE.to_owned()]).await.unwrap();
            let id = issued.client.id.clone();
            let by = Ctx { actor: Actor::Client(id.clone(), issued.client.version), ..ctx.clone() };
            assert!(clients::stands(app, &by).await.unwrap() && clients::may_read_secrets(app, &by).await.is_ok());
            let slow = Reply::Slowly(Duration::from_millis(300), r#"{"sub":"id of mallory@p"}"#.to_owned());
            fixture.provider.is_silent(slow);
            let which = AccountRef::Id(fixture.account.id.clone());
            let given = ImportedCredential::Tokens {
                access_token: Secret::from("at-app"),
                refresh_token: None,
                scopes: vec![],
            };
            let asked = fixture.provider.asked("/who").len();
            let (refused, ()) = tokio::join!(update(app, &by, &which, Some(given), Map::new()), async {
                until(async || fixture.provider.asked("/who").len() > asked).await;
                match deleted {
                    true => clients::delete(app, ctx, &id).await.unwrap(),
                    false => clients::expire(app, ctx, &id).await.map(drop).unwrap(),
                }
            });
            assert_eq!(refused.err().unwrap().kind(), Kind::Unauthenticated, "{deleted}");
            assert!(!clients::stands(app, &by).await.unwrap() && clients::may_read_secrets(app, &by).await.is_err());
            assert_eq!(fixture.token(None).await.unwrap().0, "at-1");
            assert!(fixture.provider.asked("/revoke").is_empty());
        }
    }

    #[tokio::test]
    async fn the_same_persons_or_nobody_knows_whose_end_nothing() {
        for nobody_knows in [false, true] {
            let fixture = fixture("{rotates: true}").await;
            fixture.sign_in(HOUR).await;
            if nobody_knows {
                fixture.provider.is_silent(Reply::Answer(503, String::new()));
            }
            assert_eq!(replaced(&fixture).await.unwrap(), "left_because_shared", "{nobody_knows}");
            assert_eq!(replaced(&fixture).await.unwrap(), "left_because_shared", "{nobody_knows}");
            assert!(fixture.provider.asked("/revoke").is_empty());
        }
        let fixture = fixture("{rotates: true}").await;
        assert_eq!(replaced(&fixture).await, None, "there were none");
    }
}
