//! Access tokens for use, refreshed when they have to be: one refresh for each account at a time, whoever asks.
//!
//! `decide` says what is to be done, without doing anything; `exchange` does it, in a task that no caller can cancel,
//! under a lease in the account's row; `inflight` lets callers who want the same refresh wait for the one there is;
//! `breaker` leaves a token endpoint alone that is down; `ahead` refreshes before anybody has to wait. What is opened
//! here is handed to one call and kept nowhere.

mod ahead;
mod breaker;
mod decide;
mod exchange;
mod inflight;
mod schedule;

pub use ahead::look as ahead;
pub(crate) use schedule::schedule;

use crate::credential::{self, Home};
use crate::{App, Error, journal};
use decide::{Need, Step};
use exchange::Job;
use inflight::Ended;
use serde_json::{Map, json};
use std::sync::Arc;
use std::time::Duration;
use valetkey_connectors::{Auth, Connector};
use valetkey_domain::account::{ConnectedAccount, Credential, Reason, Status};
use valetkey_domain::connection::Connection;
use valetkey_domain::{Ctx, Secret};
use valetkey_storage::accounts as rows;

/// A token that ends sooner than this is refreshed before it is used.
const MARGIN: Duration = Duration::from_secs(60);

/// What this process knows about refreshing: refreshes under way, and token endpoints that are down.
#[derive(Clone, Debug, Default)]
pub struct Refreshes {
    in_flight: inflight::InFlight,
    breakers: breaker::Breakers,
    at_work: ahead::AtWork,
}

/// An access token for one use.
pub struct Opened {
    /// The token.
    pub access_token: Secret<str>,
    /// The generation it is of; a caller who is refused with it names it to ask for another.
    pub generation: i64,
}

/// Why there is no token to be had.
#[derive(Debug)]
pub enum Unusable {
    /// The person has to sign in (again): the account's status says why.
    SignIn(Status),
    /// Not now. What happened and what to do, in a sentence.
    Later(String),
    /// A failure of ours.
    Failed(Error),
}

impl<E: Into<Error>> From<E> for Unusable {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// The account's access token, refreshed if it would end within a minute. `refused` names a generation that the
/// provider's API has just answered with 401: that one isn't given again, but refreshed, at most once in 30 seconds.
///
/// # Errors
/// See [`Unusable`].
pub async fn credential(
    app: &App,
    ctx: &Ctx,
    connector: &Arc<Connector>,
    connection: &Connection,
    account: &ConnectedAccount,
    refused: Option<i64>,
) -> Result<Opened, Unusable> {
    obtain(app, ctx, connector, connection, account, Need { margin: MARGIN, refused, ahead: None }).await
}

/// The account's access token, refreshed if it would end sooner than `lasting` from now and can be.
///
/// # Errors
/// See [`Unusable`].
pub async fn credential_lasting(
    app: &App,
    ctx: &Ctx,
    connector: &Arc<Connector>,
    connection: &Connection,
    account: &ConnectedAccount,
    lasting: Duration,
) -> Result<Opened, Unusable> {
    obtain(app, ctx, connector, connection, account, Need { margin: lasting, refused: None, ahead: None }).await
}

/// How often the row is looked at while another process refreshes.
const ELSEWHERE: Duration = Duration::from_millis(100);

/// How many refreshes one caller may wait for: its own, and one that another had begun with a lesser need.
const ROUNDS: u32 = 3;

async fn obtain(
    app: &App,
    ctx: &Ctx,
    connector: &Arc<Connector>,
    connection: &Connection,
    account: &ConnectedAccount,
    need: Need,
) -> Result<Opened, Unusable> {
    belongs(ctx, connection, account)?;
    let held = held(account)?;
    if need.met_by(held, app.now()) {
        return open(app, ctx, connector, connection, account, held).await;
    }
    let stale = held.generation;
    let mut rounds = 0;
    while rounds < ROUNDS {
        let (account, _, lease) =
            rows::lease(ctx, &mut app.store.glance().await?, &account.id).await?.ok_or_else(gone)?;
        let held = self::held(&account)?;
        // Some providers' tokens live less long than is wanted here: a new one is as good as it gets.
        if held.generation != stale && need.live(held, app.now()) {
            return open(app, ctx, connector, connection, &account, held).await;
        }
        let ended = match decide::next(held, &lease, lost_answer(connector), need, app.now()) {
            Step::Use => return open(app, ctx, connector, connection, &account, held).await,
            Step::Later(why) => return Err(Unusable::Later(why)),
            Step::Wait => match app.refreshes.in_flight.join(&account.id).await {
                Some(ended) => ended,
                // Another process has the lease, or this one has just given it back: the row will say how it ended,
                // or the lease ends, and then it isn't this any more.
                None => {
                    tokio::time::sleep(ELSEWHERE).await;
                    continue;
                }
            },
            Step::Refresh | Step::End(_) => {
                let job = Job::new(app, ctx, connector, connection, &account.id, need);
                app.refreshes.in_flight.join_or_start(app, job).await
            }
        };
        match ended {
            Ended::Settled => {}
            Ended::Later(_) if need.live(held, app.now()) => {
                return open(app, ctx, connector, connection, &account, held).await;
            }
            Ended::Later(why) => return Err(Unusable::Later(why)),
        }
        rounds += 1;
    }
    Err(Unusable::Later("the account is being refreshed: try again in a few seconds".into()))
}

/// Nothing is opened but for the caller's own environment and the connection that the account is on.
fn belongs(ctx: &Ctx, connection: &Connection, account: &ConnectedAccount) -> Result<(), Unusable> {
    let environment = account.environment == ctx.environment && connection.environment == ctx.environment;
    if environment && account.connection == connection.id {
        return Ok(());
    }
    Err(Error::not_found("connected account", &account.id).into())
}

fn gone() -> Unusable {
    Unusable::SignIn(Status::Disconnected)
}

/// The credential of an account that is in service.
fn held(account: &ConnectedAccount) -> Result<&Credential, Unusable> {
    match (&account.status, &account.credential) {
        (Status::Active, Some(held)) => Ok(held),
        (Status::Active, None) => Err(gone()),
        (status, _) => Err(Unusable::SignIn(status.clone())),
    }
}

/// Opens the access token, if the connection still points where it did when the token was given.
async fn open(
    app: &App,
    ctx: &Ctx,
    connector: &Connector,
    connection: &Connection,
    account: &ConnectedAccount,
    held: &Credential,
) -> Result<Opened, Unusable> {
    if held.audience != credential::audience(connector, connection) {
        end(app, ctx, account, held.generation, Reason::EndpointsChanged).await?;
        return Err(Unusable::SignIn(Status::Expired(Reason::EndpointsChanged)));
    }
    let home = Home::Account(account, held.generation);
    let plain = credential::open(app, ctx, home, &held.audience, &held.sealed).await?;
    Ok(Opened { access_token: plain.access_token, generation: held.generation })
}

/// Puts an account out of service, with the fact in the journal. Nothing happens if its tokens have changed.
pub(crate) async fn end(
    app: &App,
    ctx: &Ctx,
    account: &ConnectedAccount,
    generation: i64,
    reason: Reason,
) -> crate::Result<()> {
    let mut tx = app.store.write().await?;
    if rows::expire(ctx, &mut tx, &account.id, generation, reason, app.now()).await? {
        let detail = Map::from_iter([("reason".to_owned(), json!(reason.as_str()))]);
        journal::fact(app, ctx, &mut tx, "account.expired", account.id.as_str(), detail).await?;
        tx.commit().await?;
    }
    Ok(())
}

fn lost_answer(connector: &Connector) -> valetkey_connectors::LostAnswer {
    let Auth::OAuth2(oauth) = &connector.auth;
    oauth.refresh.lost_answer
}

#[cfg(test)]
mod tests;
