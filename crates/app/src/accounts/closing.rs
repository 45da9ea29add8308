//! The end of an account: here at once, in one transaction with what is then to be done at the provider; there in a task
//! of its own, which goes on whether or not the caller waits.

mod connection;

pub use connection::{Closed, ClosingProgress, closings_due, delete_connection, under_way};

use super::{AccountRef, get, remote_sessions};
use crate::connections::Wired;
use crate::credentials::revocations;
use crate::credentials::revoke::{self, AtProvider, Ready};
use crate::{App, Error, Result};
use futures::future::join_all;
use serde_json::{Map, Value, json};
use std::time::Duration;
use tokio::task::JoinHandle;
use tracing::Instrument as _;
use valetkey_core::places::CredentialRow;
use valetkey_core::{Change, journal};
use valetkey_domain::account::ConnectedAccount;
use valetkey_domain::id::AccountId;
use valetkey_domain::{Ctx, Kind};
use valetkey_storage::closings::ClosingKind;
use valetkey_storage::{accounts as rows, pending_credentials};

/// How long a caller waits for the provider. Clients give up after 20 seconds, and want to be told.
const WAIT: Duration = Duration::from_secs(10);
/// How often an account is looked at again whose tokens change while it is to be ended.
const LOOKS: u32 = 20;

/// Forgets an account's tokens, here and at the provider; the account stays, DISCONNECTED. Says what became of them at
/// the provider.
///
/// # Errors
/// No such account.
pub async fn disconnect(app: &App, ctx: &Ctx, which: &AccountRef) -> Result<(ConnectedAccount, AtProvider)> {
    let account = get(app, ctx, which).await?.1;
    let became = close(app, ctx, &account.id, ClosingKind::Disconnect).await?;
    Ok((get(app, ctx, &AccountRef::Id(account.id)).await?.1, became))
}

/// Removes an account, and its tokens at the provider. Says what became of them there.
///
/// # Errors
/// No such account.
pub async fn delete(app: &App, ctx: &Ctx, which: &AccountRef) -> Result<AtProvider> {
    let account = get(app, ctx, which).await?.1;
    close(app, ctx, &account.id, ClosingKind::Delete).await
}

async fn close(app: &App, ctx: &Ctx, id: &AccountId, fate: ClosingKind) -> Result<AtProvider> {
    let (at, context, account) = (app.clone(), ctx.clone(), id.clone());
    let begun = app.core.tasks.spawn(async move { begin(&at, &context, &account, fate).await }.in_current_span());
    let (word, making) = begun.await.map_err(Error::internal)??;
    if making.is_empty() {
        return Ok(word);
    }
    let Ok(made) = tokio::time::timeout(WAIT, join_all(making)).await else { return Ok(AtProvider::Later) };
    let made: Vec<AtProvider> = made.into_iter().map(|made| made.unwrap_or(AtProvider::Later)).collect();
    let later = made.contains(&AtProvider::Later);
    Ok(if later { AtProvider::Later } else { made.first().copied().unwrap_or(word) })
}

/// Ends the account here, and begins to end it there.
async fn begin(
    app: &App,
    ctx: &Ctx,
    id: &AccountId,
    fate: ClosingKind,
) -> Result<(AtProvider, Vec<JoinHandle<AtProvider>>)> {
    let (connection, _) = get(app, ctx, &AccountRef::Id(id.clone())).await?;
    // An account ends all the same where its connector is no longer loaded.
    let wired = Wired::of(app, connection).ok();
    for _ in 0..LOOKS {
        let ending = Ending::of(app, ctx, wired.as_ref(), id).await?;
        let ending = ending.ok_or_else(|| Error::not_found("connected account", id))?;
        let word = ending.at_provider();
        let change = app.core.change(ctx).await?;
        if let Some(ended) = ending.write(ctx, change, fate).await? {
            let (action, detail) = ending.journal_entry(fate);
            ended.record(action, id.as_str(), detail).await?.commit().await?;
            remote_sessions::end_of(app, ctx, wired.as_ref(), &ending.account).await;
            let made = ending.all.into_iter().filter_map(|ready| revocations::go_on(app, ctx, ready));
            return Ok((word, made.collect()));
        }
    }
    Err(Error::new(Kind::Aborted, format!("connected account '{id}' keeps changing: try again")))
}

/// An account that is about to end, with what it holds made ready to be revoked.
struct Ending {
    account: ConnectedAccount,
    generation: i64,
    /// Its own tokens first, then those that wait for a person's word.
    all: Vec<Ready>,
    now: valetkey_domain::Timestamp,
}

impl Ending {
    /// None if there is no such account.
    async fn of(app: &App, ctx: &Ctx, wired: Option<&Wired>, id: &AccountId) -> Result<Option<Self>> {
        let mut tx = app.core.store.read().await?;
        let Some((account, generation, _)) = rows::lease(ctx, &mut tx, id).await? else { return Ok(None) };
        let waiting = pending_credentials::of_account(ctx, &mut tx, id).await?;
        drop(tx);
        let mut all = vec![revoke::of_account(app, ctx, wired, &account).await?];
        for (authorization, pending) in &waiting {
            let (row, tokens) = (CredentialRow::Pending(authorization, &account), &pending.tokens);
            let subject = pending.subject.as_ref().map(|subject| subject.id.as_str());
            all.push(revoke::sealed_in(app, ctx, wired, row, &tokens.audience, &tokens.sealed, subject).await?);
        }
        Ok(Some(Self { account, generation, all, now: app.core.now() }))
    }

    fn at_provider(&self) -> AtProvider {
        self.all.first().map_or(AtProvider::Nothing, Ready::at_provider)
    }

    /// Whether tokens of it live on at the provider that can't be revoked from here.
    fn leaves_tokens(&self) -> bool {
        self.all.iter().any(|ready| ready.at_provider() == AtProvider::Failed)
    }

    /// Ends it here; none if its tokens changed since it was read, so that others have to be revoked.
    async fn write<'a>(&self, ctx: &Ctx, mut change: Change<'a>, fate: ClosingKind) -> Result<Option<Change<'a>>> {
        let id = &self.account.id;
        let exists = rows::disconnect(ctx, &mut change, id, self.now).await?;
        // From here on the row is this transaction's alone.
        let now = rows::lease(ctx, &mut change, id).await?.map(|(_, generation, _)| generation);
        if !exists || now != Some(self.generation + 1) {
            return Ok(None);
        }
        let waiting = pending_credentials::of_account(ctx, &mut change, id).await?;
        if waiting.len() + 1 != self.all.len() {
            return Ok(None);
        }
        for ready in &self.all {
            ready.insert(ctx, &mut change).await?;
        }
        for (authorization, _) in &waiting {
            pending_credentials::delete(ctx, &mut change, authorization).await?;
        }
        if fate == ClosingKind::Delete {
            change.account_ends(id).await?;
            rows::delete(ctx, &mut change, id).await?;
        }
        Ok(Some(change))
    }

    /// What the journal says of it.
    fn journal_entry(&self, fate: ClosingKind) -> (&'static str, Map<String, Value>) {
        let action = match fate {
            ClosingKind::Disconnect => "account.disconnected",
            ClosingKind::Delete => "account.deleted",
        };
        (action, journal::detail([("at_provider", json!(self.at_provider().as_str()))]))
    }
}

#[cfg(test)]
mod tests;
