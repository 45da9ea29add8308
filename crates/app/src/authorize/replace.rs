//! A person signed in as somebody else than before, and says which of the two the app shall use.

use super::link::Found;
use super::outcome::theirs;
use super::{Ended, Outcome, Stopped, Why, outcome, scopes};
use crate::credential::{self, Home};
use crate::{App, Error, connections, journal, refresh};
use serde_json::json;
use valetkey_domain::authorization::Stage;
use valetkey_domain::id::AuthorizationId;
use valetkey_domain::{Kind, Secret};
use valetkey_storage::accounts::{self, Tokens};
use valetkey_storage::pending_credentials::{self, Pending};
use valetkey_storage::{Tx, authorizations};

/// Carries out the person's choice: `keep` the account that was there, or take the one that just signed in.
///
/// # Errors
/// It is not this browser's, or there is nothing to choose (any more): ten minutes have passed, or it was done.
pub async fn replace(
    app: &App,
    id: &AuthorizationId,
    browser: Option<&Secret<str>>,
    keep: bool,
) -> Result<Ended, Stopped> {
    let found = theirs(app, id, browser).await?;
    let Stage::Done { outcome: asked @ Outcome::OtherAccount { .. }, .. } = &found.authorization.stage else {
        return outcome(app, id, browser).await;
    };
    let waiting = pending_credentials::get(&found.ctx, &mut app.store.glance().await?, id, app.now()).await?;
    let Some(waiting) = waiting else { return Err(Stopped::from(Why::TimedOut).about(found.about)) };
    if keep {
        throw_away(app, &found).await?;
    } else {
        take(app, &found, asked, waiting).await?;
    }
    outcome(app, id, browser).await
}

/// Nothing is replaced; what signed in just now is forgotten.
async fn throw_away(app: &App, found: &Found) -> crate::Result<()> {
    let mut tx = app.store.write().await?;
    if pending_credentials::delete(&found.ctx, &mut tx, &found.authorization.id).await? {
        tell(app, found, &mut tx, "authorization.kept").await?;
        tx.commit().await?;
    }
    Ok(())
}

/// The new tokens move from where they waited into the account, sealed anew for it.
async fn take(app: &App, found: &Found, asked: &Outcome, waiting: Pending) -> crate::Result<()> {
    let (ctx, id, account) = (&found.ctx, &found.authorization.id, &found.account.id);
    let audience = credential::audience(&found.connector, &found.connection);
    if waiting.tokens.audience != audience {
        let message = format!("connection '{}' points elsewhere now: open a new link", found.connection.name);
        return Err(Error::new(Kind::FailedPrecondition, message));
    }
    let plain =
        credential::open(app, ctx, Home::Pending(id, &found.account), &audience, &waiting.tokens.sealed).await?;
    let held = accounts::lease(ctx, &mut app.store.glance().await?, account).await?;
    let Some((held, generation, _)) = held else { return Err(Error::not_found("connected account", account)) };
    let home = Home::Account(&held, generation + 1);
    let sealed = credential::seal(app, ctx, home, &audience, &plain).await?;
    let after = outcome_of(found, &waiting.tokens);
    let Tokens { refreshable, expires_at, .. } = waiting.tokens;
    let schedule = refresh::schedule(app, &found.connector, refreshable, expires_at);
    let tokens = Tokens { sealed, schedule, ..waiting.tokens };
    let mut tx = app.store.write().await?;
    let subject = waiting.subject.as_ref();
    let stored = accounts::store_credential(ctx, &mut tx, account, generation, &tokens, subject, app.now()).await?;
    let forgotten = pending_credentials::delete(ctx, &mut tx, id).await?;
    if stored && forgotten && authorizations::resolve(ctx, &mut tx, id, asked, &after, app.now()).await? {
        tell(app, found, &mut tx, "account.replaced").await?;
        tx.commit().await?;
    }
    Ok(())
}

fn outcome_of(found: &Found, tokens: &Tokens) -> Outcome {
    let asked = connections::scopes(&found.connector, &found.connection);
    let granted = (!tokens.scopes.is_empty()).then_some(tokens.scopes.as_slice());
    match scopes::withheld(&asked, granted) {
        withheld if withheld.is_empty() => Outcome::Connected,
        withheld => Outcome::ConnectedWithout(withheld),
    }
}

async fn tell(app: &App, found: &Found, tx: &mut Tx, action: &'static str) -> crate::Result<()> {
    let detail = journal::detail([("authorization", json!(found.authorization.id))]);
    app.journal.fact(&found.ctx, tx, action, found.account.id.as_str(), detail).await
}
