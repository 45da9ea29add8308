//! The end of a connection with all its accounts: a job. It is switched off when the job begins; its accounts end here
//! one by one, each with the progress in the same transaction, so that whoever takes the job up after a crash goes on
//! where it stood. What is to be revoked at the provider does not need the connection any more.

use super::Ending;
use crate::accounts::remote_sessions;
use crate::connections::{self, Wired};
use crate::credentials::revocations;
use crate::credentials::revoke::Ready;
use crate::{App, Error, Result};
use serde_json::json;
use std::time::Duration;
use tracing::Instrument as _;
use valetkey_core::{context, journal};
use valetkey_domain::connection::Connection;
use valetkey_domain::ctx::Actor;
use valetkey_domain::id::{AccountId, ClosingId, ConnectionId};
use valetkey_domain::{Ctx, Kind, Timestamp};
use valetkey_storage::closings::{self as jobs, Closing, ClosingKind, Progress, Target};
use valetkey_storage::{
    BoundedCount, Tx, accounts as rows, connections as connection_rows, doors, revocations as revocation_rows,
};

/// How long a job is held from one account to the next.
const LEASE: Duration = Duration::from_secs(60);
/// When a job that could not go on is taken up again.
const PAUSE: Duration = Duration::from_secs(30);
/// How long a caller waits for the end.
const WAIT: Duration = Duration::from_secs(10);
/// How often it looks.
const LOOK: Duration = Duration::from_millis(100);
/// Accounts that are read together.
const BATCH: i64 = 50;
/// Jobs that are claimed together.
const CLAIMED: i64 = 4;
/// How often the accounts are gone through in one go: others may have been added meanwhile.
const ROUNDS: u32 = 3;

/// How far the removal of a connection has come when its caller is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Closed {
    /// The connection and its accounts are gone; so many of them the provider has still to revoke.
    Gone(BoundedCount),
    /// It is going on.
    UnderWay(ClosingProgress),
}

/// How far a removal that goes on has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClosingProgress {
    /// How many accounts have ended.
    pub done: u64,
    /// How many are left.
    pub left: BoundedCount,
    /// Why it stopped the last time, in a word; it goes on by itself.
    pub last_error: Option<String>,
}

/// Removes a connection that no config uses, with its accounts. It can't be used from here on. Waits a little for the
/// end, which comes whether or not somebody waits.
///
/// # Errors
/// No such connection, or a config still maps it (named in the message).
pub async fn delete_connection(app: &App, ctx: &Ctx, id: &ConnectionId) -> Result<Closed> {
    let connection = connections::get(app, ctx, id).await?;
    let (at, context) = (app.clone(), ctx.clone());
    let begun = app.core.tasks.spawn(async move { begin(&at, &context, &connection).await }.in_current_span());
    begun.await.map_err(Error::internal)??;
    let end = tokio::time::Instant::now() + WAIT;
    loop {
        let mut tx = app.core.store.read().await?;
        let left = revocation_rows::left(ctx, &mut tx, id).await?;
        let exists = connection_rows::get(ctx, &mut tx, id).await?.is_some();
        drop(tx);
        match (exists, left.is_none(), tokio::time::Instant::now() < end) {
            (false, true, _) | (false, _, false) => return Ok(Closed::Gone(left)),
            (true, _, false) => {
                return Ok(under_way(app, ctx, id).await?.map_or(Closed::Gone(left), Closed::UnderWay));
            }
            _ => tokio::time::sleep(LOOK).await,
        }
    }
}

/// How far the removal of this connection has come; none if nobody removes it.
///
/// # Errors
/// The database cannot be read.
pub async fn under_way(app: &App, ctx: &Ctx, id: &ConnectionId) -> Result<Option<ClosingProgress>> {
    let mut tx = app.core.store.read().await?;
    let Some(job) = jobs::of(ctx, &mut tx, &Target::Connection(id.clone())).await? else { return Ok(None) };
    let done = u64::try_from(job.done).unwrap_or(0);
    let left = jobs::left(ctx, &mut tx, id).await?;
    Ok(Some(ClosingProgress { done, left, last_error: job.last_error }))
}

/// Takes up the removals that nobody is at: their processes died, or they could not go on.
///
/// # Errors
/// The database cannot be read or written.
pub async fn closings_due(app: &App) -> Result<()> {
    if app.core.keyring.check_open().is_err() {
        return Ok(());
    }
    for environment in doors::due_closings(&mut app.core.store.read().await?, app.core.now()).await? {
        let ctx = context::enter(&app.core, environment, Actor::System);
        match claim(app, &ctx).await {
            Ok(claimed) => claimed.into_iter().for_each(|job| {
                let (at, ctx) = (app.clone(), ctx.clone());
                app.core.tasks.spawn(async move { work(&at, &ctx, job).await });
            }),
            Err(error) => {
                let environment = &ctx.environment;
                tracing::warn!(%environment, cause = ?error, "removals that stopped wait");
            }
        }
    }
    Ok(())
}

async fn claim(app: &App, ctx: &Ctx) -> Result<Vec<Closing>> {
    let (now, mut tx) = (app.core.now(), app.core.store.write().await?);
    let claimed = jobs::claim(ctx, &mut tx, now, now + LEASE, CLAIMED).await?;
    tx.commit().await?;
    Ok(claimed)
}

/// That no config uses it. Whoever has looked here has the connection to themselves until the transaction ends.
async fn unused(ctx: &Ctx, tx: &mut Tx, connection: &Connection) -> Result<()> {
    let (id, name) = (&connection.id, &connection.name);
    tx.alone(id.as_str()).await?;
    match connection_rows::used_by(ctx, tx, id).await? {
        None => Ok(()),
        Some(config) => {
            let message =
                format!("connection '{name}' is used by MCP config '{config}': take it out of that config first");
            Err(Error::new(Kind::FailedPrecondition, message))
        }
    }
}

/// Begins the job, if it is not under way already.
async fn begin(app: &App, ctx: &Ctx, connection: &Connection) -> Result<()> {
    if let Some(job) = intend(app, ctx, connection).await? {
        let (at, ctx) = (app.clone(), ctx.clone());
        app.core.tasks.spawn(async move { work(&at, &ctx, job).await });
    }
    Ok(())
}

/// Saves the job, held by this process, and switches the connection off; none if it is under way already.
async fn intend(app: &App, ctx: &Ctx, connection: &Connection) -> Result<Option<Closing>> {
    let (id, now) = (ClosingId::new(app.core.clock.as_ref(), app.core.rng.as_ref()), app.core.now());
    let target = Target::Connection(connection.id.clone());
    let mut change = app.core.change(ctx).await?;
    unused(ctx, &mut change, connection).await?;
    let (job, new) = jobs::insert(ctx, &mut change, &id, &target, ClosingKind::Delete, now, Some(now + LEASE)).await?;
    if !new {
        return Ok(None);
    }
    let mut off = connection.clone();
    (off.enabled, off.updated_at) = (false, now);
    if !connection_rows::update(ctx, &mut change, &off).await? {
        return Err(Error::new(Kind::Aborted, format!("connection '{}' was changed meanwhile: try again", off.name)));
    }
    let accounts = jobs::left(ctx, &mut change, &connection.id).await?;
    let detail = journal::detail([("accounts", json!(accounts))]);
    change.record("connection.closing", connection.id.as_str(), detail).await?.commit().await?;
    Ok(Some(job))
}

/// Works on a job that is held, to its end if it can be; then makes what is to be revoked.
async fn work(app: &App, ctx: &Ctx, job: Closing) {
    let Target::Connection(connection) = job.target.clone() else { return };
    let mut job = Job { app, ctx, connection, lease: job.lease_until.unwrap_or(job.next_at), id: job.id };
    if let Err(error) = job.run().await {
        tracing::warn!(connection = %job.connection, cause = ?error, "a connection is not removed yet");
        if let Err(error) = job.release(error.kind().name()).await {
            tracing::warn!(connection = %job.connection, cause = ?error, "its removal waits for its lease to run out");
        }
    }
    if let Err(error) = revocations::work(app, ctx).await {
        tracing::warn!(cause = ?error, "what is to be revoked waits");
    }
}

/// A job under way.
struct Job<'a> {
    app: &'a App,
    ctx: &'a Ctx,
    id: ClosingId,
    connection: ConnectionId,
    /// The end of the lease.
    lease: Timestamp,
}

impl Job<'_> {
    /// Returns when it is done, or is another's by now.
    async fn run(&mut self) -> Result<()> {
        let found = connection_rows::get(self.ctx, &mut self.app.core.store.glance().await?, &self.connection).await?;
        let Some(connection) = found else { return self.forget().await };
        let wired = Wired::of(self.app, connection.clone()).ok();
        for _ in 0..ROUNDS {
            if !self.accounts(wired.as_ref()).await? || self.finish(&connection).await? {
                return Ok(());
            }
        }
        Err(Error::new(Kind::Aborted, "accounts are added to it as fast as they are removed"))
    }

    /// Ends all accounts that are there. False if the job is another's by now, or the process stops.
    async fn accounts(&mut self, wired: Option<&Wired>) -> Result<bool> {
        let mut behind = String::new();
        loop {
            let mut tx = self.app.core.store.read().await?;
            let page = rows::of_connection(self.ctx, &mut tx, &self.connection, &behind, BATCH).await?;
            drop(tx);
            let Some(last) = page.last() else { return Ok(true) };
            behind = last.id.to_string();
            for account in &page {
                if self.app.core.tasks.is_closed() {
                    self.release("stopped").await?;
                    return Ok(false);
                }
                if !self.account(wired, &account.id).await? {
                    return Ok(false);
                }
            }
        }
    }

    /// Ends one. One whose tokens change meanwhile is left for the next round.
    async fn account(&mut self, wired: Option<&Wired>, id: &AccountId) -> Result<bool> {
        let (app, ctx) = (self.app, self.ctx);
        let Some(mut ending) = Ending::of(app, ctx, wired, id).await? else { return Ok(true) };
        ending.all = ending.all.into_iter().map(Ready::left_to_others).collect();
        let change = app.core.change(ctx).await?;
        let Some(mut change) = ending.write(ctx, change, ClosingKind::Delete).await? else { return Ok(true) };
        let until = app.core.now() + LEASE;
        let progress = Progress { done: 1, failed: i64::from(ending.leaves_tokens()), until };
        if !jobs::progress(ctx, &mut change, &self.id, self.lease, progress).await? {
            return Ok(false);
        }
        let (action, detail) = ending.journal_entry(ClosingKind::Delete);
        change.record(action, id.as_str(), detail).await?.commit().await?;
        remote_sessions::end_of(app, ctx, wired, &ending.account).await;
        self.lease = until;
        Ok(true)
    }

    /// Removes the connection and the job. False if an account was added meanwhile.
    async fn finish(&self, connection: &Connection) -> Result<bool> {
        let (app, ctx) = (self.app, self.ctx);
        let mut change = app.core.change(ctx).await?;
        unused(ctx, &mut change, connection).await?;
        if !jobs::left(ctx, &mut change, &self.connection).await?.is_none() {
            return Ok(false);
        }
        let job = jobs::of(ctx, &mut change, &Target::Connection(self.connection.clone())).await?;
        if !jobs::finish(ctx, &mut change, &self.id, self.lease).await? {
            return Ok(true);
        }
        connection_rows::delete(ctx, &mut change, &self.connection).await?;
        let (accounts, failed) = job.map_or((0, 0), |job| (job.done, job.failed));
        let detail = journal::detail([("accounts", json!(accounts)), ("not_revocable", json!(failed))]);
        change.record("connection.deleted", self.connection.as_str(), detail).await?.commit().await?;
        Ok(true)
    }

    /// The connection is gone by other means, and recorded with them.
    async fn forget(&self) -> Result<()> {
        let mut tx = self.app.core.store.write().await?;
        jobs::finish(self.ctx, &mut tx, &self.id, self.lease).await?;
        Ok(tx.commit().await?)
    }

    async fn release(&self, why: &str) -> Result<()> {
        let next = self.app.core.now() + PAUSE;
        let mut tx = self.app.core.store.write().await?;
        jobs::try_again(self.ctx, &mut tx, &self.id, self.lease, next, why).await?;
        Ok(tx.commit().await?)
    }
}

#[cfg(test)]
mod tests;
