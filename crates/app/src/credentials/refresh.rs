//! Access tokens for use, refreshed when they have to be: one refresh for each account at a time, whoever asks.
//!
//! `decide` says what is to be done, without doing anything; `exchange` does it, in a task that no caller can cancel,
//! under a lease in the account's row; `in_flight` lets callers who want the same refresh wait for the one there is;
//! `refusal` leaves a provider alone for a while that refuses one account without ending it; `breaker` leaves a token endpoint alone that is down; `ahead` refreshes before anybody has to wait. What is opened
//! here is handed to one call and kept nowhere.

pub(crate) mod abandoned;
mod ahead;
mod breaker;
mod decide;
mod ending;
mod exchange;
mod refreshes;
mod refusal;

pub use super::opened::Opened;
pub use ahead::look as ahead;
pub use decide::Unusable;
pub use refreshes::Refreshes;

use super::sealed;
use crate::connections::Wired;
use crate::{App, Error};
use decide::{MARGIN, Need, Step};
use ending::RefreshEnd;
use exchange::Job;
use serde_json::json;
use std::time::Duration;
use valetkey_core::journal;
use valetkey_core::places::CredentialRow;
use valetkey_domain::account::{ConnectedAccount, Credential, Reason, Status};
use valetkey_domain::connection::Connection;
use valetkey_domain::id::AccountId;
use valetkey_domain::{Ctx, Kind};
use valetkey_storage::accounts as rows;

/// The account's access token, refreshed if it would end within a minute. `refused` names a generation that the
/// provider's API has just answered with 401: that one isn't given again, but refreshed, at most once in 30 seconds.
///
/// # Errors
/// See [`Unusable`].
pub async fn credential(
    app: &App,
    ctx: &Ctx,
    wired: &Wired,
    account: &ConnectedAccount,
    refused: Option<i64>,
) -> Result<Opened, Unusable> {
    obtain(app, ctx, wired, account, Need { margin: MARGIN, refused, ahead: None }).await
}

/// The account's access token, refreshed if it would end sooner than `lasting` from now and can be.
///
/// # Errors
/// See [`Unusable`].
pub async fn credential_lasting(
    app: &App,
    ctx: &Ctx,
    wired: &Wired,
    account: &ConnectedAccount,
    lasting: Duration,
) -> Result<Opened, Unusable> {
    obtain(app, ctx, wired, account, Need { margin: lasting, refused: None, ahead: None }).await
}

/// How often the row is looked at while another process refreshes.
const POLL_INTERVAL: Duration = Duration::from_millis(100);

/// After how many such looks it is asked whether that process is dead.
const POLLS_PER_LIVENESS_CHECK: u32 = 5;

/// How many refreshes one caller may wait for: its own, and one that another had begun with a lesser need.
const ROUNDS: u32 = 3;

async fn obtain(
    app: &App,
    ctx: &Ctx,
    wired: &Wired,
    account: &ConnectedAccount,
    need: Need,
) -> Result<Opened, Unusable> {
    belongs(ctx, &wired.connection, account)?;
    let credential = decide::credential_of(account)?;
    // What was typed is used as it is: there is nothing to renew it with.
    if need.met_by(credential, app.core.now()) || !wired.renews() {
        return open(app, ctx, wired, account, credential).await;
    }
    let caller = Caller { app, ctx, wired, need, stale: credential.generation };
    let (mut rounds, mut waited) = (0, 0_u32);
    while rounds < ROUNDS {
        match caller.look(&account.id).await? {
            Looked::Opened(opened) => return Ok(opened),
            Looked::Refreshed => rounds += 1,
            // The row will say how it ended, or the lease ends, and then it isn't this any more.
            Looked::OtherProcess => {
                if waited.is_multiple_of(POLLS_PER_LIVENESS_CHECK) {
                    abandoned::of_the_dead(app).await?;
                }
                waited += 1;
                tokio::time::sleep(POLL_INTERVAL).await;
            }
        }
    }
    Err(Unusable::Later("the account is being refreshed: try again in a few seconds".into()))
}

/// Who asks for a token that is better than the one of generation `stale`.
struct Caller<'a> {
    app: &'a App,
    ctx: &'a Ctx,
    wired: &'a Wired,
    need: Need,
    stale: i64,
}

/// What came of a look at the row.
enum Looked {
    /// A token that is good enough.
    Opened(Opened),
    /// A refresh, of this process, has ended: the row says what has become of it.
    Refreshed,
    /// Another process has the lease, or this one has just given it back.
    OtherProcess,
}

impl Caller<'_> {
    /// Looks at the row once and does what is to be done.
    async fn look(&self, id: &AccountId) -> Result<Looked, Unusable> {
        let found = rows::lease(self.ctx, &mut self.app.core.store.glance().await?, id).await?;
        let (account, _, lease) = found.ok_or_else(decide::no_account)?;
        let credential = decide::credential_of(&account)?;
        // Some providers' tokens live less long than is wanted here: a new one is as good as it gets.
        if credential.generation != self.stale && self.need.live(credential, self.app.core.now()) {
            return self.open(&account, credential).await;
        }
        let in_flight = &self.app.refreshes.in_flight;
        let now = self.app.core.now();
        let left = refusal::remaining(account.refusal.as_ref(), self.wired.connection.revision, now);
        let ended =
            match decide::next(credential, &lease, decide::lost_answer(self.wired), self.need, left.is_some(), now) {
                Step::Use => return self.open(&account, credential).await,
                Step::Later(why) => return Err(Unusable::Later(why)),
                Step::Pause => account
                    .refusal
                    .as_ref()
                    .map(|refusal| refusal::ended(refusal, &self.wired.connector.display_name, now)),
                Step::Wait => in_flight.join(id).await,
                Step::Refresh | Step::End(_) => {
                    Some(in_flight.join_or_start(&self.app.core.tasks, id, self.job(id).run()).await)
                }
            };
        match ended {
            None => Ok(Looked::OtherProcess),
            Some(RefreshEnd::Settled) => Ok(Looked::Refreshed),
            Some(RefreshEnd::Later(_) | RefreshEnd::Refused(_) | RefreshEnd::Unready(_))
                if self.need.live(credential, self.app.core.now()) =>
            {
                self.open(&account, credential).await
            }
            Some(RefreshEnd::Later(why)) => Err(Unusable::Later(why)),
            Some(RefreshEnd::Refused(why)) => Err(Unusable::Refused(why)),
            Some(RefreshEnd::Unready(why)) => Err(Error::new(Kind::FailedPrecondition, why).into()),
        }
    }

    async fn open(&self, account: &ConnectedAccount, credential: &Credential) -> Result<Looked, Unusable> {
        open(self.app, self.ctx, self.wired, account, credential).await.map(Looked::Opened)
    }

    fn job(&self, id: &AccountId) -> Job {
        Job::new(self.app, self.ctx, self.wired, id, self.need)
    }
}

/// Nothing is opened but for the caller's own environment and the connection that the account is on.
fn belongs(ctx: &Ctx, connection: &Connection, account: &ConnectedAccount) -> Result<(), Unusable> {
    let environment = account.environment == ctx.environment && connection.environment == ctx.environment;
    if environment && account.connection == connection.id {
        return Ok(());
    }
    Err(Error::not_found("connected account", &account.id).into())
}

/// Opens the access token, if the connection still points where it did when the token was given.
async fn open(
    app: &App,
    ctx: &Ctx,
    wired: &Wired,
    account: &ConnectedAccount,
    credential: &Credential,
) -> Result<Opened, Unusable> {
    if !wired.keeps(account, &credential.audience) {
        end(app, ctx, account, credential.generation, Reason::EndpointsChanged).await?;
        return Err(Unusable::SignIn(Status::Expired(Reason::EndpointsChanged)));
    }
    let row = CredentialRow::Account(account, credential.generation);
    let plain = sealed::open(app, ctx, row, &credential.audience, &credential.sealed).await?;
    Ok(Opened { access_token: plain.access_token, typed: plain.typed, generation: credential.generation })
}

/// Puts an account out of service, with the fact in the journal. Nothing happens if its tokens have changed.
async fn end(app: &App, ctx: &Ctx, account: &ConnectedAccount, generation: i64, reason: Reason) -> crate::Result<()> {
    let mut change = app.core.change(ctx).await?;
    if rows::expire(ctx, &mut change, &account.id, generation, reason, app.core.now()).await? {
        let detail = journal::detail([("reason", json!(reason.as_str()))]);
        change.record("account.expired", account.id.as_str(), detail).await?.commit().await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
